import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from faceparse.data.conversions.colors import labels_from_colors, read_colored
from faceparse.errors import DataError
from faceparse.infer.render import color


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 18)))
def test_colouring_and_reading_back_gives_the_same_ids(labels):
    np.testing.assert_array_equal(labels_from_colors(color(labels), "a.png"), labels)


def test_a_colour_of_no_class_is_named_with_its_place(tmp_path):
    colored = np.zeros((4, 4, 3), np.uint8)
    colored[2, 1] = (203, 0, 0)
    Image.fromarray(colored).save(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"a\.png: colour \(203, 0, 0\) at row 2, column 1"):
        read_colored(tmp_path / "a.png")


def test_a_palette_picture_counts_by_its_colours_whatever_its_indices(tmp_path):
    picture = Image.fromarray(np.array([[0, 1]], np.uint8))
    picture.putpalette([0, 0, 204, 204, 0, 0])  # hair first, then skin
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_colored(tmp_path / "a.png"), [[13, 1]])
