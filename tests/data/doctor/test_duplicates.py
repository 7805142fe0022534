"""Copies of photos are found however they were changed, and nothing else is."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from faceparse.data.doctor.duplicates import _Groups, find_copies, fingerprint, match, similarity
from faceparse.data.synthetic import make_face
from faceparse.errors import DataError

NUM = 40
REAL = Path(__file__).resolve().parents[4] / "shared/data/celebamask-mini"


@cache
def made_photos():
    return [make_face(11, index, 128)[0] for index in range(NUM)]


@cache
def made_prints():
    return np.stack([fingerprint(photo) for photo in made_photos()])


@pytest.fixture(scope="module")
def photos():
    return made_photos()


@pytest.fixture(scope="module")
def prints():
    return made_prints()


def changed(photo, mirrored=False, size=128, quality=None, brightness=1.0, contrast=1.0, crop=0):
    picture = Image.fromarray(photo)
    picture = ImageEnhance.Contrast(ImageEnhance.Brightness(picture).enhance(brightness)).enhance(contrast)
    picture = picture.crop((crop, crop, picture.width, picture.height)).resize((size, size))
    if mirrored:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if quality is not None:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        picture = Image.open(buffer)
    return np.asarray(picture.convert("RGB"))


def test_different_faces_are_no_copies(prints):
    assert match(prints) == []


def test_a_photo_is_not_its_own_mirrored_copy(photos):
    symmetric = [np.hstack([half := photo[:, :64], half[:, ::-1]]) for photo in photos[:8]]
    assert match(np.stack([fingerprint(photo) for photo in symmetric])) == []


@settings(max_examples=25, deadline=None)
@given(
    index=st.integers(0, NUM - 1),
    mirrored=st.booleans(),
    size=st.sampled_from([64, 100, 128, 256]),
    quality=st.sampled_from([None, 30, 60, 95]),
    brightness=st.floats(0.6, 1.5),
    contrast=st.floats(0.7, 1.4),
)
@example(index=32, mirrored=False, size=64, quality=30, brightness=0.9, contrast=0.76)
def test_a_changed_copy_is_found_whatever_was_changed(index, mirrored, size, quality, brightness, contrast):
    copy = changed(made_photos()[index], mirrored, size, quality, brightness, contrast)
    [found] = match(np.concatenate([made_prints(), fingerprint(copy)[None]]))
    assert (found.first, found.second, found.mirrored) == (index, NUM, mirrored)
    assert 0.6 < found.similarity <= 1.0001


def test_a_copy_cropped_by_a_pixel_or_two_is_found(photos, prints):
    # as CelebA-HQ aligned some photographs that it holds twice
    [found] = match(np.concatenate([prints, fingerprint(changed(photos[5], crop=2))[None]]))
    assert (found.first, found.second) == (5, NUM)


def test_a_frame_that_is_moved_and_larger_is_laid_over_the_other(photos):
    values = [similarity(fingerprint(photo), fingerprint(changed(photo, crop=8))) for photo in photos[:10]]
    assert min(values) > 0.7


def test_what_brightening_has_turned_white_does_not_count(photos):
    bright = [similarity(fingerprint(photo), fingerprint(changed(photo, brightness=2.2))) for photo in photos]
    assert sum(value > 0.8 for value in bright) > 35


def test_a_frame_around_two_photos_does_not_make_them_alike(photos):
    framed = [fingerprint(np.pad(photo, ((20, 20), (20, 20), (0, 0)), constant_values=255)) for photo in photos[:20]]
    alike = [similarity(one, other) for one, other in zip(framed[::2], framed[1::2], strict=True)]
    assert np.mean(alike) < 0.2


def test_each_copy_is_named_once_with_the_first_of_its_kind(photos, prints):
    copies = [changed(photos[7]), changed(photos[7], quality=50), changed(photos[7], mirrored=True, quality=50)]
    found = match(np.concatenate([prints, np.stack([fingerprint(copy) for copy in copies])]))
    assert [(f.first, f.second, f.mirrored) for f in found] == [
        (7, NUM, False),
        (7, NUM + 1, False),
        (7, NUM + 2, True),
    ]


def test_what_is_mirrored_is_told_through_copies_of_copies(photos):
    # the first two are the mirrored copy's mirrored copies, whichever pair is compared first
    order = [changed(photos[3], quality=40), changed(photos[3], mirrored=True), photos[3]]
    found = match(np.stack([fingerprint(photo) for photo in order]))
    assert [(f.first, f.second, f.mirrored) for f in found] == [(0, 1, True), (0, 2, False)]


def test_a_copy_of_a_mirrored_copy_of_a_mirrored_copy_is_mirrored_or_not_by_their_number():
    groups = _Groups(4)
    groups.join(1, 2, True, 0.9)
    groups.join(2, 3, True, 0.8)
    groups.join(0, 3, True, 0.7)
    assert [(copy.first, copy.second, copy.mirrored) for copy in groups.copies()] == [
        (0, 1, True),
        (0, 2, False),
        (0, 3, True),
    ]


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="the real pairs are not at hand")
def test_among_the_real_photos_one_photograph_is_there_twice_and_no_two_others_are_taken_for_copies():
    paths = [path for split in ("train", "val", "test") for path in sorted((REAL / split / "images").iterdir())]
    # looked at: one photograph, framed a little differently by whoever aligned it
    [found] = find_copies(paths)
    assert (paths[found.first].stem[:8], paths[found.second].stem[:8]) == ("c5b9f861", "f9185dca")


def test_flat_pictures_are_copies_of_equal_ones_alone():
    grey = [np.full((64, 64), value, np.uint8) for value in (0, 0, 128, 255)]
    assert [(f.first, f.second) for f in match(np.stack(grey))] == [(0, 1)]


def test_blocks_of_the_matrix_miss_nothing(photos, prints, monkeypatch):
    monkeypatch.setattr("faceparse.data.doctor.duplicates._ROWS", 7)
    monkeypatch.setattr("faceparse.data.doctor.duplicates._COLUMNS", 11)
    copies = [changed(photo, mirrored=i % 2 == 1, quality=60) for i, photo in enumerate(photos[:20])]
    found = match(np.concatenate([prints, np.stack([fingerprint(copy) for copy in copies])]))
    assert [(f.first, f.second - NUM, f.mirrored) for f in found] == [(i, i, i % 2 == 1) for i in range(20)]


def test_files_are_read_in_one_go_and_a_broken_one_is_named(photos, tmp_path):
    paths = [tmp_path / f"{name}.png" for name in "abc"]
    for path, photo in zip(paths, (photos[0], photos[1], changed(photos[0], mirrored=True)), strict=True):
        Image.fromarray(photo).save(path)
    [found] = find_copies(paths)
    assert (found.first, found.second, found.mirrored) == (0, 2, True)
    paths[1].write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match=r"b\.png"):
        find_copies(paths)
    assert find_copies([]) == []
