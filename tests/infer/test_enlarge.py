"""Labels of enlarged probabilities are those that enlarging all of them would give."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from faceparse.classes import NUM_CLASSES
from faceparse.infer.enlarge import enlarged_labels
from faceparse.infer.parser import _enlarged_strips


@given(
    seen=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    times=st.tuples(st.floats(1, 12), st.floats(1, 12)),
    sharpness=st.sampled_from([1, 3, 9]),
    seed=st.integers(0, 999),
)
def test_labels_are_the_largest_of_the_enlarged_probabilities(
    seen: tuple[int, int], times: tuple[float, float], sharpness: int, seed: int
):
    small = np.random.default_rng(seed).random((NUM_CLASSES, *seen), dtype=np.float32) ** sharpness
    small /= small.sum(axis=0)
    height, width = (round(size * factor) for size, factor in zip(seen, times, strict=True))
    large = np.concatenate([strip for _, strip in _enlarged_strips(small, width, height)], axis=1)
    labels = enlarged_labels(small, width, height)
    # where two classes are within rounding of each other, either may win
    chosen = np.take_along_axis(large, labels[None].astype(int), axis=0)[0]
    np.testing.assert_allclose(chosen, large.max(axis=0), atol=1e-5)
    assert labels.shape == (height, width)
