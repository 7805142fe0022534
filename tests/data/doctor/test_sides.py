"""Left and right confused, found and mended, on made faces and, where they are at hand, on real pairs."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceparse.classes import CLASSES, MIRROR, class_id
from faceparse.data.dataset import list_pairs
from faceparse.data.doctor.sides import find_side_faults, mend_sides
from faceparse.data.synthetic import make_face
from faceparse.images import read_labels

SIDED = [c.id for c in CLASSES if c.mirror]
REAL = Path(__file__).resolve().parents[4] / "shared/data/celebamask-mini"
VERIFIED = Path(__file__).resolve().parents[3] / "results/doctor"


@cache
def made(index):
    return make_face(7, index, 128)[1]


def face_with_everything():
    return next(made(i) for i in range(100) if all((made(i) == id).sum() > 20 for id in SIDED))


def kinds(labels):
    return [fault.kind for fault in find_side_faults(labels)]


def hidden(labels, *names):
    """The same face with some parts under hair."""
    return np.where(np.isin(labels, [class_id(name) for name in names]), class_id("hair"), labels).astype(np.uint8)


def mirrored(labels):
    """A map that somebody flipped and forgot to exchange the ids."""
    return np.ascontiguousarray(labels[:, ::-1])


@given(st.integers(0, 59))
@settings(max_examples=60, deadline=None)
def test_faces_as_they_are_made_have_no_fault_and_flipped_ones_without_exchange_are_mirrored(index):
    assert kinds(made(index)) == []
    if np.isin(made(index), SIDED).any():
        assert kinds(mirrored(made(index))) == ["mirrored_labels"]
        assert (mend_sides(mirrored(made(index))) == MIRROR[mirrored(made(index))]).all()


@given(st.integers(0, 30), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_a_face_may_lie_on_its_side_or_hang_upside_down_where_both_eyes_show(index, turns):
    labels = made(index)
    if all((labels == class_id(name)).sum() > 20 for name in ("left eye", "right eye", "left brow", "right brow")):
        assert kinds(np.rot90(labels, turns)) == []
        assert kinds(np.rot90(mirrored(labels), turns)) == ["mirrored_labels"]


def test_the_detail_lists_what_tells_of_a_mirrored_map_and_what_does_not():
    truth = face_with_everything()
    [fault] = find_side_faults(mirrored(truth))
    assert fault.detail == "left and right ids are exchanged, by the eyes, brows and ears"
    browless = hidden(truth, "left brow", "right brow")
    assert find_side_faults(mirrored(browless))[0].detail.endswith("by the eyes and ears")
    ears = np.isin(truth, [class_id("left ear"), class_id("right ear")])
    assert find_side_faults(np.where(ears, truth, MIRROR[truth]))[0].detail.endswith("eyes and brows (not by the ears)")


@pytest.mark.parametrize("part", ["left ear", "right ear", "left eye", "right brow"])
def test_one_part_that_shows_is_enough_to_tell_a_mirrored_map(part):
    others = [CLASSES[id].name for id in SIDED if CLASSES[id].name != part]
    lone = hidden(face_with_everything(), *others)
    assert kinds(lone) == []
    assert kinds(mirrored(lone)) == ["mirrored_labels"]


def test_behind_dark_glasses_the_ears_tell():
    eyeless = hidden(face_with_everything(), "left eye", "right eye", "left brow", "right brow")
    assert kinds(eyeless) == []
    assert kinds(mirrored(eyeless)) == ["mirrored_labels"]


def test_in_profile_both_eyes_lie_on_one_side_of_the_nose_and_are_still_in_order():
    labels = face_with_everything().copy()
    middle = int(np.median(np.nonzero(labels == class_id("nose"))[1]))
    # the face's outline moves to the far side, and nose and mouth with it
    profile = np.where(np.isin(labels, [2, 10, 11, 12]), 1, labels).astype(np.uint8)
    central = np.isin(labels, [2, 10, 11, 12])
    shifted = np.roll(central, -(middle // 2), axis=1)
    profile[shifted] = np.roll(labels, -(middle // 2), axis=1)[shifted]
    profile = hidden(profile, "right ear")
    assert kinds(profile) == []
    assert kinds(mirrored(profile)) == ["mirrored_labels"]


@pytest.mark.parametrize("name", ["left ear", "right ear"])
def test_an_ear_with_the_other_ears_id_is_on_the_wrong_side_and_the_pair_is_not_mirrored(name):
    other = CLASSES[MIRROR[class_id(name)]].name
    truth = hidden(face_with_everything(), other)
    wrong = np.where(truth == class_id(name), class_id(other), truth).astype(np.uint8)
    (fault,) = find_side_faults(wrong)
    assert (fault.kind, fault.classes) == ("wrong_side", (other,))
    assert (mend_sides(wrong) == truth).all()


def test_two_eyes_with_one_id_are_one_eye_on_the_wrong_side():
    truth = face_with_everything()
    wrong = np.where(truth == class_id("left eye"), class_id("right eye"), truth).astype(np.uint8)
    (fault,) = find_side_faults(wrong)
    assert (fault.kind, fault.classes) == ("wrong_side", ("right eye",))
    assert (mend_sides(wrong) == truth).all()


def test_exchanged_ears_alone_are_two_parts_on_the_wrong_side_not_a_mirrored_pair():
    truth = face_with_everything()
    ears = np.isin(truth, [class_id("left ear"), class_id("right ear")])
    wrong = np.where(ears, MIRROR[truth], truth)
    assert kinds(wrong) == ["wrong_side", "wrong_side"]
    assert (mend_sides(wrong) == truth).all()


@pytest.mark.parametrize(("exchanged", "left_alone"), [("eye", "brow"), ("brow", "eye"), ("eye", "ear")])
def test_where_one_pair_stands_against_another_the_map_is_not_called_mirrored(exchanged, left_alone):
    third = ({"eye", "brow", "ear"} - {exchanged, left_alone}).pop()
    truth = hidden(face_with_everything(), f"left {third}", f"right {third}")
    pair = np.isin(truth, [class_id(f"left {exchanged}"), class_id(f"right {exchanged}")])
    faults = find_side_faults(np.where(pair, MIRROR[truth], truth))
    assert "mirrored_labels" not in [fault.kind for fault in faults]
    assert {name for fault in faults for name in fault.classes} == {f"left {exchanged}", f"right {exchanged}"}


def test_a_mirrored_pair_with_one_part_right_has_that_part_on_the_wrong_side_as_well():
    truth = hidden(face_with_everything(), "right ear")
    flipped = MIRROR[truth]
    flipped[truth == class_id("left ear")] = class_id("left ear")
    assert kinds(flipped) == ["mirrored_labels", "wrong_side"]
    assert (mend_sides(flipped) == truth).all()


def test_where_no_paired_part_shows_nothing_is_decided():
    blind = hidden(face_with_everything(), *(CLASSES[id].name for id in SIDED))
    assert kinds(blind) == []
    assert kinds(mirrored(blind)) == []


@pytest.mark.parametrize("labels", [np.zeros((8, 8)), np.full((8, 8), 255), np.full((1, 1), 4), np.full((9, 5), 18)])
def test_maps_without_a_face_say_nothing(labels):
    labels = labels.astype(np.uint8)
    assert kinds(labels) == []
    assert (mend_sides(labels) == labels).all()


def test_a_few_pixels_of_an_ear_on_the_wrong_side_are_no_part():
    labels = face_with_everything().copy()
    rows, columns = np.nonzero(labels == class_id("right ear"))
    labels[rows[0], columns[0]] = class_id("left ear")
    assert kinds(labels) == []


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="the real pairs are not at hand")
def test_all_mirrored_pairs_among_the_real_ones_are_found_and_none_falsely():
    verified = set((VERIFIED / "mirrored_labels.txt").read_text().split())
    single = dict(line.split(" ", 1) for line in (VERIFIED / "wrong_side.txt").read_text().splitlines())
    found = {
        pair.name: find_side_faults(read_labels(pair.mask))
        for split in ("train", "val")
        for pair in list_pairs(REAL / split)
    }
    assert {name for name, faults in found.items() if any(f.kind == "mirrored_labels" for f in faults)} == verified
    wrong = {name: f.classes[0] for name, faults in found.items() for f in faults if f.kind == "wrong_side"}
    assert wrong == single
