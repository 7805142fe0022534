"""What a report says, whichever program trained: plain values that the PDF, the page and the tables are made from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Evaluation:
    """Scores on validation after some steps, as fractions in [0, 1]; what was not measured is absent."""

    step: int
    scores: Mapping[str, float]
    """By the names of `SCORE_NAMES`."""
    per_class: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By class: `iou`, `acc` and `f1`, NaN where there was nothing to measure."""


SCORE_NAMES = {
    "miou_2022": "mIoU",
    "macc": "mAcc",
    "aacc": "aAcc",
    "fscore_2025": "F (2025)",
    "f1_dataset": "F1",
}
"""How a report calls the scores of `metrics`."""

EXPLANATIONS = {
    "miou_2022": "mean IoU over the classes, one confusion matrix over all images (2022)",
    "macc": "mean accuracy over the classes",
    "aacc": "share of pixels that are right",
    "fscore_2025": "mean over images of the mean F over an image's classes (2025)",
    "f1_dataset": "mean F1 over the foreground classes, one confusion matrix",
}


@dataclass(frozen=True)
class History:
    """The course of a training."""

    losses: Sequence[tuple[int, float]]
    """Steps and the training loss."""
    evaluations: Sequence[Evaluation]
    total_steps: int | None = None
    """Where it will end."""
    chosen_by: str = "miou_2022"
    """The score by which the best checkpoint was chosen."""

    @property
    def best(self) -> Evaluation | None:
        """The evaluation with the highest score; the first of equals."""
        known = [it for it in self.evaluations if math.isfinite(it.scores.get(self.chosen_by, math.nan))]
        return max(known, key=lambda it: it.scores[self.chosen_by], default=None)

    @property
    def ended(self) -> bool:
        """Whether all steps are done and evaluated, as far as is known."""
        evaluated = max((it.step for it in self.evaluations), default=0)
        return self.total_steps is None or evaluated >= self.total_steps

    @property
    def last_step(self) -> int:
        return max([step for step, _ in self.losses] + [it.step for it in self.evaluations], default=0)


@dataclass(frozen=True)
class Section:
    """A heading and what is said under it, as labels and texts."""

    heading: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class ExamplePicture:
    """A face: photo, truth, prediction and errors in one strip."""

    name: str
    fscore: float
    best: bool
    """One of the best; else one of the worst."""
    picture: Path


@dataclass(frozen=True)
class Ablation:
    """Another run, and in what it differs."""

    name: str
    changes: str
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Cover:
    """What the rules ask for on the first page; None: a line to be filled in by hand."""

    title: str = "Face parsing"
    matric: str | None = None
    user: str | None = None
    score: str | None = None


@dataclass(frozen=True)
class Content:
    """Everything in a report."""

    cover: Cover
    history: History
    sections: Sequence[Section]
    """Model, losses, augmentation, optimisation, machine."""
    facts: Sequence[tuple[str, str]]
    """The few that stand on the cover: model, parameters, best scores."""
    evaluation: Evaluation | None = None
    """Whose scores are shown."""
    evaluated: str = ""
    """A sentence on which one that is."""
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """95 % intervals of scores, where images were evaluated one by one."""
    examples: Sequence[ExamplePicture] = ()
    ablations: Sequence[Ablation] = ()
    references: Sequence[str] = ()
    notes: Sequence[str] = ()
    """What the reader should know of what is missing or left out."""


def number(value: float | None, digits: int = 2) -> str:
    """A fraction as per cent, `-` where there is none."""
    return "-" if value is None or not math.isfinite(value) else f"{100 * value:.{digits}f}"
