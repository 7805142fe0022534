"""Borders as polygons: filled again they are the part, and they are as few and as short as they can be."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from faceparse.infer.contours import Polygon, trace

MASKS = st.tuples(st.integers(1, 14), st.integers(1, 14), st.floats(0, 1), st.integers(0, 9999)).map(
    lambda drawn: np.random.default_rng(drawn[3]).random(drawn[:2]) < drawn[2]
)


def filled(polygons: list[Polygon], shape: tuple[int, int]) -> np.ndarray:
    """Even-odd: a pixel is inside where a ray to the left from its centre crosses an odd number of edges."""
    inside = np.zeros(shape, bool)
    for polygon in polygons:
        for (x, y), (_, after) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            inside[min(y, after) : max(y, after), x:] ^= True
    return inside


def area(polygon: Polygon) -> float:
    """By the shoelace formula; positive where a polygon runs clockwise as one sees it, with y pointing down."""
    (x, y), (after_x, after_y) = polygon.T, np.roll(polygon, -1, axis=0).T
    return float((x * after_y - after_x * y).sum() / 2)


@given(mask=MASKS)
def test_polygons_filled_again_are_the_part(mask: np.ndarray):
    np.testing.assert_array_equal(filled(trace(mask), mask.shape), mask)


@given(mask=MASKS)
def test_outlines_run_clockwise_and_holes_the_other_way(mask: np.ndarray):
    assert sum(area(polygon) for polygon in trace(mask)) == mask.sum()


@given(mask=MASKS)
def test_every_corner_is_a_turn(mask: np.ndarray):
    for polygon in trace(mask):
        step = np.roll(polygon, -1, axis=0) - polygon
        assert ((step != 0).sum(axis=1) == 1).all()
        assert ((step[:, 0] == 0) != (np.roll(step, 1, axis=0)[:, 0] == 0)).all()


def test_a_ring_has_an_outline_and_a_hole():
    ring = np.ones((3, 4), bool)
    ring[1, 1:3] = False
    outline, hole = trace(ring)
    assert outline.tolist() == [[0, 0], [4, 0], [4, 3], [0, 3]]
    assert hole.tolist() == [[1, 1], [1, 2], [3, 2], [3, 1]]


def test_pixels_that_touch_at_a_corner_are_two_polygons():
    for mask in (np.eye(2, dtype=bool), np.eye(2, dtype=bool)[::-1]):
        assert [area(polygon) for polygon in trace(mask)] == [1, 1]


def test_nothing_has_no_polygon_and_one_pixel_has_one():
    assert trace(np.zeros((3, 3), bool)) == []
    assert [polygon.tolist() for polygon in trace(np.ones((1, 1), bool))] == [[[0, 0], [1, 0], [1, 1], [0, 1]]]
