"""Label maps become pictures: official colours, tinted photos, cut-outs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from faceparse.classes import IGNORE_LABEL, PALETTE
from faceparse.infer import render

LABEL_MAPS = st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(0, 999)).map(
    lambda drawn: np.random.default_rng(drawn[2]).integers(0, 19, drawn[:2]).astype(np.uint8)
)


@given(labels=LABEL_MAPS)
def test_every_pixel_has_its_official_colour(labels: np.ndarray):
    np.testing.assert_array_equal(render.color(labels), PALETTE[labels])


def test_ignored_pixels_are_black():
    assert not render.color(np.full((2, 2), IGNORE_LABEL, np.uint8)).any()


@given(labels=LABEL_MAPS, seed=st.integers(0, 99))
def test_the_overlay_leaves_the_background_and_the_photo_itself_as_they_are(labels: np.ndarray, seed: int):
    photo = np.random.default_rng(seed).integers(0, 256, (*labels.shape, 3), dtype=np.uint8)
    kept = photo.copy()
    drawn = render.overlay(photo, labels)
    np.testing.assert_array_equal(photo, kept)
    np.testing.assert_array_equal(drawn[labels == 0], photo[labels == 0])


def test_a_part_is_half_its_colour_within_and_lighter_at_its_edge():
    photo = np.full((64, 64, 3), 100, np.uint8)
    labels = np.zeros((64, 64), np.uint8)
    labels[16:48, 16:48] = 13
    drawn = render.overlay(photo, labels)
    np.testing.assert_allclose(drawn[32, 32], (photo[32, 32].astype(int) + PALETTE[13]) / 2, atol=1)
    edge = np.zeros_like(labels, dtype=bool)
    edge[16:48, 16:48] = True
    edge[17:47, 17:47] = False
    assert (drawn[edge] > drawn[32, 32]).all()
    np.testing.assert_array_equal(drawn[17:47, 17:47], np.broadcast_to(drawn[32, 32], (30, 30, 3)))


@given(labels=LABEL_MAPS, width=st.integers(1, 3))
def test_outlines_are_the_pixels_with_another_class_at_a_line_width_along_row_or_column(labels: np.ndarray, width: int):
    height, length = labels.shape
    expected = np.zeros(labels.shape, bool)
    for y in range(height):
        for x in range(length):
            for v, u in ((y - width, x), (y + width, x), (y, x - width), (y, x + width)):
                if 0 <= v < height and 0 <= u < length and labels[v, u] != labels[y, x]:
                    expected[y, x] = True
    np.testing.assert_array_equal(render.outlines(labels, width), expected)


def test_larger_photos_get_wider_lines():
    labels = np.zeros((8, 4096), np.uint8)
    labels[:, 2048:] = 1
    photo = np.zeros((8, 4096, 3), np.uint8)
    lit = (render.overlay(photo, labels)[4, :, 2] > 0).sum()
    assert lit == 4


def test_a_cut_out_keeps_nothing_of_the_photo_where_it_is_transparent():
    photo = np.full((2, 2, 3), 200, np.uint8)
    opacity = np.array([[0, 1], [128, 255]], np.uint8)
    cut = render.cut_out(photo, opacity)
    assert cut.dtype == np.uint8
    np.testing.assert_array_equal(cut[..., 3], opacity)
    np.testing.assert_array_equal(cut[..., 0], [[0, 200], [200, 200]])
