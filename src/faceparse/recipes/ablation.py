"""The 2022 winner's ablations as rows: one augmentation or one loss changed at a time, with the mIoU it reported.

The report's two tables share one run (77.33: "mild jitter" in one, "weighted CE" in the other): rows of augmentation
train with weighted cross-entropy, rows of losses with mild jitter. Its focal loss and its Dice come on top of weighted
cross-entropy; they are MMSegmentation's, which are not ours (`losses/focal.py`, `losses/dice.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from faceparse.config import RunConfig
from faceparse.data.augment import AugmentConfig
from faceparse.errors import UsageError
from faceparse.losses import LossConfig

from .challenge_2022 import CROSS_ENTROPY, MILD_JITTER, WINNER_WEIGHTS

_HIGH_WEIGHTS = (
    0.9, 0.9, 0.9, 1.0, 1.0, 1.0, 1.1, 1.1, 1.1, 1.1, 1.0, 1.0, 1.0, 0.9, 1.1, 2.0, 4.0, 1.0, 1.1,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run of the grid."""

    name: str
    group: str
    """`augmentation` or `loss`: the table in which the report has it."""
    reported: float
    """Validation mIoU in per cent: DeepLabV3+ R-50, 20k steps of 4, SGD .01, on the challenge's 5,000 pairs."""
    augment: AugmentConfig
    loss: LossConfig

    def config(self, base: RunConfig) -> RunConfig:
        """The run of this row; all but augmentation and loss are the base's."""
        return replace(base, augment=self.augment, loss=self.loss)


_PLAIN = replace(MILD_JITTER, color_probability=0.0)
_FULL = replace(MILD_JITTER, brightness=32.0, contrast=(0.5, 1.5), saturation=(0.5, 1.5), hue=36.0)
"""MMSegmentation's own strength; its hue of 18 is of 180."""
_WEIGHTED = replace(CROSS_ENTROPY, class_weights=WINNER_WEIGHTS)
_WITH_FOCAL = replace(_WEIGHTED, focal=1.0, focal_gamma=3.0, focal_alpha=0.25)


def _turned(degrees: float, **changes: object) -> AugmentConfig:
    return replace(MILD_JITTER, rotation=degrees, rotation_probability=0.5, **changes)  # type: ignore[arg-type]


def _augmentation(name: str, reported: float, augment: AugmentConfig) -> Row:
    return Row(name=name, group="augmentation", reported=reported, augment=augment, loss=_WEIGHTED)


def _loss(name: str, reported: float, loss: LossConfig) -> Row:
    return Row(name=name, group="loss", reported=reported, augment=MILD_JITTER, loss=loss)


GRID = (
    _augmentation("none", 77.15, _PLAIN),
    _augmentation("mild-jitter", 77.33, MILD_JITTER),
    _augmentation("full-jitter", 77.20, _FULL),
    _augmentation("mild-rotate-15", 77.77, _turned(15.0)),
    _augmentation("mild-rotate-25", 77.88, _turned(25.0)),
    _augmentation("mild-rotate-35", 77.47, _turned(35.0)),
    _augmentation("mild-rotate-25-small-cutout", 77.31,
                  _turned(25.0, cutout=0.3, cutout_holes=(1, 2), cutout_sides=(32 / 512, 48 / 512))),
    _augmentation("mild-rotate-25-big-cutout", 77.85,
                  _turned(25.0, cutout=0.5, cutout_holes=(1, 3), cutout_sides=(32 / 512, 64 / 512))),
    _loss("ce", 76.88, CROSS_ENTROPY),
    _loss("weighted-ce", 77.33, _WEIGHTED),
    _loss("weighted-ce-lovasz-2-1", 78.22, replace(_WEIGHTED, lovasz=0.5)),
    _loss("weighted-ce-lovasz-1-1", 77.92, replace(_WEIGHTED, lovasz=1.0)),
    _loss("weighted-ce-lovasz-1-2", 78.40, replace(_WEIGHTED, lovasz=2.0)),
    _loss("weighted-ce-focal", 77.10, _WITH_FOCAL),
    _loss("weighted-ce-focal-dice", 77.08, replace(_WITH_FOCAL, dice=1.0)),
    _loss("high-weights", 77.27, replace(CROSS_ENTROPY, class_weights=_HIGH_WEIGHTS)),
    _loss("auxiliary-1-1", 76.83, replace(_WEIGHTED, auxiliary=1.0)),
)  # fmt: skip


def find_rows(chosen: Iterable[str]) -> list[Row]:
    """Rows by name or group, in the grid's order; all where none is named.

    Raises:
        UsageError: no row or group has such a name.
    """
    wanted = set(chosen)
    known = [*dict.fromkeys(row.group for row in GRID), *(row.name for row in GRID)]
    for name in sorted(wanted - set(known)):
        raise UsageError.unknown("row", name, known)
    return [row for row in GRID if not wanted or {row.name, row.group} & wanted]
