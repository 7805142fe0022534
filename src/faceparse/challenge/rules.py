"""The rules of both challenges as data: what may be trained on, what a zip holds, how often one may try.

Source: the challenges' own descriptions. Every fault that is told about a zip or a model names one of these rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from faceparse.errors import UsageError

Year = Literal["2022", "2025"]

SIDE = 512
"""Photos and masks of both challenges are squares of so many pixels."""


def _grey_but_first_sixteen() -> tuple[tuple[int, int, int], ...]:
    first = (
        (0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128), (0, 128, 128), (128, 128, 128),
        (64, 0, 0), (191, 0, 0), (64, 128, 0), (191, 128, 0), (64, 0, 128), (191, 0, 128), (64, 128, 128),
        (191, 128, 128),
    )  # fmt: skip
    return first + tuple((grey, grey, grey) for grey in range(len(first), 256))


PALETTE_2025 = _grey_but_first_sixteen()
"""Of the masks of 2025: entry i is grey (i, i, i) but for the first sixteen."""


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """What one challenge allows and asks for."""

    year: Year
    score: str
    """The key of its score in `evaluate --json`."""
    parameter_limit: int | None
    """Trainable parameters must be strictly fewer; None where there is no limit."""
    initial_weights: frozenset[str]
    """Kinds of weights that a run may begin with."""
    num_given: Mapping[str, int]
    """Labelled pairs that are given, by split."""
    train_on_val: bool
    """Whether the release has masks of `val` to train on."""
    upload_bytes: int | None
    tries: int
    tries_a_day: int | None
    cancelled_counts: bool
    """Whether a cancelled try counts until it is deleted; failed ones count in neither challenge."""
    rules: Mapping[str, str] = field(repr=False)
    """The sentence of each rule, by the key that faults name."""

    @property
    def num_pairs(self) -> int:
        return sum(self.num_given.values())


_OF_BOTH = {
    "safe": "a zip holds plain files only: no way out of its folder, no links, no passwords, no name twice",
    "litter": "nothing but what is asked for: no __MACOSX, no hidden files, no thumbnails",
    "names": "each mask is named as its image, NAME.png for NAME.jpg: all of them and no others",
    "suffix": "masks are PNG files called NAME.png",
    "readable": "masks are whole PNG files",
    "channels": "a mask is a single channel of class ids, not a coloured picture",
    "ids": "pixel values are the class ids 0 to 18",
    "size": f"a mask has its image's size ({SIDE}×{SIDE})",
    "ensemble": "no ensemble: one network makes the masks (a moving average of one run's weights is one network)",
}

_2025 = Challenge(
    year="2025",
    score="fscore_2025",
    parameter_limit=1_821_085,
    initial_weights=frozenset({"random"}),
    num_given={"train": 1000, "val": 100},
    train_on_val=False,
    upload_bytes=None,
    tries=10,
    tries_a_day=None,
    cancelled_counts=True,
    rules={
        **_OF_BOTH,
        "layout": "masks/NAME.png and, in the test phase, solution/ lie at the zip's root, in no folder around them",
        "palette": "a mask has a palette (mode P)",
        "parameters": "strictly fewer than 1,821,085 trainable parameters",
        "pretraining": "from scratch: no pretrained weights",
        "data": "trained on the 1,000 training and 100 validation pairs only: no external data",
        "solution": "solution/ holds ckpt.pth, requirements.txt and run.py",
        "run": "works as: pip install -r requirements.txt, then "
        "python3 run.py --input IMAGE.jpg --output MASK.png --weights ckpt.pth",
        "same": "the output of run.py is compared with the file in masks/",
        "checkpoint": "ckpt.pth loads as plain data (weights_only=True) and holds the weights under state_dict",
        "tries": "at most 10 submissions; failed ones do not count, cancelled ones do until deleted",
    },
)

_2022 = Challenge(
    year="2022",
    score="miou_2022",
    parameter_limit=None,
    initial_weights=frozenset({"random", "imagenet-1k"}),
    num_given={"train": 5000, "val": 1000},
    train_on_val=True,
    upload_bytes=30 * 10**6,
    tries=100,
    tries_a_day=10,
    cancelled_counts=False,
    rules={
        **_OF_BOTH,
        "layout": "the zip holds one sub-folder of PNGs and nothing else",
        "upload": "a zip of at most 30 MB",
        "pretraining": "ImageNet-1k pretraining is allowed, other pretrained weights (ImageNet-21k) are not",
        "data": "trained on the 5,000 training and 1,000 validation pairs only: no external data",
        "tries": "at most 10 uploads a day and 100 in all",
        "matric": "the hand-in zip is named by the matriculation number, as in A12345678B.zip",
        "report": "the report is a PDF",
        "masks": "the best masks of the test images are handed in",
        "code": "all code is handed in",
        "weights": "the checkpoint is handed in",
        "screenshot": "a screenshot of the score is handed in",
        "readme": "Readme.txt states matriculation number, user name, best score, files, third-party libraries and "
        "how to run",
    },
)

CHALLENGES: dict[str, Challenge] = {"2022": _2022, "2025": _2025}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong with a zip or a model, and the rule that it breaks."""

    rule: str
    """A key of `Challenge.rules`."""
    what: str
    """What was found and where, as one sentence without full stop."""
    warning: bool = False
    """Whether it may still be accepted: told, but no reason to refuse."""


def find_challenge(year: str) -> Challenge:
    """The challenge of a year.

    Raises:
        UsageError: there is none.
    """
    if year not in CHALLENGES:
        raise UsageError.unknown("challenge", year, CHALLENGES)
    return CHALLENGES[year]


def years_allowing(pretraining: str, num_parameters: int) -> list[str]:
    """The challenges whose rules allow a network of this size, trained on their pairs from such weights.

    Args:
        pretraining: `none`, or what the weights were trained on (`imagenet-1k`).
    """
    kind = "random" if pretraining == "none" else pretraining
    return [
        year for year, challenge in CHALLENGES.items()
        if kind in challenge.initial_weights
        and (challenge.parameter_limit is None or num_parameters < challenge.parameter_limit)
    ]  # fmt: skip
