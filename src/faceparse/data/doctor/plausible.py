"""Whether a label map can be a face: not empty, no part torn, outside the face, out of order or far too large.

Left and right are the matter of `sides`. The limits lie well beyond the most unusual of 836 real faces (profiles, sun
glasses, mouths wide open), so that what is said to be implausible is worth a look; a mask that is merely poor is not.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from faceparse.classes import IGNORE_LABEL, NAMES, class_id
from faceparse.types import Labels

_EYES = [class_id(name) for name in ("left eye", "right eye")]
_BROWS = [class_id(name) for name in ("left brow", "right brow")]
_NOSE, _UPPER, _LOWER = (class_id(name) for name in ("nose", "upper lip", "lower lip"))
_LIPS = [class_id("mouth"), _UPPER, _LOWER]
_PARTS = [_NOSE, *_EYES, *_BROWS, *_LIPS]
_FACE = [class_id("skin"), class_id("eye glasses"), *_PARTS]

# Lengths are in units of the square root of the face's area, areas in units of the face's; in brackets what the most
# unusual real face has.
_LEAST_LABELLED = 0.02
"""Share of an image that is not background [0.43]."""
_TORN = 0.35
"""Distance between large islands of one part [0.30]."""
_LARGE_ISLAND, _SPECK = 0.1, 0.001
"""An island counts from this share of its class and of the face on."""
_OUTSIDE = 0.15
"""Distance of a part from the hull of the rest of the face [0.06]."""
_REVERSED = 0.02
"""By how much an eye may lie above its brow, or a lower lip above the upper one [never]."""
_NOSE_BETWEEN = (0.0, 1.0)
"""Where the nose is on the way from the eyes (0) to the mouth (1) [0.27 to 0.63]."""
_LARGEST = dict.fromkeys(_EYES, 0.07) | dict.fromkeys(_BROWS, 0.12) | dict.fromkeys(_LIPS, 0.25) | {_NOSE: 0.35}
"""Of the face's area [0.03, 0.05, 0.12, 0.16]."""


@dataclass(frozen=True)
class Oddity:
    """Something that no face has."""

    detail: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class _Island:
    id: int
    pixels: int
    center: np.ndarray
    """x, y."""
    outline: np.ndarray
    """Its pixels' outermost points, (num, 1, 2)."""


def describe_empty(labels: Labels) -> str | None:
    """What a map holds that has next to nothing but background; None for others."""
    ignored = labels == IGNORE_LABEL
    if ignored.all():
        return "every pixel is ignored (255)"
    share = float(((labels > 0) & ~ignored).mean())
    if share >= _LEAST_LABELLED:
        return None
    return "nothing but background" if share == 0 else f"{1 - share:.2%} of it is background or ignored"


def find_oddities(labels: Labels) -> list[Oddity]:
    """What makes a label map no face; the list is empty for nearly all."""
    islands = {id: _islands(labels, id) for id in _FACE}
    area = float(sum(island.pixels for found in islands.values() for island in found))
    if not any(islands[id] for id in _PARTS):
        return []
    scale = max(area, 1.0) ** 0.5
    return [
        *_too_large(islands, area),
        *_torn(islands, area, scale),
        *_outside(islands, area, scale),
        *_out_of_order(islands, scale),
    ]


def _too_large(islands: dict[int, list[_Island]], area: float) -> list[Oddity]:
    shares = {id: sum(island.pixels for island in islands[id]) / area for id in _LARGEST}
    return [
        Oddity(f"the {NAMES[id]} is {share:.0%} of the face", (NAMES[id],))
        for id, share in shares.items()
        if share > _LARGEST[id]
    ]


def _torn(islands: dict[int, list[_Island]], area: float, scale: float) -> list[Oddity]:
    found = []
    for id in _PARTS:
        if not islands[id]:
            continue
        total = sum(island.pixels for island in islands[id])
        first, *rest = islands[id]
        for island in rest:
            apart = float(np.hypot(*(island.center - first.center))) / scale
            if apart > _TORN and island.pixels >= max(_LARGE_ISLAND * total, _SPECK * area):
                found.append(Oddity(f"two places called {NAMES[id]}, at {_at(first)} and {_at(island)}", (NAMES[id],)))
                break
    return found


def _outside(islands: dict[int, list[_Island]], area: float, scale: float) -> list[Oddity]:
    found = []
    for id in _PARTS:
        rest = [i.outline for other in _FACE if other != id for i in islands[other] if i.pixels >= _SPECK * area]
        if not rest or not islands[id] or islands[id][0].pixels < _SPECK * area:
            continue
        center = islands[id][0].center
        hull = cv2.convexHull(np.concatenate(rest))
        if cv2.pointPolygonTest(hull, (float(center[0]), float(center[1])), True) < -_OUTSIDE * scale:
            found.append(Oddity(f"the {NAMES[id]} at {_at(islands[id][0])} is outside the face", (NAMES[id],)))
    return found


def _out_of_order(islands: dict[int, list[_Island]], scale: float) -> list[Oddity]:
    """Along the line from eyes and brows to mouth and lips, wherever that points: faces may lie on their side."""
    center = {id: found[0].center for id, found in islands.items() if found}
    upper = [center[id] for id in (*_EYES, *_BROWS) if id in center]
    lower = [center[id] for id in _LIPS if id in center]
    if not upper or not lower:
        return []
    top = np.mean(upper, axis=0)
    down = np.mean(lower, axis=0) - top
    length = float(np.hypot(*down))
    if length < 0.1 * scale:
        return [Oddity("eyes and mouth lie in one place", ())]
    down /= length
    pairs = [*zip(_BROWS, _EYES, strict=True), (_UPPER, _LOWER)]
    found = [
        Oddity(f"the {NAMES[below]} is above the {NAMES[above]}", (NAMES[above], NAMES[below]))
        for above, below in pairs
        if above in center and below in center and (center[below] - center[above]) @ down < -_REVERSED * scale
    ]
    if _NOSE in center and not _NOSE_BETWEEN[0] < (center[_NOSE] - top) @ down / length < _NOSE_BETWEEN[1]:
        found.append(Oddity("the nose is not between eyes and mouth", (NAMES[_NOSE],)))
    return found


def _islands(labels: Labels, id: int) -> list[_Island]:
    """The connected regions of a class, largest first."""
    mask = (labels == id).astype(np.uint8)
    x, y, width, height = cv2.boundingRect(mask)
    if not width:
        return []
    inside = mask[y : y + height, x : x + width]
    _, marks, stats, centers = cv2.connectedComponentsWithStats(inside, connectivity=8)
    sizes = stats[1:, cv2.CC_STAT_AREA]
    # a mask of noise has a hundred thousand regions; the largest few tell
    largest = (np.argsort(-sizes, kind="stable")[:8] + 1).tolist()
    corner = np.array([x, y])
    found = []
    for mark in largest:
        left, top, columns, rows = (int(value) for value in stats[mark, :4])
        region = (marks[top : top + rows, left : left + columns] == mark).astype(np.uint8)
        contours, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        outline = np.concatenate(contours) + corner + (left, top)
        pixels = int(stats[mark, cv2.CC_STAT_AREA])
        found.append(_Island(id, pixels, centers[mark] + corner, outline.astype(np.int32)))
    return found


def _at(island: _Island) -> str:
    x, y = island.center
    return f"x {x:.0f}, y {y:.0f}"
