"""Parts of another face laid over a sample."""

import dataclasses

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from faceparse.classes import NAMES, class_id
from faceparse.data.augment import NO_AUGMENTATION, classes_present, draw_pastes, paste
from faceparse.data.augment.paste import PASTED
from faceparse.data.dataset import list_pairs
from faceparse.data.sampling import batch_source, sample_order
from faceparse.data.store import open_store

PASTED_IDS = {class_id(name) for name in PASTED}


def test_a_hat_comes_with_its_pixels_and_labels_and_nothing_else_changes():
    random = np.random.default_rng(0)
    image, donor = random.integers(0, 256, (2, 16, 16, 3), np.uint8)
    labels, donor_labels = random.integers(0, 19, (2, 16, 16)).astype(np.uint8)
    hat = np.arange(19) == class_id("hat")
    before = image.copy()
    mixed, mixed_labels = paste(image, labels, donor, donor_labels, hat)
    over = donor_labels == class_id("hat")
    assert over.any()
    np.testing.assert_array_equal(mixed, np.where(over[..., None], donor, before))
    np.testing.assert_array_equal(mixed_labels, np.where(over, donor_labels, labels))
    np.testing.assert_array_equal(image, before)


@given(st.integers(0, 2**32 - 1))
def test_a_donor_has_what_it_gives_and_gives_no_part_of_the_face_itself(seed):
    random = np.random.default_rng(seed)
    present = random.random((6, len(NAMES))) < 0.3
    for given_part in draw_pastes(1.0, 8, present, random):
        if given_part is None:
            assert not present[:, sorted(PASTED_IDS)].any()
        else:
            parts = set(np.flatnonzero(given_part.parts).tolist())
            assert parts
            assert parts <= PASTED_IDS & set(np.flatnonzero(present[given_part.donor]).tolist())


def test_rare_classes_are_pasted_as_often_as_common_ones():
    present = np.zeros((100, len(NAMES)), bool)
    present[:, class_id("hair")] = True
    present[7, class_id("necklace")] = True
    pastes = draw_pastes(0.5, 2000, present, np.random.default_rng(0))
    given_parts = [one for one in pastes if one is not None]
    assert 900 < len(given_parts) < 1100
    necklaces = sum(one.parts[class_id("necklace")] for one in given_parts)
    assert 0.45 < necklaces / len(given_parts) < 0.55


def test_a_batch_has_parts_of_other_faces_where_that_is_asked_for(made_faces):
    store = open_store(list_pairs(made_faces / "train"), made_faces / "train", 64)
    with_parts = dataclasses.replace(NO_AUGMENTATION, paste=1.0)
    plain, pasted = (
        batch_source(store, config, 4, 3, torch.device("cpu"))(0, 64) for config in (NO_AUGMENTATION, with_parts)
    )
    changed = (plain[1] != pasted[1]).flatten(1).any(1)
    assert changed.any()
    where = plain[1] != pasted[1]
    assert set(pasted[1][where].unique().tolist()) <= PASTED_IDS
    # what is pasted comes from a pair of the store, pixel for pixel
    order = sample_order(len(store), 4, 3, 0)
    at = int(changed.nonzero()[0])
    over = (store.images[order[at]] != (pasted[0][at].permute(1, 2, 0).numpy() * 255).round()).any(-1)
    shown = (pasted[0][at].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    assert any((store.images[i][over] == shown[over]).all() for i in range(len(store)))


def test_one_process_of_two_pastes_what_one_alone_would(made_faces):
    store = open_store(list_pairs(made_faces / "train"), made_faces / "train", 64)
    config = dataclasses.replace(NO_AUGMENTATION, paste=0.7)
    whole = batch_source(store, config, 4, 1, torch.device("cpu"))(5, 64)
    second = batch_source(store, config, 4, 1, torch.device("cpu"), range(2, 4))(5, 64)
    assert torch.equal(whole[0][2:], second[0])
    assert torch.equal(whole[1][2:], second[1])


def test_classes_present_are_those_of_each_map():
    labels = np.array([[[0, 1], [255, 1]], [[18, 18], [18, 2]]], np.uint8)
    assert [np.flatnonzero(row).tolist() for row in classes_present(labels)] == [[0, 1], [2, 18]]
