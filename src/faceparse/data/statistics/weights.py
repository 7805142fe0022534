"""Class weights from frequencies, by four schemes: the rarer a class, the more its pixels weigh in a loss.

A class that is absent gets weight 0 in each: the formulas have no value for it, and no pixel would use one. Only the
ratios of weights matter to what is learned; their size acts as a learning rate does.
"""

from collections.abc import Sequence
from typing import SupportsFloat

import numpy as np
from jaxtyping import Float64

from faceparse.errors import DataError, UsageError

Numbers = Sequence[SupportsFloat] | np.ndarray
Weights = Float64[np.ndarray, " num_classes"]


def log_frequency_weights(counts: Numbers) -> Weights:
    """Class weights from pixel counts: w = log2(total / count), so that rare classes weigh more.

    The scheme of the 2022 challenge's reports. A class without pixels gets weight 0.

    Args:
        counts: pixels of each class, any number of classes.

    Raises:
        DataError: a count is negative or not a number, or all are 0.
    """
    numbers, present = _checked(counts)
    weights = np.zeros_like(numbers)
    weights[present] = np.log2(numbers.sum() / numbers[present])
    return weights


def inverse_square_root_weights(counts: Numbers) -> Weights:
    """Class weights from pixel counts: w = sqrt(total / count), between no weights and inverse frequency.

    As square-root sampling in Mahajan et al., "Exploring the Limits of Weakly Supervised Pretraining" (ECCV 2018), but
    by weight. Not scaled: necklaces weigh about a hundred.

    Args:
        counts: pixels of each class, any number of classes.

    Raises:
        DataError: as for `log_frequency_weights`.
    """
    numbers, present = _checked(counts)
    weights = np.zeros_like(numbers)
    weights[present] = np.sqrt(numbers.sum() / numbers[present])
    return weights


def median_frequency_weights(counts: Numbers, totals_where_present: Numbers) -> Weights:
    """Median frequency balancing: w = median(freq) / freq, with freq = count / pixels of the images with the class.

    Eigen & Fergus, "Predicting Depth, Surface Normals and Semantic Labels" (ICCV 2015), section 6.3.2. The median is
    over classes that are present. What is rare because few images have it is not made up for: only its size counts.

    Args:
        counts: pixels of each class, any number of classes.
        totals_where_present: pixels, of any class, in the images that hold the class.

    Raises:
        DataError: as for `log_frequency_weights`; or the totals are fewer than the counts, or not as many.
    """
    numbers, present = _checked(counts)
    totals = np.asarray(totals_where_present, dtype=np.float64)
    if totals.shape != numbers.shape or not (totals >= numbers).all():
        raise DataError("median frequency needs, for each class, the pixels of its images: no fewer than its own")
    weights = np.zeros_like(numbers)
    frequencies = numbers[present] / totals[present]
    weights[present] = np.median(frequencies) / frequencies
    return weights


def effective_number_weights(num_samples: Numbers, beta: float = 0.999) -> Weights:
    """Weights by the effective number of samples: w = (1 - beta) / (1 - beta^n), scaled to a mean of 1.

    Cui et al., "Class-Balanced Loss Based on Effective Number of Samples" (CVPR 2019), equation 2; the mean is over
    classes that are present. beta = 0 weighs all alike; towards 1 it becomes inverse frequency. Give images as
    samples: pixels of one face are hardly independent, and with millions of them beta^n is 0 and all weights are 1.

    Args:
        num_samples: samples of each class, such as the images that hold it.
        beta: at least 0 and below 1; (N - 1) / N for N distinct samples.

    Raises:
        DataError: as for `log_frequency_weights`.
        UsageError: beta out of range.
    """
    if not 0 <= beta < 1:
        raise UsageError(f"beta is {beta}, where at least 0 and below 1 is needed, such as 0.999")
    numbers, present = _checked(num_samples)
    weights = np.zeros_like(numbers)
    with np.errstate(divide="ignore"):  # log(0) is -inf, and beta^n is then 0, as it should be
        effective = -np.expm1(numbers[present] * np.log(np.float64(beta)))
    weights[present] = 1 / effective
    weights[present] /= weights[present].mean()
    return weights


def _checked(counts: Numbers) -> tuple[Weights, np.ndarray]:
    """The counts as numbers, and where they are above 0."""
    numbers = np.asarray(counts, dtype=np.float64)
    if numbers.ndim != 1 or not np.isfinite(numbers).all() or (numbers < 0).any() or not numbers.any():
        raise DataError("class weights need a row of pixel counts that are 0 or more, and not all 0")
    return numbers, numbers > 0
