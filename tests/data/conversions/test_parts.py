import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from faceparse.data.conversions.parts import list_parts, read_parts, write_parts
from faceparse.errors import DataError

maps = arrays.arrays(np.uint8, (3, 4), elements=st.integers(0, 18))


@settings(max_examples=20)
@given(maps)
def test_parts_written_and_painted_again_are_the_same_map(labels):
    with tempfile.TemporaryDirectory() as folder:
        write_parts(Path(folder), "a_l_eye_7", labels)
        parts = list_parts(Path(folder))
        assert list(parts) == ["a_l_eye_7"]
        np.testing.assert_array_equal(read_parts(parts["a_l_eye_7"]), labels)


def test_parts_are_black_and_white_and_only_those_there_are(tmp_path):
    write_parts(tmp_path, "0", np.array([[0, 4], [13, 13]], np.uint8))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0_hair.png", "0_l_eye.png"]
    with Image.open(tmp_path / "0_hair.png") as part:
        assert np.asarray(part).tolist() == [[0, 0], [255, 255]]


def test_later_ids_are_painted_over_earlier_ones_wherever_the_files_lie(tmp_path):
    for folder, suffix in (("0", "hair"), ("1", "skin"), ("0", "l_eye")):
        (tmp_path / folder).mkdir(exist_ok=True)
        Image.fromarray(np.full((2, 2), 255, np.uint8)).save(tmp_path / folder / f"00000_{suffix}.png")
    parts = list_parts(tmp_path)
    assert set(read_parts(parts["00000"]).flat) == {13}
    Image.new("L", (2, 2)).save(tmp_path / "1" / "00000_hair.png")
    with pytest.raises(DataError, match="the same part twice"):
        list_parts(tmp_path)


def test_parts_of_other_sizes_and_ignored_pixels_are_refused(tmp_path):
    write_parts(tmp_path, "a", np.array([[1, 2]], np.uint8))
    Image.new("L", (5, 2)).save(tmp_path / "a_hat.png")
    with pytest.raises(DataError, match=re.escape("a_hat.png: 5×2, where this photo's other parts are 2×1")):
        read_parts(list_parts(tmp_path)["a"])
    with pytest.raises(DataError, match="b: has ignored pixels"):
        write_parts(tmp_path, "b", np.array([[1, 255]], np.uint8))
