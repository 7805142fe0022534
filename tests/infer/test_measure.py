"""Areas, boxes and colours of parts are those that a look at each part by itself gives."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceparse.classes import IGNORE_LABEL, NAMES
from faceparse.infer import measure


@given(size=st.tuples(st.integers(1, 12), st.integers(1, 12)), num_classes=st.integers(1, 19), seed=st.integers(0, 999))
def test_each_part_is_measured_as_its_pixels_are(size: tuple[int, int], num_classes: int, seed: int):
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, num_classes, size).astype(np.uint8)
    photo = draw.integers(0, 256, (*size, 3)).astype(np.uint8)
    found = {part.name: part for part in measure.measure(photo, labels)}
    assert list(found) == [name for index, name in enumerate(NAMES) if index and (labels == index).any()]
    for name, part in found.items():
        rows, columns = np.nonzero(labels == NAMES.index(name))
        assert part.pixels == len(rows)
        assert part.share == pytest.approx(len(rows) / labels.size)
        assert part.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        np.testing.assert_allclose(part.color, photo[rows, columns].mean(axis=0))


def test_ignored_pixels_are_no_part():
    assert measure.measure(np.zeros((2, 2, 3), np.uint8), np.full((2, 2), IGNORE_LABEL, np.uint8)) == []


def test_a_name_with_a_comma_stays_one_cell():
    parts = measure.measure(np.zeros((2, 2, 3), np.uint8), np.ones((2, 2), np.uint8))
    header, row = csv.reader(io.StringIO(measure.as_csv('me, "1"', parts)))
    assert tuple(header) == measure.COLUMNS
    assert row == ['me, "1"', "skin", "4", "1.000000", "0.00", "0.00", "0.00", "0", "0", "2", "2"]
