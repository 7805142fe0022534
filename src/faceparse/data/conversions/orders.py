"""The label orders of others, as tables to ours and back.

Each order lists its ids with the classes of ours that they stand for, so names, lookup tables and what a conversion
loses are all read off one row. "Left" in our names is the subject's; an order that calls the image's left "left"
simply has our *right* eye under that name.

Sources: BiSeNet: zllrunning/face-parsing.PyTorch, `prepropess_data.py`. FaRL: FacePerceiver/FaRL,
`farl/datasets/celebamask_hq.py`, where the part file `l_eye` becomes `re`. LaPa: its README's table. Helen: the README
of Smith et al. 2013 ("face skin, excluding ears and neck"). MaskGAN: switchablenorms/CelebAMask-HQ,
`MaskGAN_demo/demo.py`, whose order is CelebAMask-HQ's own. Merged: PeizhiYan/flame-head-tracker, `class_remapping`
("11 classes", background not counted), made for CelebAMask-HQ parsers.

LaPa's side is the subject's: facer, by FaRL's authors, calls id 2 of its LaPa network `rb`, the name that it also has
for CelebAMask-HQ's `l_brow`; FaRL's training code, older, copies the README's "left" as `lb`, which says nothing of the
side. `sides.py` looks at the label maps themselves, so a set that disagrees is noticed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import UInt8

from faceparse.classes import CLASSES, IGNORE_LABEL, NAMES, NUM_CLASSES, class_id
from faceparse.errors import DataError, UsageError
from faceparse.types import Labels

Table = UInt8[np.ndarray, "256"]
"""What each value becomes."""

UNKNOWN = 254
"""In a table: this value is no id of the order."""


@dataclass(frozen=True)
class Part:
    """One id of an order."""

    name: str
    """What the order calls it."""
    classes: tuple[str, ...]
    """Names of our classes that become it."""
    back: str | None
    """Our class that it becomes; None where no single one is meant, and its pixels become ignored (255)."""


@dataclass(frozen=True)
class Order:
    """The ids of others: `parts[i]` is id i."""

    name: str
    summary: str
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        covered = sorted(class_id(name) for part in self.parts for name in part.classes)
        assert covered == list(range(NUM_CLASSES)), f"{self.name} must take each of our classes once"

    @property
    def is_lossless(self) -> bool:
        """Whether there and back gives every id again."""
        return all(part.classes == (part.back,) for part in self.parts)

    @cached_property
    def from_ours(self) -> Table:
        """Our ids as theirs; 255 stays."""
        table = np.full(256, UNKNOWN, dtype=np.uint8)
        table[IGNORE_LABEL] = IGNORE_LABEL
        for id, part in enumerate(self.parts):
            table[[class_id(name) for name in part.classes]] = id
        table.setflags(write=False)
        return table

    @cached_property
    def to_ours(self) -> Table:
        """Their ids as ours; 255 stays, and so become ids for which we have no single class."""
        table = np.full(256, UNKNOWN, dtype=np.uint8)
        table[IGNORE_LABEL] = IGNORE_LABEL
        for id, part in enumerate(self.parts):
            table[id] = IGNORE_LABEL if part.back is None else class_id(part.back)
        table.setflags(write=False)
        return table

    def losses(self) -> list[str]:
        """What a conversion from ours to this order merges, a sentence each: `eyes: left eye, right eye`."""
        return [f"{p.name}: {', '.join(p.classes)}" for p in self.parts if len(p.classes) > 1]

    def missing(self) -> list[str]:
        """Our classes that no label map of this order can have."""
        known = {part.back for part in self.parts}
        return [name for name in NAMES if name not in known]


def relabel(labels: Labels, source: Order, target: Order, shown: str) -> Labels:
    """A label map of one order in another.

    Raises:
        DataError: an id that `source` has not; `shown` names the file.
    """
    ours = source.to_ours[labels]
    unknown = labels[ours == UNKNOWN]
    if unknown.size:
        raise DataError(
            f"{shown}: holds id {int(unknown.max())}, where ids of the order '{source.name}' are 0 to "
            f"{len(source.parts) - 1} (or {IGNORE_LABEL} for ignored)"
        )
    return target.from_ours[ours]


def find_order(name: str) -> Order:
    """The order of this name.

    Raises:
        UsageError: there is none; the nearest is named.
    """
    if name not in ORDERS:
        raise UsageError.unknown("label order", name, ORDERS)
    return ORDERS[name]


def _permuted(name: str, summary: str, suffixes: str, names: str | None = None) -> Order:
    """An order that has each of our classes once, by the endings of its part files."""
    by_suffix = {c.suffix or "background": c.name for c in CLASSES}
    called = (names or suffixes).split()
    parts = (Part(theirs, (by_suffix[s],), by_suffix[s]) for s, theirs in zip(suffixes.split(), called, strict=True))
    return Order(name, summary, tuple(parts))


def _merged(name: str, summary: str, parts: Mapping[str, tuple[str, ...]]) -> Order:
    """An order whose parts hold several of ours; the first is the way back, unless both sides are in it."""
    return Order(name, summary, tuple(Part(theirs, ours, _back(ours)) for theirs, ours in parts.items()))


def _back(ours: tuple[str, ...]) -> str | None:
    return None if CLASSES[class_id(ours[0])].mirror in ours else ours[0]


_OURS = "background " + " ".join(c.suffix for c in CLASSES if c.suffix)

_OFF_THE_FACE = ("background", "hat", "earring", "necklace", "neck", "cloth")

_ORDERS = (
    _permuted("celebamask", "CelebAMask-HQ's, which is ours", _OURS),
    _permuted("maskgan", "MaskGAN's demo: CelebAMask-HQ's own order", _OURS),
    _permuted(
        "bisenet",
        "face-parsing.PyTorch and its many copies",
        "background skin l_brow r_brow l_eye r_eye eye_g l_ear r_ear ear_r nose mouth u_lip l_lip neck neck_l cloth "
        "hair hat",
    ),
    _permuted(
        "farl",
        "FaRL and facer on CelebAMask-HQ; its left is the viewer's",
        "background neck skin cloth l_ear r_ear l_brow r_brow l_eye r_eye nose mouth l_lip u_lip hair eye_g hat ear_r "
        "neck_l",
        "background neck face cloth rr lr rb lb re le nose imouth llip ulip hair eyeg hat earr neck_l",
    ),
    _merged(
        "lapa",
        "LaPa, 11 classes; its left is the subject's, its face has the ears",
        {
            "background": _OFF_THE_FACE,
            "face": ("skin", "eye glasses", "left ear", "right ear"),
            "left eyebrow": ("left brow",),
            "right eyebrow": ("right brow",),
            "left eye": ("left eye",),
            "right eye": ("right eye",),
            "nose": ("nose",),
            "upper lip": ("upper lip",),
            "inner mouth": ("mouth",),
            "lower lip": ("lower lip",),
            "hair": ("hair",),
        },
    ),
    _merged(
        "helen",
        "Helen, 11 classes; its left is the image's, its face has no ears",
        {
            "background": (*_OFF_THE_FACE, "left ear", "right ear"),
            "face": ("skin", "eye glasses"),
            "left eyebrow": ("right brow",),
            "right eyebrow": ("left brow",),
            "left eye": ("right eye",),
            "right eye": ("left eye",),
            "nose": ("nose",),
            "upper lip": ("upper lip",),
            "inner mouth": ("mouth",),
            "lower lip": ("lower lip",),
            "hair": ("hair",),
        },
    ),
    _merged(
        "merged",
        "11 classes and background: left and right are one, what is not of the head is background",
        {
            "background": ("background", "earring", "necklace", "neck", "cloth"),
            "skin": ("skin",),
            "brows": ("left brow", "right brow"),
            "eyes": ("left eye", "right eye"),
            "nose": ("nose",),
            "upper lip": ("upper lip",),
            "lower lip": ("lower lip",),
            "ears": ("left ear", "right ear"),
            "hair": ("hair",),
            "hat": ("hat",),
            "eye glasses": ("eye glasses",),
            "mouth": ("mouth",),
        },
    ),
)

ORDERS: Mapping[str, Order] = {order.name: order for order in _ORDERS}
"""Every order that is known, by name."""
