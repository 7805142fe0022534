"""The server's addresses: what they give, and what is refused with which sentence."""

import base64
import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from faceparse import images
from faceparse.classes import NAMES, PALETTE
from faceparse.infer.parser import Parser
from faceparse.web.config import ServerConfig
from faceparse.web.server import PAGE, build

HEIC = "save it as JPEG first; an iPhone takes JPEGs with Settings > Camera > Formats > Most Compatible"

SKIN = np.broadcast_to(PALETTE[1], (64, 64, 3)).copy()
"""A photo of nothing but skin."""


def test_a_photo_gives_its_ids(client: TestClient, photo: bytes, painted: np.ndarray):
    answer = client.post("/api/parse", content=photo)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    np.testing.assert_array_equal(images.read_labels(answer.content), painted)


def test_a_photo_gives_colours_and_an_overlay(client: TestClient, photo: bytes, painted: np.ndarray):
    color = client.post("/api/parse?write=color", content=photo)
    np.testing.assert_array_equal(images.read_image(color.content), PALETTE[painted])
    overlay = client.post("/api/parse?write=overlay", content=photo)
    assert images.read_image(overlay.content).shape == (*painted.shape, 3)


def test_a_photo_gives_its_parts_in_numbers(client: TestClient, photo: bytes, painted: np.ndarray):
    said = client.post("/api/parse?write=json", content=photo).json()
    assert (said["width"], said["height"]) == (80, 96)
    assert [part["name"] for part in said["parts"]] == list(NAMES)
    assert sum(part["share"] for part in said["parts"]) == pytest.approx(1)
    skin = said["parts"][1]
    assert skin == {
        "id": 1, "name": "skin", "color": "#cc0000", "pixels": int((painted == 1).sum()),
        "share": pytest.approx((painted == 1).mean()), "box": [0, 0, 40, 96],
    }  # fmt: skip
    np.testing.assert_array_equal(images.read_labels(base64.b64decode(said["ids"])), painted)
    assert said["has_features"]


def test_a_wall_of_skin_has_no_features(client: TestClient):
    said = client.post("/api/parse?write=json", content=images.encode_image(SKIN, ".png")).json()
    assert ([part["name"] for part in said["parts"]], said["has_features"]) == (["skin"], False)


def test_a_part_is_cut_out(client: TestClient, photo: bytes, painted: np.ndarray):
    answer = client.post("/api/cut-out?part=left_eye", content=photo)
    with Image.open(io.BytesIO(answer.content)) as cut:
        assert cut.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(cut)[..., 3] > 127, painted == 4)


def test_the_page_and_its_table_come_from_the_package(client: TestClient):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    about = client.get("/api/about").json()
    assert [row["name"] for row in about["classes"]] == list(NAMES)
    assert about["limits"] == {"bytes": 20 * 1024 * 1024, "pixels": 24_000_000}
    for path in PAGE.iterdir():
        assert client.get(f"/{path.name}").status_code == 200, path


def test_nothing_on_the_page_comes_from_another_host():
    for path in PAGE.iterdir():
        if path.suffix in (".html", ".css", ".js", ".svg"):
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert "http://" not in text, path
            assert "https://" not in text, path


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 422, "the photo: an empty file (0 bytes); replace it or take it away"),
        (b"<svg/>", 422, "the photo: not a PNG, JPEG or WebP picture; replace it or take it away"),
        (b"GIF89a" + bytes(20), 422, "the photo: a GIF file, where a PNG, JPEG or WebP is expected; convert it first"),
        (
            b"\0\0\0\x18ftypheic" + bytes(20),
            422,
            f"the photo: a HEIC file, where a PNG, JPEG or WebP is expected; {HEIC}",
        ),
        (b"\x89PNG" + bytes(20), 422, "the photo: a PNG that is damaged or cut off; replace it or take it away"),
    ],
)
def test_what_is_no_photo_is_told_whatever_type_it_claims(client: TestClient, content: bytes, status: int, said: str):
    answer = client.post("/api/parse", content=content, headers={"content-type": "image/png"})
    assert (answer.status_code, answer.json()) == (status, {"error": said})


@pytest.mark.parametrize("claimed", ["text/html", "image/heic", "video/mp4", "nonsense", ""])
def test_a_photo_that_claims_to_be_something_else_is_parsed_as_what_it_is(
    client: TestClient, photo: bytes, painted: np.ndarray, claimed: str
):
    answer = client.post("/api/parse", content=photo, headers={"content-type": claimed})
    assert answer.headers["content-type"] == "image/png"
    np.testing.assert_array_equal(images.read_labels(answer.content), painted)


def test_the_smallest_photo_is_parsed(client: TestClient):
    answer = client.post("/api/parse", content=png(np.full((1, 1), 13)))
    assert images.read_labels(answer.content).tolist() == [[13]]


@pytest.mark.parametrize(
    ("method", "address", "status", "said"),
    [
        ("POST", "/api/parse?write=id", 400, "unknown output 'id'; did you mean 'ids'?"),
        ("POST", "/api/cut-out?part=hiar", 400, "unknown class 'hiar'; did you mean 'hair'?"),
        ("GET", "/api/parse", 405, "GET is not what is asked of /api/parse"),
        ("GET", "/../server.py", 404, "there is nothing at /server.py"),
    ],
)
def test_a_wrong_request_is_told(client: TestClient, photo: bytes, method: str, address: str, status: int, said: str):
    answer = client.request(method, address, content=photo)
    assert (answer.status_code, answer.json()) == (status, {"error": said})


def test_a_part_that_the_photo_lacks_is_told(client: TestClient):
    answer = client.post("/api/cut-out?part=hat", content=png(np.full((8, 8), 1)))
    assert (answer.status_code, answer.json()) == (400, {"error": "the photo shows no hat; it shows: skin"})


def png(labels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PALETTE[labels]).save(buffer, "PNG")
    return buffer.getvalue()


def limited(stand_in: Path, **limits: object) -> TestClient:
    return TestClient(build(Parser.load(stand_in), ServerConfig(**limits)), "http://localhost")  # pyright: ignore


def test_a_body_over_the_limit_is_refused_by_its_claim_and_by_count(stand_in: Path):
    with limited(stand_in, max_bytes=1024) as client:
        told = {"error": "the photo: more than 0.000977 MB, which is the limit here; make it smaller first"}
        claimed = client.post("/api/parse", content=bytes(1025))
        assert (claimed.status_code, claimed.json()) == (413, told)
        read = []

        def endless() -> Iterator[bytes]:
            for _ in range(100):
                read.append(1)
                yield bytes(512)

        counted = client.post("/api/parse", content=endless())
        assert (counted.status_code, counted.json()) == (413, told)


def test_a_photo_of_too_many_pixels_is_refused_before_it_is_decoded(stand_in: Path):
    with limited(stand_in, max_pixels=1_000_000) as client:
        answer = client.post("/api/parse", content=png(np.zeros((2000, 2000), dtype=int)))
        told = "the photo: 4 megapixels, where 1 are the limit here; make it smaller first"
        assert (answer.status_code, answer.json()) == (413, {"error": told})


def test_a_client_that_asks_too_often_is_told_when_to_come_back(stand_in: Path, photo: bytes):
    with limited(stand_in, requests_per_minute=6.0, burst=2) as client:
        answers = [client.post("/api/parse", content=photo) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json() == {"error": "too many photos within a minute; try again shortly"}
        assert 8 <= int(answers[2].headers["retry-after"]) <= 10


class Held:
    """A parser that waits until it is let go, and counts who is in it."""

    def __init__(self, parser: Parser):
        self.parser = parser
        self.go = threading.Event()
        self.num_inside = self.most_inside = 0
        self.lock = threading.Lock()

    def __call__(self, image: np.ndarray):
        with self.lock:
            self.num_inside += 1
            self.most_inside = max(self.most_inside, self.num_inside)
        assert self.go.wait(60)
        with self.lock:
            self.num_inside -= 1
        return self.parser(image)


def wait_until(condition: Callable[[], bool]) -> None:
    done = threading.Event()
    for _ in range(600):
        if condition():
            return
        done.wait(0.05)
    raise AssertionError("nothing happened for 30 seconds")


def test_many_wait_few_work_and_those_beyond_are_turned_away(stand_in: Path, photo: bytes):
    held = Held(Parser.load(stand_in))
    config = ServerConfig(workers=2, uploads=3, capacity=10)
    with TestClient(build(held, config), "http://127.0.0.1") as client, ThreadPoolExecutor(14) as crowd:
        asked = [crowd.submit(client.post, "/api/parse", content=photo) for _ in range(14)]
        wait_until(lambda: sum(future.done() for future in asked) == 4 and held.num_inside == 2)
        held.go.set()
        answers = [future.result(60) for future in asked]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert [answer.status_code for answer in refused] == [503] * 4
    assert refused[0].json() == {"error": "10 photos are waiting already; try again shortly"}
    assert refused[0].headers["retry-after"] == "5"
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert held.most_inside == 2


def test_a_mistake_of_ours_is_no_traceback_for_the_client(photo: bytes):
    def broken(image: np.ndarray):
        raise ZeroDivisionError("secret")

    with TestClient(build(broken), "http://127.0.0.1", raise_server_exceptions=False) as client:
        answer = client.post("/api/parse", content=photo)
    assert answer.status_code == 500
    assert answer.json()["error"].startswith("the server made a mistake")
    assert "secret" not in answer.text
