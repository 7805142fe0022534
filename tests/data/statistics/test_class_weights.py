"""Class weights are those of the reports and papers that define them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceparse.data.statistics import (
    effective_number_weights,
    inverse_square_root_weights,
    log_frequency_weights,
    median_frequency_weights,
)
from faceparse.errors import DataError, UsageError

# pixels of the 5,000 training pairs of the 2022 challenge, and the weights that its reports print
COUNTS = [375099645, 333172471, 27015905, 3467864, 2937773, 2928618, 5572580, 5433404, 6164110, 5049695]
COUNTS += [3896683, 5417555, 8898431, 411175974, 12651045, 3102372, 196952, 54031542, 44507381]
WEIGHTS = [1.8050, 1.9760, 5.6004, 8.5621, 8.8014, 8.8059, 7.8778, 7.9143, 7.7323, 8.0199]
WEIGHTS += [8.3939, 7.9185, 7.2026, 1.6725, 6.6950, 8.7228, 12.7002, 4.6004, 4.8802]


def test_the_weights_of_the_2022_training_set_are_those_reported():
    assert sum(COUNTS) == 1_310_720_000
    weights = log_frequency_weights(COUNTS)
    assert weights.dtype == np.float64
    np.testing.assert_array_equal(np.round(weights, 4), WEIGHTS)


@pytest.mark.parametrize("kind", [tuple, list, np.array, np.float32, lambda counts: list(np.array(counts))])
def test_weights_take_any_sequence(kind):
    np.testing.assert_allclose(log_frequency_weights(kind([1, 1, 2])), [2, 2, 1])


def test_a_class_without_pixels_weighs_nothing():
    np.testing.assert_array_equal(log_frequency_weights([3, 0, 1]), [np.log2(4 / 3), 0, 2])


@pytest.mark.parametrize("counts", [[], [0, 0], [1, -1], [1, float("nan")], [[1, 2], [3, 4]]])
def test_counts_that_cannot_be_are_refused(counts):
    counts = np.array(counts, dtype=np.float64)
    for scheme in (log_frequency_weights, inverse_square_root_weights, effective_number_weights):
        with pytest.raises(DataError, match="row of pixel counts"):
            scheme(counts)
    with pytest.raises(DataError, match="row of pixel counts"):
        median_frequency_weights(counts, counts)


def test_median_frequency_balances_by_size_where_present():
    # 2 of 10, 4 of 40, absent, 30 of 40: frequencies .2, .1, .75, whose median is .2
    np.testing.assert_allclose(median_frequency_weights([2, 4, 0, 30], [10, 40, 0, 40]), [1, 2, 0, 0.2 / 0.75])


@pytest.mark.parametrize("totals", [[1, 4], [4], [2, float("nan")]])
def test_median_frequency_refuses_totals_that_cannot_be(totals):
    with pytest.raises(DataError, match="no fewer than its own"):
        median_frequency_weights([2, 3], totals)


def test_inverse_square_root_is_the_root_of_inverse_frequency():
    np.testing.assert_allclose(inverse_square_root_weights([1, 4, 0, 11]), [4, 2, 0, np.sqrt(16 / 11)])


def test_effective_number_is_that_of_the_paper():
    counts, beta = np.array([1, 10, 5000]), 0.999
    expected = (1 - beta) / (1 - beta**counts)
    np.testing.assert_allclose(effective_number_weights(counts, beta), expected / expected.mean())


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=19))
def test_effective_number_runs_from_no_weights_to_inverse_frequency(counts):
    np.testing.assert_allclose(effective_number_weights(counts, beta=0.0), 1)
    few = [1 + count % 1000 for count in counts]
    inverse = 1 / np.array(few)
    np.testing.assert_allclose(effective_number_weights(few, beta=1 - 1e-9), inverse / inverse.mean(), rtol=1e-5)


def test_effective_number_leaves_absent_classes_out_and_refuses_beta_of_one():
    np.testing.assert_allclose(effective_number_weights([0, 7, 7]), [0, 1, 1])
    with pytest.raises(UsageError, match="below 1"):
        effective_number_weights([1, 2], beta=1.0)
