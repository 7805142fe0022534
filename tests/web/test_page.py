"""The page in headless Chromium: a photo comes in by every way, is parsed, named, hidden, compared and downloaded."""

import base64
import io
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceparse import images
from faceparse.classes import NAMES, PALETTE
from faceparse.infer.wild.window import Window

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium; install it with: apt-get install chromium")

LAUNCH = ("--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""CI is root in a container, where Chromium's sandbox cannot be; the camera is a green picture with a clock."""

ARRIVE = """([kind, content, name]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, {type: "image/png"}));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true})
    : new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
  document.body.dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator["playwright.Browser"]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(LAUNCH))
        yield browser
        browser.close()


@contextmanager
def opened(browser: "playwright.Browser", address: str) -> Iterator["playwright.Page"]:
    """The page, freshly opened; a test fails where the page had an error of its own, or asked another host."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, permissions=["camera"])
    page = context.new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("request", lambda asked: None if asked.url.startswith((address, "blob:")) else faults.append(asked.url))
    page.goto(address)
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def page(browser: "playwright.Browser", address: str) -> Iterator["playwright.Page"]:
    with opened(browser, address) as page:
        yield page


@pytest.fixture
def page_of_faces(browser: "playwright.Browser", address_of_faces: str) -> Iterator["playwright.Page"]:
    with opened(browser, address_of_faces) as page:
        yield page


def arrive(page: "playwright.Page", photo: bytes, kind: str = "drop", name: str = "me.png") -> None:
    page.evaluate(ARRIVE, [kind, base64.b64encode(photo).decode(), name])


def status_says(page: "playwright.Page", pattern: str) -> None:
    playwright.expect(page.get_by_role("status")).to_have_text(re.compile(pattern), timeout=60_000)


def downloaded(page: "playwright.Page", button: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_a_dropped_photo_is_parsed_a_part_hidden_and_one_cut_out(
    page: "playwright.Page", photo: bytes, painted: np.ndarray
):
    arrive(page, photo)
    status_says(page, "^18 parts found")
    playwright.expect(page.get_by_role("checkbox")).to_have_count(18)
    shown = page.get_by_role("img", name="The photo with its map").get_attribute("aria-label")
    assert "hair 4.2 %" in str(shown)

    page.get_by_role("checkbox", name="hair").uncheck()
    page.get_by_label("Opacity of the map").fill("100")
    name, overlay = downloaded(page, "Download overlay")
    assert name == "me-overlay.png"
    alpha = page.evaluate("() => document.getElementById('map').getContext('2d').getImageData(30, 56, 1, 1).data[3]")
    assert (painted[56, 30], alpha) == (13, 0)
    np.testing.assert_array_equal(images.read_image(overlay), PALETTE[painted])

    name, cut = downloaded(page, "Cut out and download left eye")
    assert name == "me-left-eye.png"
    with Image.open(io.BytesIO(cut)) as picture:
        np.testing.assert_array_equal(np.asarray(picture)[..., 3] > 127, painted == 4)
    status_says(page, "^left eye is cut out and downloaded")


def test_a_photo_without_eyes_nose_and_mouth_is_doubted(page: "playwright.Page"):
    skin = np.broadcast_to(PALETTE[1], (64, 64, 3)).copy()
    arrive(page, images.encode_image(skin, ".png"))
    status_says(page, "^1 parts found. None is an eye, a nose or a mouth, so this may be no face.")


def test_a_pasted_photo_gives_exact_ids_and_colours(page: "playwright.Page", photo: bytes, painted: np.ndarray):
    arrive(page, photo, "paste")
    status_says(page, "^18 parts found")
    name, ids = downloaded(page, "Download ids")
    assert name == "me-ids.png"
    np.testing.assert_array_equal(images.read_labels(ids), painted)
    np.testing.assert_array_equal(images.read_image(downloaded(page, "Download colours")[1]), PALETTE[painted])


def test_a_part_is_named_by_pointer_by_tap_and_by_keyboard(page: "playwright.Page", photo: bytes, painted: np.ndarray):
    page.locator("#file").set_input_files({"name": "me.png", "mimeType": "image/png", "buffer": photo})
    status_says(page, "^18 parts found")
    box = page.locator("#photo").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 30.5 / 80, box["y"] + box["height"] * 56.5 / 96
    page.mouse.move(x, y)
    tag = page.locator("#tag")
    playwright.expect(tag).to_have_text("hair · 4.2 %")
    playwright.expect(page.locator("li.lit .name")).to_have_text("hair")
    page.mouse.move(2, 2)
    playwright.expect(tag).to_be_hidden()
    page.mouse.click(x, y)
    status_says(page, r"^hair: 4\.2 % of the photo$")

    page.get_by_role("checkbox", name="nose").focus()
    playwright.expect(tag).to_have_text(re.compile("^nose"))
    page.keyboard.press("Space")
    playwright.expect(page.get_by_role("checkbox", name="nose")).not_to_be_checked()
    page.keyboard.press("Tab")
    playwright.expect(page.get_by_role("button", name="Cut out and download nose")).to_be_focused()


def test_before_and_after_are_compared_by_keyboard(page: "playwright.Page", photo: bytes):
    arrive(page, photo)
    status_says(page, "^18 parts found")
    compare = page.get_by_label("Compare")
    compare.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert page.locator("#map").evaluate("map => map.style.clipPath") == "inset(0px 0px 0px 30%)"
    playwright.expect(page.locator("#divider")).to_be_visible()
    assert "30 percent" in str(compare.get_attribute("aria-valuetext"))


def test_the_camera_takes_a_photo(page: "playwright.Page"):
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take the photo").click()
    status_says(page, r"parts found|No part of a face")
    assert page.locator("#video").evaluate("video => video.srcObject") is None
    name, ids = downloaded(page, "Download ids")
    assert name == "camera-ids.png"
    assert min(images.read_labels(ids).shape) >= 240


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no picture", "The photo: not a PNG, JPEG or WebP picture; replace it or take it away"),
        (b"", "The photo: an empty file (0 bytes); replace it or take it away"),
    ],
)
def test_what_is_no_photo_is_told_and_the_next_is_parsed(
    page: "playwright.Page", photo: bytes, content: bytes, said: str
):
    arrive(page, content)
    playwright.expect(page.get_by_role("alert")).to_have_text(said)
    arrive(page, photo)
    status_says(page, "^18 parts found")
    playwright.expect(page.get_by_role("alert")).to_be_hidden()


def test_a_photo_over_the_servers_limit_is_made_smaller(page: "playwright.Page", photo: bytes):
    def limited(route: "playwright.Route") -> None:
        about = route.fetch().json()
        route.fulfill(json={**about, "limits": {**about["limits"], "pixels": 1920}})

    page.route("**/api/about", limited)
    page.reload()
    arrive(page, photo)
    status_says(page, r"The photo was reduced to 40 × 48 pixels\.")
    assert images.read_labels(downloaded(page, "Download ids")[1]).shape == (48, 40)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_screen_and_everything_has_a_name(page: "playwright.Page", photo: bytes, width: int):
    page.set_viewport_size({"width": width, "height": 844})
    arrive(page, photo)
    status_says(page, "^18 parts found")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([hidden]), canvas[role]")].filter((element) =>
          !(element.textContent.trim() || element.getAttribute("aria-label") || element.labels?.length))
          .map((element) => element.outerHTML)"""
    )
    assert nameless == []
    assert page.locator(".parts .name").all_text_contents() == list(NAMES[1:])


def test_two_faces_of_a_photo_are_counted_and_told_apart(
    page_of_faces: "playwright.Page", two: tuple[bytes, list[Window]]
):
    page, (photo, windows) = page_of_faces, two
    playwright.expect(page.get_by_text("Faces are found wherever they are")).to_be_visible()
    arrive(page, photo)
    status_says(page, r"^2 faces, \d+ parts found")
    assert "2 faces, skin" in str(page.get_by_role("img", name="The photo with its map").get_attribute("aria-label"))
    box = page.locator("#photo").bounding_box()
    assert box is not None
    for number, window in enumerate(windows, start=1):
        # the nose is in the middle of a square
        page.mouse.move(box["x"] + box["width"] * window.x / 640, box["y"] + box["height"] * window.y / 360)
        playwright.expect(page.locator("#tag")).to_have_text(re.compile(rf"^\w[\w ]+ · .* % · face {number}$"))


def test_a_photo_without_a_face_says_so(page_of_faces: "playwright.Page"):
    meadow = io.BytesIO()
    Image.new("RGB", (320, 240), (80, 120, 60)).save(meadow, "PNG")
    arrive(page_of_faces, meadow.getvalue())
    status_says(page_of_faces, "^No face was found")
