"""What a dataset holds: pixels and images of each class, weights from frequencies, mean and standard deviation."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import SupportsFloat

import numpy as np
from jaxtyping import Float64, Int64, Integer

from faceparse.classes import NAMES, NUM_CLASSES
from faceparse.data.dataset import Pair, labelled_splits, list_pairs, read_pair
from faceparse.data.parallel import in_processes
from faceparse.errors import DataError

Counts = Int64[np.ndarray, "19"]
Histogram = Int64[np.ndarray, "3 256"]
"""Pixels of each value, by channel (RGB)."""


def class_counts(labels: Integer[np.ndarray, "..."]) -> Counts:
    """Pixels of each class in label maps of any shape; ignored pixels (255) are not counted."""
    return np.bincount(labels.ravel(), minlength=NUM_CLASSES)[:NUM_CLASSES].astype(np.int64)


def log_frequency_weights(counts: Sequence[SupportsFloat] | np.ndarray) -> Float64[np.ndarray, " num_classes"]:
    """Class weights from pixel counts: w = log2(total / count), so that rare classes weigh more.

    A class without pixels gets weight 0: the formula has no value for it, and no pixel would use one.

    Args:
        counts: pixels of each class, any number of classes.

    Raises:
        DataError: a count is negative or not a number, or all are 0.
    """
    numbers = np.asarray(counts, dtype=np.float64)
    if numbers.ndim != 1 or not np.isfinite(numbers).all() or (numbers < 0).any() or not numbers.any():
        raise DataError("class weights need a row of pixel counts that are 0 or more, and not all 0")
    present = numbers > 0
    weights = np.zeros_like(numbers)
    weights[present] = np.log2(numbers.sum() / numbers[present])
    return weights


@dataclass(frozen=True)
class Statistics:
    """Of every labelled pair of a dataset, pooled over its pixels."""

    num_images: int
    pixels: dict[str, int]
    images_with: dict[str, int]
    """Images in which each class has a pixel."""
    weights: dict[str, float]
    """`log_frequency_weights` of `pixels`."""
    mean: tuple[float, float, float]
    """RGB, 0-255."""
    std: tuple[float, float, float]
    """RGB, 0-255; of the population."""

    def as_dict(self) -> dict[str, object]:
        """The object of `--json`."""
        return asdict(self)


def statistics(dataset: Path) -> Statistics:
    """Count a dataset: all splits of a root that have masks, or the one split whose folder is given.

    Raises:
        DataError: not a dataset, no masks, or a file that cannot be read.
    """
    pairs = [pair for folder in labelled_splits(dataset).values() for pair in list_pairs(folder)]
    pixels = np.zeros(NUM_CLASSES, dtype=np.int64)
    images_with = np.zeros(NUM_CLASSES, dtype=np.int64)
    histogram = np.zeros((3, 256), dtype=np.int64)
    for counts, colors in in_processes(_worker, pairs, "counting"):
        pixels += counts
        images_with += counts > 0
        histogram += colors
    mean, std = _moments(histogram)
    return Statistics(
        num_images=len(pairs),
        pixels=dict(zip(NAMES, pixels.tolist(), strict=True)),
        images_with=dict(zip(NAMES, images_with.tolist(), strict=True)),
        weights=dict(zip(NAMES, log_frequency_weights(pixels).tolist(), strict=True)),
        mean=mean,
        std=std,
    )


def _worker() -> Callable[[Pair], tuple[Counts, Histogram]]:
    return _measure


def _measure(pair: Pair) -> tuple[Counts, Histogram]:
    image, labels = read_pair(pair)
    return class_counts(labels), np.stack([np.bincount(image[..., c].ravel(), minlength=256) for c in range(3)])


def _moments(histogram: Histogram) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Mean and standard deviation by channel. A histogram's are exact, however many pixels there are."""
    shares = histogram / histogram.sum(axis=1, keepdims=True)
    values = np.arange(256)
    mean = shares @ values
    variance = (shares * (values - mean[:, None]) ** 2).sum(axis=1)
    red, green, blue = mean.tolist()
    red_std, green_std, blue_std = np.sqrt(variance).tolist()
    return (red, green, blue), (red_std, green_std, blue_std)
