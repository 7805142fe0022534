"""Pictures in a palette, read back as ids: exactly, or by the nearest colour where JPEG has changed them.

JPEG mixes colours at borders, and keeps brightness at full resolution but hue at half. So a pixel is decided by its
colour only where that is within the tolerance of one colour of the palette; each other pixel takes the class, of those
decided within three pixels of it, whose brightness is nearest, where every pixel of that class counts for it a little.
`benchmarks/jpeg_masks.py` measures what that recovers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, UInt8

from faceparse.classes import IGNORE_LABEL
from faceparse.data.conversions.palettes import PALETTES, Palette, find_palette
from faceparse.errors import DataError
from faceparse.types import Image, Labels

MOST_UNDECIDED = 0.5
"""A picture of which a greater share is undecided is no mask in this palette, and is refused.

Borders alone are 5 to 9 % of a map of 512×512 and a third of one of 64×64.
"""

_UNKNOWN = 254
_REACH = 3
_VOTE = 30.0
"""What one more neighbour of a class is worth, in squared grey levels."""
_BRIGHTNESS = np.array((0.299, 0.587, 0.114), dtype=np.float32)


@dataclass(frozen=True)
class Undecided:
    """What the nearest colour could not tell in one picture."""

    settled: int
    """Pixels that took the class of a neighbour."""
    left: int
    """Pixels with no decided neighbour, which are ignored (255) from here on."""
    share: float
    """Of the picture's pixels, both together, 0 to 1."""
    box: tuple[int, int, int, int] | None
    """First and last row, first and last column of the pixels left; None where none are."""


def labels_from_colors(colored: Image, name: str, palette: Palette | None = None) -> Labels:
    """The ids (ours) of a picture in a palette, the official one unless given.

    Raises:
        DataError: a pixel's colour is not in the palette; `name`, the colour and its place are told.
    """
    palette = palette or find_palette("official")
    labels = _table(palette.name)[_codes(colored)]
    wrong = np.argwhere(labels == _UNKNOWN)
    if len(wrong):
        row, column = wrong[0].tolist()
        red, green, blue = colored[row, column].tolist()
        raise DataError(
            f"{name}: colour ({red}, {green}, {blue}) at row {row}, column {column} is none of the palette "
            f"'{palette.name}' ({len(wrong)} such pixels, {len(wrong) / labels.size:.2%}); name another palette with "
            "--from, or, where JPEG or resizing has mixed colours, give --tolerance 12"
        )
    return labels


def nearest_labels(colored: Image, palette: Palette, tolerance: float) -> tuple[Labels, Undecided]:
    """The ids (ours) of a picture whose colours are off by a little, and what stayed open.

    Args:
        tolerance: Euclidean distance in RGB up to which a pixel has a palette's colour; a pixel within it of two
            colours is undecided, as one of none is.
    """
    labels, undecided = _by_color(colored, palette, tolerance)
    settled = labels.copy()
    if undecided.any():
        settled[undecided] = _by_neighbours(colored, labels, undecided, palette)
    left = undecided & (settled == _UNKNOWN)
    settled[left] = IGNORE_LABEL
    where = np.argwhere(left)
    box = (*where[:, 0][[0, -1]].tolist(), int(where[:, 1].min()), int(where[:, 1].max())) if len(where) else None
    return settled, Undecided(int(undecided.sum() - left.sum()), int(left.sum()), float(undecided.mean()), box)


def matching_palettes(pictures: Iterable[Image]) -> list[Palette]:
    """Palettes that have every colour of the pictures; those that read them alike are given once."""
    candidates = list(PALETTES.values())
    seen: set[int] = set()
    for picture in pictures:
        seen.update(np.unique(_codes(picture)).tolist())
        candidates = [p for p in candidates if seen <= _codes_of(p.name).keys()]
        if len(candidates) < 2:
            break
    readings = {tuple(_codes_of(p.name)[code] for code in sorted(seen)): p for p in reversed(candidates)}
    return list(readings.values())


def _by_color(
    colored: Image, palette: Palette, tolerance: float
) -> tuple[UInt8[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    codes, place = np.unique(_codes(colored), return_inverse=True)
    colors = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=-1).astype(np.int64)
    known = np.array(list(palette.to_ours), dtype=np.int64)
    squared = ((colors[:, None] - known) ** 2).sum(axis=-1)
    ids = np.array(list(palette.to_ours.values()), dtype=np.uint8)
    decided = (squared <= tolerance**2).sum(axis=1) == 1
    labels = np.where(decided, ids[squared.argmin(axis=1)], np.uint8(_UNKNOWN))[place].reshape(colored.shape[:2])
    return labels, labels == _UNKNOWN


def _by_neighbours(
    colored: Image, labels: UInt8[np.ndarray, "h w"], undecided: Bool[np.ndarray, "h w"], palette: Palette
) -> UInt8[np.ndarray, " num"]:
    """For each undecided pixel a class that is decided nearby; `_UNKNOWN` where there is none."""
    rows, columns = np.nonzero(undecided)
    padded = np.pad(labels, _REACH, constant_values=_UNKNOWN)
    window = range(2 * _REACH + 1)
    nearby = np.stack([padded[rows + down, columns + right] for down in window for right in window])
    ids = np.array(sorted(set(palette.to_ours.values())), dtype=np.uint8)
    colors = {id: color for color, id in reversed(palette.to_ours.items())}
    brightness = colored[rows, columns].astype(np.float32) @ _BRIGHTNESS
    votes = np.stack([(nearby == id).sum(axis=0) for id in ids])
    own = np.array([colors[id] for id in ids.tolist()], dtype=np.float32) @ _BRIGHTNESS
    cost = (own[:, None] - brightness) ** 2 - _VOTE * votes
    best = ids[np.where(votes > 0, cost, np.inf).argmin(axis=0)]
    return np.where(votes.any(axis=0), best, np.uint8(_UNKNOWN))


def _codes(colored: Image) -> np.ndarray:
    """One number for each pixel's colour."""
    wide = colored.astype(np.uint32)
    return wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]


@cache
def _codes_of(palette: str) -> dict[int, int]:
    return {r << 16 | g << 8 | b: id for (r, g, b), id in PALETTES[palette].to_ours.items()}


@cache
def _table(palette: str) -> np.ndarray:
    """uint8 (2^24,): the id of each colour."""
    table = np.full(1 << 24, _UNKNOWN, dtype=np.uint8)
    codes = _codes_of(palette)
    table[list(codes)] = list(codes.values())
    return table
