"""Scores with confidence, and differences between models, by resampling the images that both were evaluated on.

The Bayesian bootstrap (Rubin, 1981) weights images by draws from a flat Dirichlet distribution, where the ordinary one
(Efron, 1979) draws them with replacement. No image ever has weight 0, so that a class which three images hold is in
every resample, and a mean over classes is always a mean over the same ones. Intervals are stretched about the estimate
for few images, as Student's t is wider than the normal (after Hesterberg, 2015, who does so for means).

Models are compared pairwise: both are seen through the same weights, so that what makes images hard for both drops out.
A class is said to have moved where its difference leaves a band that *all* classes' differences together stay within
with 95 % (largest studentised deviation): of nineteen rows one would pass for progress by chance otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from faceparse.classes import NAMES, NUM_CLASSES
from faceparse.image_counts import ImageCounts

MEANS = ("fscore_2025", "miou_2022", "macc", "aacc", "f1_dataset")
"""Scores by the names of `metrics`."""

CONFIDENCE = 0.95
NUM_RESAMPLES = 2000
FEWEST_IMAGES = 5
"""A class in fewer images than this is never said to have moved: nothing can be said of its spread."""

_NORMAL = 1.959964
"""Of the normal distribution, 95 % lie within so many standard deviations."""
_AT_ONCE = 250
"""Resamples held in memory at a time."""


@dataclass(frozen=True)
class Interval:
    """An estimate and the interval that holds the truth with 95 %; NaN where there was nothing to measure."""

    value: float
    low: float
    high: float

    @property
    def beyond_noise(self) -> bool:
        """Whether 0 lies outside, as said of a difference."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class ClassDifference:
    """How far a class's IoU moved."""

    iou: Interval
    num_images: int
    """Images whose truth holds the class."""
    moved: bool
    """Whether it lies beyond the band that all classes share."""


@dataclass(frozen=True)
class Difference:
    """One model's scores minus another's, on the same images."""

    num_images: int
    scores: Mapping[str, Interval]
    per_class: Mapping[str, ClassDifference]


def score_intervals(images: ImageCounts, *, seed: int = 0, num_resamples: int = NUM_RESAMPLES) -> dict[str, Interval]:
    """Every score of `MEANS` with its interval. Raises nothing; with one image the interval is NaN."""
    estimates = _scores(np.ones((1, len(images.names))), images)[0]
    resampled = np.concatenate([_scores(w, images) for w in _weights(len(images.names), num_resamples, seed)])
    return dict(zip(MEANS, _intervals(estimates, resampled, len(images.names)), strict=True))


def compare(one: ImageCounts, other: ImageCounts, *, seed: int = 0, num_resamples: int = NUM_RESAMPLES) -> Difference:
    """`other` minus `one`; their names must be the same, in the same order."""
    assert one.names == other.names, "compare counts of the same images"
    num = len(one.names)
    whole = np.ones((1, num))
    means, ious = _scores(whole, other)[0] - _scores(whole, one)[0], _ious(whole, other)[0] - _ious(whole, one)[0]
    drawn = [
        (_scores(w, other) - _scores(w, one), _ious(w, other) - _ious(w, one))
        for w in _weights(num, num_resamples, seed)
    ]
    resampled_means, resampled_ious = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    held = (one.counts[:, 1] > 0).sum(axis=0)
    moved = _beyond_shared_band(ious, resampled_ious, held)
    rows = zip(_intervals(ious, resampled_ious, held), held.tolist(), moved.tolist(), strict=True)
    return Difference(
        num_images=num,
        scores=dict(zip(MEANS, _intervals(means, resampled_means, num), strict=True)),
        per_class={name: ClassDifference(*row) for name, row in zip(NAMES, rows, strict=True)},
    )


def _weights(num: int, num_resamples: int, seed: int):
    """Batches `resamples num` of weights whose mean is 1."""
    random = np.random.default_rng(seed)
    for start in range(0, num_resamples, _AT_ONCE):
        drawn = random.standard_exponential((min(_AT_ONCE, num_resamples - start), num))
        yield drawn / drawn.mean(axis=1, keepdims=True)


def _sums(weights: np.ndarray, images: ImageCounts) -> Float64[np.ndarray, "3 resamples 19"]:
    flat = images.counts.reshape(len(images.names), -1).astype(np.float64)
    return np.moveaxis((weights @ flat).reshape(-1, 3, NUM_CLASSES), 1, 0)


def _ious(weights: np.ndarray, images: ImageCounts) -> Float64[np.ndarray, "resamples 19"]:
    right, truth, prediction = _sums(weights, images)
    return _ratio(right, truth + prediction - right)


def _scores(weights: np.ndarray, images: ImageCounts) -> Float64[np.ndarray, "resamples 5"]:
    """The scores of `MEANS`, as `metrics.Scores.result` gives them where every weight is 1."""
    right, truth, prediction = _sums(weights, images)
    fscores = images.fscores
    counted = ~np.isnan(fscores)
    columns = (
        _ratio(weights[:, counted] @ fscores[counted], weights[:, counted].sum(axis=1)),
        _mean(_ratio(right, truth + prediction - right)),
        _mean(_ratio(right, truth)),
        _ratio(right.sum(axis=1), truth.sum(axis=1)),
        _mean(_ratio(2 * right, truth + prediction)[:, 1:]),
    )
    return np.stack(columns, axis=1)


def _intervals(estimates: np.ndarray, resampled: np.ndarray, num: int | np.ndarray) -> list[Interval]:
    """Percentiles of each column, stretched about its estimate; `num` images speak of it."""
    tail = 100 * (1 - CONFIDENCE) / 2
    percentiles = np.percentile(resampled, [tail, 100 - tail], axis=0)
    ends = estimates + _stretch(num, _NORMAL) * (percentiles - estimates)
    return [Interval(*values) for values in zip(estimates.tolist(), *ends.tolist(), strict=True)]


def _stretch(num: int | np.ndarray, normal: float) -> np.float64 | np.ndarray:
    """By how much resampled deviations are too small: the weights' own factor, then Student's t over the normal.

    Of n weights from a flat Dirichlet, a mean has variance s² (n - 1) / (n (n + 1)), where s² / n is wanted. t is taken
    by the first term of its expansion about the normal's quantile (Abramowitz and Stegun, 26.7.5). NaN for one image.
    """
    freedom = np.where(np.asarray(num) > 1, np.asarray(num) - 1.0, np.nan)
    return np.sqrt((freedom + 2) / freedom) * (1 + (normal**2 + 1) / (4 * freedom))


def _beyond_shared_band(estimates: np.ndarray, resampled: np.ndarray, held: np.ndarray) -> np.ndarray:
    spread = resampled.std(axis=0)
    known = (held >= FEWEST_IMAGES) & (spread > 0)  # NaN is not above 0
    moved = np.zeros(NUM_CLASSES, dtype=bool)
    if known.any():
        deviations = np.abs(resampled[:, known] - estimates[known]) / spread[known]
        limit = float(np.quantile(deviations.max(axis=1), CONFIDENCE))
        # a class that eight images hold has eight images' tails, however many others there are
        moved[known] = np.abs(estimates[known]) > limit * _stretch(held[known], limit) * spread[known]
    return moved


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean along each row without NaNs; NaN where nothing is left."""
    counted = ~np.isnan(values)
    return _ratio(np.where(counted, values, 0).sum(axis=1), counted.sum(axis=1))
