"""A face in a video is found wherever it is, looked at through a window that follows it, and found again when lost."""

import numpy as np
import pytest
from PIL import Image as PillowImage

from faceparse.classes import NUM_CLASSES, PALETTE, class_id
from faceparse.infer.smoothing import SmoothingConfig
from faceparse.infer.video.follow import Box, Follower, UprightWindow, View
from made_videos import painted_face

WIDTH, HEIGHT = 320, 180
WALL = np.zeros((HEIGHT, WIDTH), np.uint8)


def _nearest_colours() -> np.ndarray:
    """The class whose colour is nearest to each of 32 × 32 × 32 colours, by red, green and blue."""
    colors = PALETTE.astype(np.float32)
    steps = (np.indices((32, 32, 32)).reshape(3, -1).T * 8 + 4).astype(np.float32)
    return (steps @ (2 * colors.T) - (colors**2).sum(axis=1)).argmax(axis=1).reshape(32, 32, 32)


NEAREST = _nearest_colours()


class Eyes:
    """A network whose classes are the palette's nearest colours; remembers what it was shown."""

    def __init__(self) -> None:
        self.num_looks = 0
        self.last = np.zeros(0)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        self.num_looks += 1
        nearest = NEAREST[tuple(np.moveaxis(image >> 3, -1, 0))]
        self.last = (np.arange(NUM_CLASSES)[:, None, None] == nearest).astype(np.float32)
        return self.last


def follower(strength: float = 0.0) -> tuple[Follower, Eyes]:
    eyes = Eyes()
    return Follower(eyes, SmoothingConfig(strength=strength)), eyes


def frame(labels: np.ndarray) -> np.ndarray:
    return PALETTE[labels]


def agreement(view: View, labels: np.ndarray) -> float:
    """Share of right pixels, of the face's and what is called face."""
    found = view.labels(labels.shape[1], labels.shape[0])
    counted = (found > 0) | (labels > 0)
    return float((found == labels)[counted].mean())


@pytest.mark.parametrize(("left", "top"), [(0, 0), (136, 58), (272, 0), (0, 116), (272, 116), (200, 40)])
def test_a_face_is_found_wherever_it_is_in_the_first_frame(left: int, top: int):
    labels = painted_face(WIDTH, HEIGHT, left, top)
    follow, _ = follower()
    assert agreement(follow(frame(labels), 0.0), labels) > 0.9


def test_labels_come_at_the_size_of_the_whole_frame():
    labels = painted_face(WIDTH, HEIGHT, 100, 50)
    follow, _ = follower()
    view = follow(frame(labels), 0.0)
    large = view.labels(3 * WIDTH, 3 * HEIGHT)
    assert large.shape == (3 * HEIGHT, 3 * WIDTH)
    truth = labels.repeat(3, axis=0).repeat(3, axis=1)
    assert (large == truth)[truth > 0].mean() > 0.9


def test_a_frame_without_a_face_is_background_and_searched_again_two_times_a_second():
    follow, eyes = follower()
    view = follow(frame(WALL), 0.0)
    assert view.seen is None
    assert not view.labels(640, 360).any()
    a_search = eyes.num_looks
    assert a_search > 10
    for seconds in (0.04, 0.2, 0.48):
        assert follow(frame(WALL), seconds).seen is None
    assert eyes.num_looks == a_search
    follow(frame(WALL), 0.52)
    assert eyes.num_looks == 2 * a_search


def test_a_face_that_comes_later_is_found_within_half_a_second():
    follow, _ = follower()
    labels = painted_face(WIDTH, HEIGHT, 60, 80)
    times = np.arange(0, 1.2, 0.04)
    views = [follow(frame(labels if seconds > 0.3 else WALL), seconds) for seconds in times]
    first = next(seconds for view, seconds in zip(views, times, strict=True) if view.seen is not None)
    assert 0.3 < first <= 0.55
    assert agreement(views[-1], labels) > 0.9


def test_a_face_that_was_found_costs_one_look_a_frame():
    follow, eyes = follower()
    labels = painted_face(WIDTH, HEIGHT, 100, 60)
    follow(frame(labels), 0.0)
    before = eyes.num_looks
    for index in range(1, 11):
        follow(frame(labels), index / 25)
    assert eyes.num_looks == before + 10


def test_the_window_stands_still_for_a_tremble_and_follows_a_walk():
    follow, _ = follower()
    boxes: list[Box] = []
    for index in range(10):  # two pixels to and fro
        boxes.append(follow(frame(painted_face(WIDTH, HEIGHT, 100 + 2 * (index % 2), 60)), index / 25).box)
    assert len(set(boxes[1:])) == 1
    boxes.clear()
    for index in range(40):
        labels = painted_face(WIDTH, HEIGHT, 100 + 3 * index, 60)
        view = follow(frame(labels), (10 + index) / 25)
        assert agreement(view, labels) > 0.85
        boxes.append(view.box)
    assert boxes[-1].left - boxes[0].left > 100
    assert len(set(boxes)) < 25  # in steps, since each costs steadiness


def test_a_face_that_comes_nearer_gets_a_larger_window():
    follow, _ = follower()
    sides = []
    for index in range(12):
        size = 48 + 8 * index
        face = painted_face(48, 64, 0, 0)
        grown = PillowImage.fromarray(face).resize((size, size * 4 // 3), PillowImage.Resampling.NEAREST)
        labels = WALL.copy()
        part = np.asarray(grown)[: HEIGHT - 4]
        labels[4 : 4 + part.shape[0], 80 : 80 + size] = part
        view = follow(frame(labels), index / 25)
        assert view.seen is not None
        sides.append(view.box.right - view.box.left)
    assert sides[-1] > 1.8 * sides[0]


def test_after_a_cut_the_face_is_found_in_the_same_frame():
    follow, _ = follower(strength=0.9)
    for index in range(5):
        follow(frame(painted_face(WIDTH, HEIGHT, 10, 20)), index / 25)
    labels = painted_face(WIDTH, HEIGHT, 250, 100)
    assert agreement(follow(frame(labels), 5 / 25), labels) > 0.9


def test_what_was_seen_through_another_window_is_not_mixed_in():
    follow, eyes = follower(strength=0.9)
    boxes: list[Box] = []
    for index in range(30):
        view = follow(frame(painted_face(WIDTH, HEIGHT, 60 + 2 * index, 60)), index / 25)
        if boxes and view.box != boxes[-1]:
            np.testing.assert_array_equal(view.seen, eyes.last)
        boxes.append(view.box)
    assert len(set(boxes)) > 2


def test_glasses_stand_for_the_eyes_that_they_hide():
    labels = painted_face(WIDTH, HEIGHT, 120, 60)
    labels[60 + 22 : 60 + 34, 120 + 10 : 120 + 38] = class_id("eye glasses")
    follow, _ = follower()
    assert agreement(follow(frame(labels), 0.0), labels) > 0.9


def test_eyes_below_a_mouth_are_no_face():
    labels = np.ascontiguousarray(painted_face(WIDTH, HEIGHT, 120, 60)[::-1])
    follow, _ = follower()
    assert follow(frame(labels), 0.0).seen is None


def test_of_a_window_beyond_the_frame_the_part_inside_is_seen():
    assert UprightWindow(5, 5, 40).inside(100, 80) == Box(0, 0, 25, 25)
    assert UprightWindow(95, 70, 40).inside(100, 80) == Box(75, 50, 100, 80)
    assert UprightWindow(50, 40, 400).inside(100, 80) == Box(0, 0, 100, 80)


def test_a_window_that_is_asked_for_fits_itself_best():
    wanted = UprightWindow(50, 50, 100)
    assert wanted.fit(wanted) == 1
    assert wanted.still_fits(wanted)
    others = [
        UprightWindow(70, 50, 100),
        UprightWindow(50, 20, 100),
        UprightWindow(50, 50, 150),
        UprightWindow(50, 50, 60),
    ]
    assert all(other.fit(wanted) < 1 and not other.still_fits(wanted) for other in others)
