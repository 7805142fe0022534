"""From counted probabilities to a ranked list: what is confident, and how grave."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int32, UInt8

from faceparse.classes import IGNORE_LABEL, MIRROR, NAMES, NUM_CLASSES
from faceparse.types import Labels

LEAST_SCORE = 0.1
"""What is doubted over less than a tenth of a part is its edge."""
LEVELS = 64
"""Probabilities are counted in so many steps."""
_DENIES = slice(1)
"""The level of less than one in a hundred."""

Counted = Int32[np.ndarray, "2 19 64"]
"""Pixels by whether the class is their label (0: it is not), class, and level of its probability."""


@dataclass(frozen=True)
class Disagreement:
    """A class of a pair that judges see otherwise than its label."""

    name: str
    """The files' stem."""
    split: str
    class_name: str
    kind: Literal["missing", "extra", "different"]
    """missing: the label has none, or hardly any; extra: judges see none, or hardly any; different: its outline."""
    score: float
    """In [0, 1]; the module's docstring defines it."""
    pixels: int
    """Doubted, at the label map's own size."""

    def as_dict(self) -> dict[str, object]:
        """An entry of `--json`'s `disagreements`."""
        return asdict(self)


@dataclass(frozen=True)
class Verdict:
    """What the judges of a pair see, counted."""

    name: str
    split: str
    counts: Counted
    scale: float
    """Pixels of the label map for each one counted."""


def count_levels(levels: UInt8[np.ndarray, "19 height width"], labels: Labels) -> Counted:
    """Count pixels by level. A part's mirror partner is no disagreement: sides are for the doctor's geometry."""
    counted: Counted = np.zeros((2, NUM_CLASSES, LEVELS), dtype=np.int32)
    for index, partner in enumerate(MIRROR.tolist()):
        inside = labels == index
        outside = ~inside & (labels != partner) & (labels != IGNORE_LABEL)
        either = levels[index][inside].astype(np.int64)
        if partner != index:
            either = np.minimum(either + levels[partner][inside], LEVELS - 1)
        counted[0, index] = np.bincount(levels[index][outside], minlength=LEVELS)
        counted[1, index] = np.bincount(either, minlength=LEVELS)
    return counted


def ranked(verdicts: Sequence[Verdict]) -> list[Disagreement]:
    """The disagreements that score `LEAST_SCORE` or more, the gravest first; `faceparse.audit` defines the score."""
    counts = np.stack([verdict.counts for verdict in verdicts])
    total = counts.sum(axis=0, dtype=np.int64)
    num_labelled = np.maximum(total[1].sum(axis=1), 1)
    levels = np.arange(LEVELS)
    threshold = np.ceil(total[1] @ levels / num_labelled)
    says_so = (levels >= threshold[:, None]) & total[1].any(axis=1, keepdims=True)
    precision = (total[1] * says_so).sum(axis=1) / np.maximum((total.sum(axis=0) * says_so).sum(axis=1), 1)
    recall = total[1][:, LEVELS // 2 :].sum(axis=1) / num_labelled

    scale = np.array([[verdict.scale] for verdict in verdicts])
    labelled = counts[:, 1].sum(axis=2) * scale
    all_missing = (counts[:, 0] * says_so).sum(axis=2) * scale
    all_extra = counts[:, 1][..., _DENIES].sum(axis=2) * scale
    pixels = np.maximum(labelled.sum(axis=1, keepdims=True), 1)
    held = labelled > 0
    mean_shares = (labelled / pixels).sum(axis=0) / np.maximum(held.sum(axis=0), 1)
    # every outline differs a little: half of those who have a part differ by no more than this
    edges = [np.median(all_missing[held[:, i], i]) if held[:, i].any() else 0.0 for i in range(NUM_CLASSES)]
    beyond_edge = np.where(held, np.maximum(all_missing - edges, 0), all_missing)
    sizes = np.maximum(mean_shares * pixels, 1)
    score_missing = precision * np.minimum(beyond_edge / sizes, 1)
    score_extra = recall * np.minimum(all_extra / sizes, 1)

    found = []
    for row, index in np.argwhere(np.maximum(score_missing, score_extra) >= LEAST_SCORE).tolist():
        missing, extra = float(all_missing[row, index]), float(all_extra[row, index])
        kind = _kind(float(labelled[row, index]), missing, extra)
        score, area = max((float(score_missing[row, index]), missing), (float(score_extra[row, index]), extra))
        verdict = verdicts[row]
        found.append(Disagreement(verdict.name, verdict.split, NAMES[index], kind, score, round(area)))
    return sorted(found, key=lambda one: (-one.score, one.split, one.name, one.class_name))


def _kind(labelled: float, missing: float, extra: float) -> Literal["missing", "extra", "different"]:
    if labelled < 0.1 * missing:
        return "missing"
    return "extra" if extra > 0.9 * labelled else "different"
