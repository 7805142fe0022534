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
against it is a part on the wrong side; where a whole pair stands against one other, that one is wrong, not the map. No
votes (eyes bandaged, ears covered): nothing is said.
"""

from dataclasses import dataclass
from typing import Literal

from faceparse.classes import MIRROR, NAMES, mirror_lookup
from faceparse.data.doctor.pose import SIDED, Island, Pose, find_pair, find_pose
from faceparse.types import Labels

_WEIGHTS = {"eye": 3.0, "brow": 2.5, "ear": 2.0}
"""Of a pair's vote: annotators confuse ears sooner than eyes."""
_ALONE = 0.6
"""The vote of a part without its partner weighs this share of a pair's."""
_CONTESTED = 1.2
"""By so much the votes for a mirrored map must outweigh those against it, if there are any."""


@dataclass(frozen=True)
class SideFault:
    """Left and right confused in one label map."""

    kind: Literal["mirrored_labels", "wrong_side"]
    detail: str
    classes: tuple[str, ...]
    """As they are labelled, not as they should be."""


@dataclass(frozen=True)
class _Reading:
    """What the geometry of a label map says."""

    votes: dict[str, float]
    """Of eye, brow and ear: positive where ids and sides agree, negative where they are exchanged, 0 for no vote."""
    strays: list[Island]
    """Islands that lie on the wrong side of the face, once a mirrored map is put right."""

    @property
    def mirrored(self) -> bool:
        return _outweighed(self.votes)


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
    pose, islands = find_pose(labels)
    votes = {part: weight * _vote(islands[part], pose) for part, weight in _WEIGHTS.items()}
    direction = -1 if _outweighed(votes) else 1
    strays = [island for part in _WEIGHTS for island in _strays(islands[part], pose, direction)]
    return _Reading(votes, strays)


def _outweighed(votes: dict[str, float]) -> bool:
    """Whether the votes are for a mirrored map, which is not likely where a whole pair stands against another."""
    return sum(votes.values()) < (-_CONTESTED if max(votes.values()) > 0 else 0)


def _vote(islands: list[Island], pose: Pose) -> float:
    """+1 or -1 for a pair by its order, a part of that for a part alone by its side; 0 where they do not tell."""
    left, right = find_pair(islands)
    if left and right:
        return float(pose.order(left, right))
    sides = {pose.side(island) for island in islands}
    return _ALONE * sides.pop() if len(sides) == 1 else 0.0


def _strays(islands: list[Island], pose: Pose, direction: int) -> list[Island]:
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


def _mirrored(reading: _Reading) -> SideFault:
    parts = [f"{part}s" for part, vote in reading.votes.items() if vote < 0]
    against = [f"{part}s" for part, vote in reading.votes.items() if vote > 0]
    detail = f"left and right ids are exchanged, by the {_listed(parts)}"
    if against:
        detail += f" (not by the {_listed(against)})"
    classes = tuple(NAMES[id] for id in SIDED if f"{NAMES[id].split()[1]}s" in parts)
    return SideFault("mirrored_labels", detail, classes)


def _listed(words: list[str]) -> str:
    """One; one and two; one, two and three."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _wrong_side(island: Island, reading: _Reading) -> SideFault:
    name = NAMES[island.id]
    x, y = (round(value) for value in island.center.tolist())
    other = NAMES[MIRROR[island.id]]
    detail = f"the {name} at x {x}, y {y} lies where the {other} belongs" + (
        ", once left and right are exchanged back" if reading.mirrored else ""
    )
    return SideFault("wrong_side", detail, (name,))
