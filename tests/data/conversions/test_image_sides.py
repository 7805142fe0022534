import numpy as np
import pytest

from faceparse.classes import class_id, mirror_lookup
from faceparse.data.conversions.sides import calls_image_left_left
from faceparse.data.synthetic import make_face


@pytest.mark.parametrize("seed", range(4))
def test_a_made_face_calls_the_subjects_left_left_and_an_unswapped_mirror_image_does_not(seed):
    _, labels = make_face(seed, 0, 128)
    assert calls_image_left_left(labels) is False
    assert calls_image_left_left(labels[:, ::-1]) is True
    assert calls_image_left_left(mirror_lookup()[labels]) is True


def test_one_part_of_a_pair_does_not_tell():
    labels = np.zeros((8, 8), np.uint8)
    labels[:, 0] = class_id("left eye")
    assert calls_image_left_left(labels) is None
