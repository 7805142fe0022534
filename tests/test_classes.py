"""The label table is CelebAMask-HQ's."""

import numpy as np
import pytest

from faceparse.classes import CLASSES, MIRROR, NAMES, PALETTE, class_id, mirror_lookup
from faceparse.errors import UsageError


def test_left_and_right_exchange_in_a_mirror_and_nothing_else_does():
    pairs = {(4, 5), (6, 7), (8, 9)}
    assert {(i, int(m)) for i, m in enumerate(MIRROR) if i < m} == pairs
    assert np.array_equal(MIRROR[MIRROR], np.arange(19))
    for left, right in pairs:
        assert NAMES[left] == NAMES[right].replace("right", "left")


def test_ids_run_in_the_data_sets_order():
    assert [c.id for c in CLASSES] == list(range(19))
    assert NAMES[2] == "nose"
    assert NAMES[13] == "hair"  # the two ids by which the copied BiSeNet order is told from the official one


def test_colours_are_all_different():
    assert len({tuple(color) for color in PALETTE.tolist()}) == 19


def test_a_class_is_found_by_its_name_with_underscores_too():
    assert class_id("left eye") == class_id("left_eye") == 4
    with pytest.raises(UsageError, match="did you mean 'left eye'"):
        class_id("left_eyes")


def test_the_mirror_table_keeps_ignored_pixels():
    assert mirror_lookup()[255] == 255
