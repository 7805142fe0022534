"""How a face lies in its label map: which way its left is, and where its middle, by the parts that show."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float64

from faceparse.classes import CLASSES, NAMES, class_id
from faceparse.types import Labels

SIDED = [c.id for c in CLASSES if c.mirror]
PARTS = ("eye", "brow", "ear")
_NOSE = [class_id("nose")]
_LIPS = [class_id(name) for name in ("mouth", "upper lip", "lower lip")]
_FACE = [class_id("skin"), *_NOSE, *_LIPS, *SIDED]

# Lengths below are in units of the square root of the face's area: the eyes of a frontal face are 0.4 apart.
_UPRIGHT = 0.05
"""Weight of the image's own right in the direction across the face: it decides where nothing else does."""
_ABOVE = 0.2
"""Weight of each thing that lies above another: nose over lips, eyes and brows over both."""
_CLEAR_ORDER = 0.03
"""Partners that lie closer together than this, across the face, do not vote."""
_CLEAR_SIDE = 0.08
"""A part alone that lies closer to the line of nose and mouth does not vote."""
_SPECK = 4e-4
"""Islands below this share of the face's area, or below a fifth of their class, say nothing."""

Point = Float64[np.ndarray, "2"]


@dataclass(frozen=True)
class Island:
    """A connected region of one side's class."""

    id: int
    center: Point
    """x, y in pixels."""
    box: tuple[slice, slice]
    """Rows and columns around its class."""
    region: Bool[np.ndarray, "rows columns"]
    """Which pixels of the box are its own."""

    @property
    def part(self) -> str:
        return NAMES[self.id].split()[1]

    @property
    def expected(self) -> int:
        """+1 for a left part, -1 for a right one."""
        return 1 if NAMES[self.id].startswith("left") else -1


@dataclass(frozen=True)
class Pose:
    """Where the face's middle is and which way its left."""

    across: Point
    """Unit vector from the subject's right to the left."""
    middle: Point | None
    """On the line of nose and mouth; None where both are hidden."""
    scale: float
    """Square root of the face's area in pixels."""

    def order(self, left: Island, right: Island) -> int:
        """+1 where a left part lies to the subject's left of a right one, -1 where it is the other way, 0 unclear."""
        return _sign(float((left.center - right.center) @ self.across) / self.scale, _CLEAR_ORDER)

    def side(self, island: Island) -> int:
        """+1 where a part lies on the side that its id names, -1 on the other, 0 unclear."""
        if self.middle is None:
            return 0
        offset = float((island.center - self.middle) @ self.across) / self.scale
        return _sign(island.expected * offset, _CLEAR_SIDE)


def find_pose(labels: Labels) -> tuple[Pose, dict[str, list[Island]]]:
    """How a face lies, and the islands of each of `PARTS`: left ones first, the largest of a class before others."""
    area = float(_members(labels, _FACE).sum())
    scale = max(area**0.5, 1.0)
    every = [island for id in SIDED for island in _islands(labels, id, _SPECK * area)]
    islands = {part: [island for island in every if island.part == part] for part in PARTS}
    middle = _middle(labels, [*_NOSE, *_LIPS])
    return Pose(_across(labels, islands, middle, scale), middle, scale), islands


def find_pair(islands: list[Island]) -> tuple[Island | None, Island | None]:
    """The largest left and right region of a part."""
    left, right = (next((island for island in islands if island.expected == side), None) for side in (1, -1))
    return left, right


def _across(labels: Labels, islands: dict[str, list[Island]], middle: Point | None, scale: float) -> Point:
    """The direction from the subject's right to the left."""
    nose, lips = _middle(labels, _NOSE), _middle(labels, _LIPS)
    pairs = {part: find_pair(islands[part]) for part in PARTS}
    # what lies above what: nose over lips, eyes and brows over both (ears may lie lower)
    above = [(nose, lips)]
    above += [
        ((left.center + right.center) / 2, middle)
        for part in ("eye", "brow")
        for left, right in [pairs[part]]
        if left and right
    ]
    across = np.array([_UPRIGHT, 0.0])
    for upper, lower in above:
        if upper is not None and lower is not None:
            down = lower - upper
            across += _ABOVE * np.array([down[1], -down[0]]) / max(float(np.hypot(*down)), 1e-9)
    for left, right in pairs.values():
        if left and right:
            between = (left.center - right.center) / scale
            # a line has two directions; whichever id has which end, the one to the subject's left is meant
            across = across + between * np.sign(between @ across)
    return across / max(float(np.hypot(*across)), 1e-9)


def _islands(labels: Labels, id: int, min_pixels: float) -> list[Island]:
    """The regions of a class that count, largest first."""
    mask = (labels == id).astype(np.uint8)
    x, y, width, height = cv2.boundingRect(mask)
    if not width:
        return []
    box = (slice(y, y + height), slice(x, x + width))
    num, marks, stats, centers = cv2.connectedComponentsWithStats(mask[box], connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    floor = max(min_pixels, areas[1:].sum() / 5)
    return [
        Island(id, centers[mark] + (x, y), box, marks == mark)
        for mark in sorted(range(1, num), key=lambda mark: -areas[mark])
        if areas[mark] >= floor
    ]


def _middle(labels: Labels, ids: list[int]) -> Point | None:
    """The median of some classes' pixels, so that a stray region does not move it."""
    rows, columns = np.nonzero(_members(labels, ids))
    return np.array([np.median(columns), np.median(rows)]) if len(rows) else None


def _members(labels: Labels, ids: list[int]) -> Bool[np.ndarray, "height width"]:
    table = np.zeros(256, dtype=bool)
    table[ids] = True
    return table[labels]


def _sign(value: float, clear: float) -> int:
    return 0 if abs(value) < clear else int(np.sign(value))
