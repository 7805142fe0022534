import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from faceparse.classes import PALETTE
from faceparse.data.conversions.colors import labels_from_colors, matching_palettes, nearest_labels
from faceparse.data.conversions.palettes import CHALLENGE_2025, PALETTES, find_palette, paint
from faceparse.data.synthetic import make_face
from faceparse.errors import DataError, UsageError
from faceparse.infer.render import color

LOSSLESS = [name for name, palette in PALETTES.items() if palette.order.is_lossless]
labels_with_ignored = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.sampled_from([*range(19), 255])
)


@pytest.mark.parametrize("name", LOSSLESS)
@given(labels_with_ignored)
def test_colouring_and_reading_back_gives_the_same_ids_in_every_palette(name, labels):
    palette = PALETTES[name]
    np.testing.assert_array_equal(labels_from_colors(paint(labels, palette), "a.png", palette), labels)


def test_palettes_that_merge_nothing_are_all_but_lapa():
    assert LOSSLESS == ["official", "challenge-2025", "bisenet", "bisenet-bgr", "maskgan"]


def test_the_official_palette_is_that_of_predictions():
    labels = np.arange(19, dtype=np.uint8)[None]
    np.testing.assert_array_equal(paint(labels, PALETTES["official"]), color(labels))


def test_the_challenge_palette_has_its_first_sixteen_and_greys():
    assert CHALLENGE_2025.shape == (256, 3)
    assert CHALLENGE_2025[[1, 9, 15]].tolist() == [[128, 0, 0], [191, 0, 0], [191, 128, 128]]
    np.testing.assert_array_equal(CHALLENGE_2025[16:], np.arange(16, 256)[:, None].repeat(3, axis=1))


def test_bisenets_colours_follow_its_own_order_and_opencvs_copy_has_red_and_blue_exchanged():
    brows = np.array([[6, 7]], np.uint8)  # ours; BiSeNet's 2 and 3
    assert paint(brows, PALETTES["bisenet"]).tolist() == [[[255, 170, 0], [255, 0, 85]]]
    assert paint(brows, PALETTES["bisenet-bgr"]).tolist() == [[[0, 170, 255], [85, 0, 255]]]


@pytest.mark.parametrize("name", PALETTES)
def test_a_palette_with_all_its_colours_is_recognised(name):
    every = np.array([[*range(19), 255]], np.uint8)
    assert [palette.name for palette in matching_palettes([paint(every, PALETTES[name])])] == [name]


def test_palettes_that_read_the_seen_colours_alike_are_no_matter_and_others_are_all_named():
    assert len(matching_palettes([np.zeros((2, 2, 3), np.uint8)])) == 1  # black is background in all that have it
    colors = np.array([[(255, 85, 0), (0, 85, 255)]], np.uint8)  # skin and lower lip, or the other way round
    assert [palette.name for palette in matching_palettes([colors])] == ["bisenet-bgr", "bisenet"]
    assert matching_palettes([np.full((1, 1, 3), 7, np.uint8)]) == []


def test_an_unknown_palette_gets_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'official'"):
        find_palette("offical")


def test_a_colour_of_no_class_is_named_with_its_place():
    colored = np.zeros((4, 4, 3), np.uint8)
    colored[2, 1] = (203, 0, 0)
    with pytest.raises(DataError, match=r"a\.png: colour \(203, 0, 0\) at row 2, column 1 .*1 such pixels, 6.25%"):
        labels_from_colors(colored, "a.png")


def jpeg(labels, quality):
    buffer = io.BytesIO()
    Image.fromarray(PALETTE[labels]).save(buffer, "JPEG", quality=quality)
    return np.array(Image.open(buffer))


def test_masks_damaged_by_jpeg_come_back_better_than_by_the_nearest_colour():
    _, labels = make_face(5, 0, 256)
    for quality, least in ((75, 0.985), (95, 0.99)):
        picture = jpeg(labels, quality)
        read, undecided = nearest_labels(picture, PALETTES["official"], 12.0)
        plain = ((picture[..., None, :].astype(int) - PALETTE) ** 2).sum(axis=-1).argmin(axis=-1)
        right, plainly_right = (read == labels).mean(), (plain == labels).mean()
        assert right > least
        assert 1 - right < (1 - plainly_right) / 2
        assert 0 < undecided.share < 0.25
        assert undecided.settled + undecided.left == round(undecided.share * labels.size)


@given(labels_with_ignored, st.sampled_from(LOSSLESS), st.integers(0, 2**32 - 1))
def test_noise_within_the_tolerance_changes_nothing_in_palettes_whose_colours_are_apart(labels, name, seed):
    if name == "challenge-2025":
        labels = np.where(labels < 16, labels, np.uint8(0))  # its greys are one level apart
    noise = np.random.default_rng(seed).integers(-5, 6, (*labels.shape, 3))
    picture = np.clip(paint(labels, PALETTES[name]) + noise, 0, 255).astype(np.uint8)
    read, undecided = nearest_labels(picture, PALETTES[name], 9.0)
    np.testing.assert_array_equal(read, labels)
    assert undecided.share == 0


def test_pixels_far_from_any_decided_one_are_ignored_and_their_place_is_told():
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[10:20, 10:30] = 90  # near no official colour
    read, undecided = nearest_labels(picture, PALETTES["official"], 12.0)
    assert (read[13:, 13:] == 255).all()
    assert (read[:10] == 0).all()
    assert (read[10:13] == 0).all()
    assert undecided.box == (13, 19, 13, 29)
    assert undecided.left == 7 * 17
    assert undecided.settled == 200 - 7 * 17


def test_a_colour_within_the_tolerance_of_two_is_undecided():
    greys = np.full((1, 3, 3), 17, np.uint8)  # in the 2025 palette necklace (16), neck (17), cloth (18) are this near
    read, undecided = nearest_labels(greys, PALETTES["challenge-2025"], 12.0)
    assert (read == 255).all()
    assert undecided.left == 3
