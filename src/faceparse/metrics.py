"""Every score that this project names, from one confusion matrix per image.

Pixels whose truth is 255 (ignored) count nowhere. The protocols:

- `fscore_2025`: the 2025 challenge's score. Per image, the mean F over the ids *present in the truth* (one that is only
  predicted has no F of its own); the set's score is the mean over images.
- `miou_2022`: the 2022 challenge's score. IoU = tp / (tp + fp + fn) from one matrix over the whole set, mean over the
  classes.
- `macc`: tp / (tp + fn) from that matrix, mean over classes present in the truth; `aacc`: the share of right pixels.
- `f1_dataset`: F1 = 2tp / (2tp + fp + fn) from that matrix, mean over the 18 foreground classes.

In `miou_2022` and `f1_dataset` a class absent from truth and prediction is left out of the mean, and one that is only
predicted counts 0. A mean over nothing is NaN, and null in JSON.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int64, Integer

from faceparse.classes import IGNORE_LABEL, NAMES, NUM_CLASSES
from faceparse.errors import DataError

Confusion = Int64[np.ndarray, "19 19"]
"""Pixels counted by class: rows truth, columns prediction."""

_EPSILON = 1e-7
"""Stands in every denominator of the 2025 score, as its definition has it."""


def confusion_matrix(truth: Integer[np.ndarray, "..."], prediction: Integer[np.ndarray, "..."]) -> Confusion:
    """Count pixels by true class (row) and predicted class (column); pixels whose truth is 255 are left out.

    Label maps are long runs of equal pixels, so runs are counted instead of pixels: 19 passes over a 512² map, the way
    the definition reads, take over twenty times as long (`benchmarks/score_speed.py`).

    Args:
        truth: ids 0-18, or 255 for ignored; any shape.
        prediction: ids 0-18; the same shape.

    Raises:
        DataError: the sizes differ, or a value is no id.
    """
    if truth.shape != prediction.shape:
        raise DataError(
            f"truth is {_size(truth)} and prediction {_size(prediction)}; both must have the same height and width"
        )
    true, predicted = _as_bytes(truth, "truth"), _as_bytes(prediction, "prediction")
    if not true.size:
        return np.zeros((NUM_CLASSES, NUM_CLASSES), dtype=np.int64)
    changes = true[1:] != true[:-1]
    changes |= predicted[1:] != predicted[:-1]
    starts = np.concatenate(([0], np.flatnonzero(changes) + 1))
    lengths = np.diff(starts, append=true.size)
    true, predicted = true[starts], predicted[starts]
    _refuse(true[(true >= NUM_CLASSES) & (true != IGNORE_LABEL)], "truth", f" (or {IGNORE_LABEL} for ignored)")
    _refuse(predicted[predicted >= NUM_CLASSES], "prediction")
    # the ignored pixels' codes lie beyond the matrix; sums of whole numbers below 2^53 are exact in float64
    codes = true.astype(np.int64) * NUM_CLASSES + predicted
    counts = np.bincount(codes, weights=lengths, minlength=NUM_CLASSES**2)[: NUM_CLASSES**2]
    return counts.astype(np.int64).reshape(NUM_CLASSES, NUM_CLASSES)


def image_fscore_from(confusion: Confusion) -> float:
    """The 2025 challenge's score of one image, from its confusion matrix.

    For every id present in the truth: precision = tp / (tp + fp + 1e-7), recall = tp / (tp + fn + 1e-7),
    F = 2 · precision · recall / (precision + recall + 1e-7); the score is the mean of these F. NaN where the
    truth holds no id at all.
    """
    true_positives = np.diag(confusion).astype(np.float64)
    in_truth = confusion.sum(axis=1)
    precision = true_positives / (confusion.sum(axis=0) + _EPSILON)
    recall = true_positives / (in_truth + _EPSILON)
    return _mean((2 * precision * recall / (precision + recall + _EPSILON))[in_truth > 0])


def fscore_2025(truth: Integer[np.ndarray, "..."], prediction: Integer[np.ndarray, "..."]) -> float:
    """The 2025 challenge's score of one image, in [0, 1]: see `image_fscore_from`.

    Args:
        truth: ids 0-18, or 255 for ignored; any shape.
        prediction: ids 0-18; the same shape.

    Raises:
        DataError: the sizes differ, or a value is no id.
    """
    return image_fscore_from(confusion_matrix(truth, prediction))


@dataclass(frozen=True)
class ClassScore:
    """One class over the whole set, as fractions in [0, 1]; NaN where there was nothing to measure."""

    iou: float
    """tp / (tp + fp + fn); NaN where the class is in neither truth nor prediction, 0 where it is only predicted."""
    acc: float
    """tp / (tp + fn); NaN where the class is not in the truth."""
    f1: float
    """2tp / (2tp + fp + fn); absent classes as for `iou`."""
    pixels: int
    """Pixels of the class in the truth."""


@dataclass(frozen=True)
class ScoreReport:
    """Scores of a set, unrounded fractions in [0, 1]; the module's docstring defines them."""

    num_images: int
    miou_2022: float
    macc: float
    aacc: float
    fscore_2025: float
    f1_dataset: float
    per_class: Mapping[str, ClassScore]
    image_fscores: tuple[float, ...]
    """`fscore_2025` of each image, in the order of the updates."""
    image_counts: Int64[np.ndarray, "num 3 19"] = field(repr=False, compare=False)
    """Pixels of each image and class that are right, in the truth, and in the prediction (`image_counts.py`)."""

    def as_dict(self) -> dict[str, object]:
        """The object of `--json`: NaN as None, and no figures per image."""
        means = ("miou_2022", "macc", "aacc", "fscore_2025", "f1_dataset")
        return {
            "num_images": self.num_images,
            **{name: _none_if_nan(getattr(self, name)) for name in means},
            "per_class": {
                name: {key: _none_if_nan(value) for key, value in vars(score).items()}
                for name, score in self.per_class.items()
            },
        }


class Scores:
    """Takes images one by one and gives every score of the set.

    >>> scores = Scores()
    >>> for truth, prediction in pairs: scores.update(truth, prediction)
    >>> scores.result().miou_2022
    """

    def __init__(self) -> None:
        self.confusion: Confusion = np.zeros((NUM_CLASSES, NUM_CLASSES), dtype=np.int64)
        self.image_fscores: list[float] = []
        self.image_counts: list[np.ndarray] = []

    def update(self, truth: Integer[np.ndarray, "..."], prediction: Integer[np.ndarray, "..."]) -> None:
        """Count one image.

        Raises:
            DataError: the sizes differ, or a value is no id.
        """
        self.update_from(confusion_matrix(truth, prediction))

    def update_from(self, confusion: Confusion) -> None:
        """Count one image whose confusion matrix was made elsewhere, as on a GPU."""
        self.confusion = self.confusion + confusion
        self.image_fscores.append(image_fscore_from(confusion))
        self.image_counts.append(np.stack([np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)]))

    def merge(self, other: "Scores") -> None:
        """Take in the images that another process counted."""
        self.confusion = self.confusion + other.confusion
        self.image_fscores.extend(other.image_fscores)
        self.image_counts.extend(other.image_counts)

    def result(self) -> ScoreReport:
        """The scores of all images so far."""
        right, in_truth, in_prediction = np.diag(self.confusion), self.confusion.sum(axis=1), self.confusion.sum(axis=0)
        iou = _ratio(right, in_truth + in_prediction - right)
        acc = _ratio(right, in_truth)
        f1 = _ratio(2 * right, in_truth + in_prediction)
        rows = zip(iou.tolist(), acc.tolist(), f1.tolist(), in_truth.tolist(), strict=True)
        return ScoreReport(
            num_images=len(self.image_fscores),
            miou_2022=_mean(iou),
            macc=_mean(acc),
            aacc=float(right.sum() / in_truth.sum()) if in_truth.any() else math.nan,
            fscore_2025=_mean(np.array(self.image_fscores)),
            f1_dataset=_mean(f1[1:]),
            per_class={name: ClassScore(*row) for name, row in zip(NAMES, rows, strict=True)},
            image_fscores=tuple(self.image_fscores),
            image_counts=np.array(self.image_counts, dtype=np.int64).reshape(-1, 3, NUM_CLASSES),
        )


def _as_bytes(ids: Integer[np.ndarray, "..."], what: str) -> np.ndarray:
    """Ids as a flat uint8 array; whatever does not fit into one is refused."""
    flat = np.ravel(ids)
    if flat.dtype != np.uint8:
        _refuse(flat[(flat < 0) | (flat > IGNORE_LABEL)], what)
        flat = flat.astype(np.uint8)
    return flat


def _refuse(wrong: np.ndarray, what: str, also: str = "") -> None:
    if wrong.size:
        raise DataError(f"{what} holds id {int(wrong[0])}, where ids are 0 to {NUM_CLASSES - 1}{also}")


def _size(ids: np.ndarray) -> str:
    return "×".join(str(side) for side in ids.shape) or "a single number"


def _ratio(part: np.ndarray, whole: np.ndarray) -> Float[np.ndarray, "..."]:
    """part / whole, NaN where the whole is 0."""
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _mean(values: np.ndarray) -> float:
    """Mean without NaNs; NaN where nothing is left."""
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if kept.size else math.nan


def _none_if_nan(value: int | float) -> int | float | None:
    return None if math.isnan(value) else value
