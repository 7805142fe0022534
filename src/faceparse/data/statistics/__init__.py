"""What a dataset holds: pixels and images of each class, where they are, class weights, mean and std of photos."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float64

from faceparse.classes import NAMES, NUM_CLASSES
from faceparse.data.dataset import Pair, labelled_splits, list_pairs, read_pair
from faceparse.data.parallel import in_processes
from faceparse.data.statistics.counts import CoOccurrence, Counts, class_counts, co_occurrence
from faceparse.data.statistics.moments import Channels, Histogram, histogram, moments
from faceparse.data.statistics.positions import GRID, HeatMaps, center, heat_maps
from faceparse.data.statistics.weights import (
    effective_number_weights,
    inverse_square_root_weights,
    log_frequency_weights,
    median_frequency_weights,
)
from faceparse.errors import DataError

__all__ = [
    "Statistics",
    "class_counts",
    "effective_number_weights",
    "inverse_square_root_weights",
    "log_frequency_weights",
    "median_frequency_weights",
    "statistics",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Statistics:
    """Of every labelled pair of a dataset. Rows and columns are class ids."""

    num_images: int
    pixels: Counts
    """Pixels of each class; ignored ones are not counted."""
    co_occurrence: CoOccurrence
    pixels_where_present: Counts
    """For each class, the pixels of any class in the images that hold it."""
    areas: Float64[np.ndarray, "19"]
    """Mean share of the image, over the images that hold the class; NaN where none does."""
    centers: Float64[np.ndarray, "19 2"]
    """Mean centroid (x, y) in shares of width and height, over the images that hold the class; NaN where none does."""
    heat_maps: HeatMaps
    """Mean share of each cell, over the images that hold the class; 0 where none does."""
    mean: Channels
    """Pooled over pixels, as `std`; see `moments`."""
    std: Channels
    mean_per_image: Channels
    """Average over photos of each one's own, as `std_per_image`."""
    std_per_image: Channels

    @property
    def images_with(self) -> Counts:
        """Images that hold each class: one pixel is enough."""
        return np.diag(self.co_occurrence)

    @property
    def shares(self) -> Float64[np.ndarray, "19"]:
        """Share of all pixels, in [0, 1]."""
        return self.pixels / self.pixels.sum()

    @property
    def weights(self) -> dict[str, Float64[np.ndarray, "19"]]:
        """Class weights by scheme; see `faceparse.data.statistics.weights`."""
        return {
            "log_frequency": log_frequency_weights(self.pixels),
            "median_frequency": median_frequency_weights(self.pixels, self.pixels_where_present),
            "inverse_square_root": inverse_square_root_weights(self.pixels),
            "effective_number": effective_number_weights(self.images_with),
        }

    def as_dict(self) -> dict[str, object]:
        """The object of `--json`: by class name, None where a figure has no meaning; heat maps are left out."""
        by_scheme = {scheme: _by_name(weights) for scheme, weights in self.weights.items()}
        return {
            "num_images": self.num_images,
            "pixels": _by_name(self.pixels),
            "shares": _by_name(self.shares),
            "images_with": _by_name(self.images_with),
            "weights": by_scheme["log_frequency"],
            "weights_by": by_scheme,
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "mean_per_image": self.mean_per_image.tolist(),
            "std_per_image": self.std_per_image.tolist(),
            "areas": _by_name(self.areas),
            "centers": _by_name(self.centers),
            "co_occurrence": {name: _by_name(row) for name, row in zip(NAMES, self.co_occurrence, strict=True)},
        }


def statistics(dataset: Path) -> Statistics:
    """Count a dataset: all splits of a root that have masks, or the one split whose folder is given.

    One pass over the files, on every core; each is decoded once.

    Raises:
        DataError: not a dataset, no masks, no labelled pixel, or a file that cannot be read.
    """
    pairs = [pair for folder in labelled_splits(dataset).values() for pair in list_pairs(folder)]
    tally = _Tally()
    for measured in in_processes(_worker, pairs, "counting"):
        tally.add(measured)
    if not tally.pixels.any():
        raise DataError(f"{dataset}: every pixel of its masks is ignored (255); there is nothing to count")
    return tally.result()


@dataclass(frozen=True)
class _Measured:
    """Of one pair."""

    counts: Counts
    colors: Histogram
    maps: Float[np.ndarray, "num_present 64 64"]
    """Heat maps of the classes that are present, alone: most of a process's answer would be zeros otherwise."""


def _worker() -> Callable[[Pair], _Measured]:
    return _measure


def _measure(pair: Pair) -> _Measured:
    image, labels = read_pair(pair)
    counts = class_counts(labels)
    return _Measured(counts, histogram(image), heat_maps(labels)[counts > 0])


class _Tally:
    """Sums over pairs."""

    def __init__(self) -> None:
        self.num_images = 0
        self.pixels, self.pixels_where_present = np.zeros((2, NUM_CLASSES), dtype=np.int64)
        self.co_occurrence = np.zeros((NUM_CLASSES, NUM_CLASSES), dtype=np.int64)
        self.areas = np.zeros(NUM_CLASSES)
        self.centers = np.zeros((NUM_CLASSES, 2))
        self.heat_maps = np.zeros((NUM_CLASSES, GRID, GRID))
        self.colors = np.zeros((3, 256), dtype=np.int64)
        self.moments = np.zeros((2, 3))

    def add(self, measured: _Measured) -> None:
        counts, present = measured.counts, measured.counts > 0
        self.num_images += 1
        self.pixels += counts
        self.pixels_where_present[present] += counts.sum()
        self.co_occurrence += co_occurrence(present)
        self.areas += counts / max(counts.sum(), 1)
        self.heat_maps[present] += measured.maps
        for index, heat_map in zip(np.flatnonzero(present), measured.maps, strict=True):
            self.centers[index] += center(heat_map)
        self.colors += measured.colors
        self.moments += moments(measured.colors)

    def result(self) -> Statistics:
        images_with = np.diag(self.co_occurrence)
        held = np.where(images_with > 0, images_with, np.nan)
        mean, std = moments(self.colors)
        return Statistics(
            num_images=self.num_images,
            pixels=self.pixels,
            co_occurrence=self.co_occurrence,
            pixels_where_present=self.pixels_where_present,
            areas=self.areas / held,
            centers=self.centers / held[:, None],
            heat_maps=self.heat_maps / np.maximum(images_with, 1)[:, None, None],
            mean=mean,
            std=std,
            mean_per_image=self.moments[0] / self.num_images,
            std_per_image=self.moments[1] / self.num_images,
        )


def _by_name(values: np.ndarray) -> dict[str, object]:
    """Values in the order of the classes, by name; None where they are NaN."""
    return {name: None if np.isnan(value).any() else value.tolist() for name, value in zip(NAMES, values, strict=True)}
