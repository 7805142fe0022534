"""Left and right by geometry: pairs whose ids are exchanged, and single parts that have the other side's id.

The subject's left is the image's right on an upright face, so every left part must lie on one side of the face and
every right part on the other. A mirrored pair whose ids nobody exchanged breaks this in all its parts at once; an
annotator's slip breaks it in one. Three measurements decide, all on the label map alone:

- **Across the face.** A direction from the subject's right to the left: square to the way from nose to lips and from
  the eyes down, and along the lines through eyes, brows and ears. So a face may lie on its side or hang upside down.
- **Pairs.** Where both parts of a pair are there, their order along that direction votes. This holds in profile as
  well, where both eyes lie on one side of the nose.
- **Single parts.** An ear alone (the other hidden by hair or by the turned head) votes by the side of nose and mouth on
  which it lies; close to that line it does not vote.

All votes one way: the pair is right or mirrored. Votes that differ: the weightier side is the face, and what stands
against it is a part on the wrong side. No votes (eyes bandaged, ears covered): nothing is said.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Bool, Float64

from faceparse.classes import CLASSES, MIRROR, NAMES, class_id, mirror_lookup
from faceparse.types import Labels

_WEIGHTS = {"eye": 3.0, "brow": 2.5, "ear": 2.0}
"""Of a pair's vote: annotators confuse ears sooner than eyes."""
_ALONE = 0.6
"""The vote of a part without its partner weighs this share of a pair's."""

_SIDED = [c.id for c in CLASSES if c.mirror]
_NOSE = [class_id("nose")]
_LIPS = [class_id(name) for name in ("mouth", "upper lip", "lower lip")]
_FACE = [class_id("skin"), *_NOSE, *_LIPS, *_SIDED]

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
class SideFault:
    """Left and right confused in one label map."""

    kind: Literal["mirrored_labels", "wrong_side"]
    detail: str
    classes: tuple[str, ...]
    """As they are labelled, not as they should be."""


@dataclass(frozen=True)
class _Island:
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
class _Pose:
    """Where the face's middle is and which way its left."""

    across: Point
    """Unit vector from the subject's right to the left."""
    middle: Point | None
    """On the line of nose and mouth; None where both are hidden."""
    scale: float
    """Square root of the face's area in pixels."""

    def order(self, left: _Island, right: _Island) -> int:
        """+1 where a left part lies to the subject's left of a right one, -1 where it is the other way, 0 unclear."""
        return _sign(float((left.center - right.center) @ self.across) / self.scale, _CLEAR_ORDER)

    def side(self, island: _Island) -> int:
        """+1 where a part lies on the side that its id names, -1 on the other, 0 unclear."""
        if self.middle is None:
            return 0
        offset = float((island.center - self.middle) @ self.across) / self.scale
        return _sign(island.expected * offset, _CLEAR_SIDE)


@dataclass(frozen=True)
class _Reading:
    """What the geometry of a label map says."""

    votes: dict[str, float]
    """Of eye, brow and ear: positive where ids and sides agree, negative where they are exchanged, 0 for no vote."""
    strays: list[_Island]
    """Islands that lie on the wrong side of the face, once a mirrored map is put right."""

    @property
    def mirrored(self) -> bool:
        return sum(self.votes.values()) < 0


def find_side_faults(labels: Labels) -> list[SideFault]:
    """What is wrong with left and right in a label map: at most one `mirrored_labels`, then parts on the wrong side.

    An empty list says that nothing was found; where too little of a face shows, nothing can be.
    """
    reading = _read(labels)
    faults = [_mirrored(reading)] if reading.mirrored else []
    return faults + [_wrong_side(island, reading) for island in reading.strays]


def mend_sides(labels: Labels) -> Labels:
    """A copy with exchanged ids put right: those of the whole map, then of each part on the wrong side."""
    reading = _read(labels)
    mended = mirror_lookup()[labels] if reading.mirrored else labels.copy()
    for island in reading.strays:
        mended[island.box][island.region] = MIRROR[mended[island.box][island.region]]
    return mended


def _read(labels: Labels) -> _Reading:
    face = float(_members(labels, _FACE).sum())
    islands = [island for id in _SIDED for island in _islands(labels, id, _SPECK * face)]
    pose = _pose(labels, islands, face**0.5)
    of_part = {part: [island for island in islands if island.part == part] for part in _WEIGHTS}
    votes = {part: weight * _vote(of_part[part], pose) for part, weight in _WEIGHTS.items()}
    direction = -1 if sum(votes.values()) < 0 else 1
    strays = [island for part in _WEIGHTS for island in _strays(of_part[part], pose, direction)]
    return _Reading(votes, strays)


def _islands(labels: Labels, id: int, min_pixels: float) -> list[_Island]:
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
        _Island(id, centers[mark] + (x, y), box, marks == mark)
        for mark in sorted(range(1, num), key=lambda mark: -areas[mark])
        if areas[mark] >= floor
    ]


def _pose(labels: Labels, islands: list[_Island], scale: float) -> _Pose:
    nose, lips = _middle(labels, _NOSE), _middle(labels, _LIPS)
    middle = _middle(labels, [*_NOSE, *_LIPS])
    pairs = {part: _pair([i for i in islands if i.part == part]) for part in _WEIGHTS}
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
            between = (left.center - right.center) / max(scale, 1.0)
            # a line has two directions; whichever id has which end, the one to the subject's left is meant
            across = across + between * np.sign(between @ across)
    return _Pose(across / max(float(np.hypot(*across)), 1e-9), middle, max(scale, 1.0))


def _vote(islands: list[_Island], pose: _Pose) -> float:
    """+1 or -1 for a pair by its order, a part of that for a part alone by its side; 0 where they do not tell."""
    left, right = _pair(islands)
    if left and right:
        return float(pose.order(left, right))
    sides = {pose.side(island) for island in islands}
    return _ALONE * sides.pop() if len(sides) == 1 else 0.0


def _strays(islands: list[_Island], pose: _Pose, direction: int) -> list[_Island]:
    """Islands on the wrong side, where a direction of -1 says that the whole map is mirrored."""
    strays = []
    for island in islands:
        partner = next((other for other in islands if other.id == MIRROR[island.id]), None)
        order = 0
        if partner:
            left, right = (island, partner) if island.expected > 0 else (partner, island)
            order = pose.order(left, right)
        # order goes first: in profile both parts of a pair lie on one side of the nose
        if (order or pose.side(island)) * direction < 0:
            strays.append(island)
    return strays


def _pair(islands: list[_Island]) -> tuple[_Island | None, _Island | None]:
    """The largest left and right region of a part."""
    left, right = (next((island for island in islands if island.expected == side), None) for side in (1, -1))
    return left, right


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


def _mirrored(reading: _Reading) -> SideFault:
    parts = [f"{part}s" for part, vote in reading.votes.items() if vote < 0]
    against = [f"{part}s" for part, vote in reading.votes.items() if vote > 0]
    detail = f"left and right ids are exchanged, by the {_listed(parts)}"
    if against:
        detail += f" (not by the {_listed(against)})"
    classes = tuple(NAMES[id] for id in _SIDED if f"{NAMES[id].split()[1]}s" in parts)
    return SideFault("mirrored_labels", detail, classes)


def _listed(words: list[str]) -> str:
    """One; one and two; one, two and three."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _wrong_side(island: _Island, reading: _Reading) -> SideFault:
    name = NAMES[island.id]
    x, y = (round(value) for value in island.center.tolist())
    other = NAMES[MIRROR[island.id]]
    detail = f"the {name} at x {x}, y {y} lies where the {other} belongs" + (
        ", once left and right are exchanged back" if reading.mirrored else ""
    )
    return SideFault("wrong_side", detail, (name,))
