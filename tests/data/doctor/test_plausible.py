"""Made faces are possible faces; torn, misplaced and empty ones are not."""

import numpy as np
import pytest

from faceparse.classes import IGNORE_LABEL, class_id
from faceparse.data.doctor.plausible import describe_empty, find_oddities
from faceparse.data.synthetic import make_face


def disc(labels, id, x, y, radius):
    rows, columns = np.ogrid[: labels.shape[0], : labels.shape[1]]
    labels[(rows - y) ** 2 + (columns - x) ** 2 <= radius**2] = class_id(id)


@pytest.fixture
def face():
    """A face of discs, 200×200."""
    labels = np.zeros((200, 200), np.uint8)
    disc(labels, "skin", 100, 100, 70)
    for name, x, y, radius in (
        ("right eye", 75, 85, 7),
        ("left eye", 125, 85, 7),
        ("right brow", 75, 68, 6),
        ("left brow", 125, 68, 6),
        ("nose", 100, 105, 11),
        ("upper lip", 100, 130, 6),
        ("lower lip", 100, 142, 6),
    ):
        disc(labels, name, x, y, radius)
    return labels


def described(labels):
    return " | ".join(oddity.detail for oddity in find_oddities(labels))


def test_made_faces_are_possible():
    for index in range(60):
        labels = make_face(2, index, 96)[1]
        assert find_oddities(labels) == [], index
        assert describe_empty(labels) is None


@pytest.mark.parametrize("turns", range(4))
def test_a_face_is_possible_whichever_way_it_lies(face, turns):
    assert find_oddities(np.rot90(face, turns)) == []


def test_two_left_eyes_are_not(face):
    disc(face, "left eye", 75, 85, 7)
    assert "two places called left eye" in described(face)


def test_a_torn_nose_is_not_but_a_speck_is_nothing(face):
    disc(face, "nose", 165, 100, 1)
    assert described(face) == ""
    disc(face, "nose", 165, 100, 8)
    [oddity] = find_oddities(face)
    assert oddity.classes == ("nose",)


def test_an_eye_outside_the_face_is_told_with_its_place(face):
    face[face == class_id("left eye")] = class_id("skin")
    disc(face, "left eye", 15, 180, 7)
    assert "the left eye at x 15, y 180 is outside the face" in described(face)


def test_lips_and_eyes_in_the_wrong_order_are_told(face):
    swapped = face.copy()
    swapped[face == class_id("upper lip")] = class_id("lower lip")
    swapped[face == class_id("lower lip")] = class_id("upper lip")
    assert described(swapped) == "the lower lip is above the upper lip"
    disc(face, "skin", 100, 105, 12)
    disc(face, "nose", 100, 50, 11)
    assert described(face) == "the nose is not between eyes and mouth"


def test_a_part_far_too_large_is_told(face):
    disc(face, "nose", 100, 105, 50)
    assert "the nose is" in described(face)


def test_what_shows_no_part_of_a_face_is_not_judged():
    assert find_oddities(np.full((20, 20), class_id("hair"), np.uint8)) == []
    assert find_oddities(np.zeros((20, 20), np.uint8)) == []


def test_noise_takes_no_time_and_no_exception():
    noise = np.random.default_rng(0).integers(0, 19, (512, 512), dtype=np.uint8)
    assert isinstance(find_oddities(noise), list)
    assert isinstance(find_oddities(np.array([[4]], np.uint8)), list)


def test_next_to_nothing_but_background_is_empty():
    labels = np.zeros((100, 100), np.uint8)
    assert describe_empty(labels) == "nothing but background"
    labels[0] = 1
    assert describe_empty(labels) == "99.00% of it is background or ignored"
    labels[:3] = 1
    assert describe_empty(labels) is None
    assert describe_empty(np.full((4, 4), IGNORE_LABEL, np.uint8)) == "every pixel is ignored (255)"
