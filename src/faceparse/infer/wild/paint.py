"""Probabilities seen through turned windows, painted into a photo at its full size."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from faceparse.classes import NUM_CLASSES
from faceparse.infer.enlarge import LabelGrid, label_grid
from faceparse.infer.parser import Seen
from faceparse.infer.wild.window import Window
from faceparse.types import Float32, UInt8

_AT_ONCE = 1 << 18
"""So many pixels are painted at a time, which bounds the memory."""


class Sight(NamedTuple):
    """What was seen through a window: probabilities, side × side."""

    seen: Seen
    window: Window


class Painted(NamedTuple):
    """A photo's labels, and whose they are."""

    labels: UInt8[np.ndarray, "height width"]
    owner: UInt8[np.ndarray, "height width"]
    """1 for the first face, and so on up to 255; 0 for the background."""


def paint(sights: Sequence[Sight], width: int, height: int) -> Painted:
    """The most probable class at each pixel, with probabilities bilinear between the windows' grid points.

    Where several faces' windows claim a pixel for a part, it belongs to the one whose middle is nearest, measured in
    its window's sides: hair and shoulders of neighbours are seen through each other's windows.
    """
    labels = np.zeros((height, width), dtype=np.uint8)
    owner = np.zeros((height, width), dtype=np.uint8)
    nearest = np.full((height, width), np.inf, dtype=np.float32)
    for number, (seen, window) in enumerate(sights, start=1):
        grid = label_grid(seen)
        for box, u, v, inside in _within(window, width, height, seen.shape[1]):
            ids = _labels_at(grid, u, v, inside)
            distance = _from_middle(u, v, seen.shape[1])
            mine = inside & (ids > 0) & (distance < nearest[box])
            np.copyto(labels[box], ids, where=mine)
            np.copyto(owner[box], np.uint8(number), where=mine)
            np.copyto(nearest[box], distance, where=mine)
    return Painted(labels, owner)


def probabilities(
    sights: Sequence[Sight], painted: Painted, width: int, height: int
) -> Float32[np.ndarray, "19 height width"]:
    """Probabilities of a (reduced) photo: each face's where its labels are, or else those of the nearest window.

    Args:
        painted: the photo's labels at its own size, which say whose a pixel is.
        width, height: of the reduced photo; the windows are in its pixels.
    """
    full = np.zeros((NUM_CLASSES, height, width), dtype=np.float32)
    full[0] = 1
    nearest = np.full((height, width), np.inf, dtype=np.float32)
    down = (np.arange(height) + 0.5) * painted.owner.shape[0] / height
    along = (np.arange(width) + 0.5) * painted.owner.shape[1] / width
    owner = painted.owner[down.astype(np.intp)][:, along.astype(np.intp)]
    for number, (seen, window) in enumerate(sights, start=1):
        pixels = np.ascontiguousarray(seen.reshape(NUM_CLASSES, -1).T)
        for box, u, v, inside in _within(window, width, height, seen.shape[1]):
            distance = _from_middle(u, v, seen.shape[1])
            whose = owner[box]
            mine = inside & ((whose == number) | ((whose == 0) & (distance < nearest[box])))
            full[(slice(None), *box)][:, mine] = _between(pixels, seen.shape[1], u[mine], v[mine]).T
            np.copyto(nearest[box], distance, where=mine)
    return full


def _within(window: Window, width: int, height: int, side: int):
    """The part of a photo around a window, some rows at a time.

    Yields:
        where it is in the photo, as two slices; where its pixels are in the window's grid, `u` and `v`, `rows columns`;
        and which of them are in the window.
    """
    low, high = window.corners.min(axis=0), window.corners.max(axis=0)
    left, top = np.floor(low.clip(0, (width, height))).astype(int)
    right, bottom = np.ceil(high.clip(0, (width, height))).astype(int)
    if right <= left:
        return
    (u_along, v_along), (u_down, v_down) = window.axes * side / window.side
    along = np.arange(left, right) + 0.5 - window.x
    step = max(1, _AT_ONCE // (right - left))
    for start in range(top, bottom, step):
        end = min(bottom, start + step)
        down = (np.arange(start, end) + 0.5 - window.y)[:, None]
        u = (along * u_along).astype(np.float32) + (down * u_down + side / 2).astype(np.float32)
        v = (along * v_along).astype(np.float32) + (down * v_down + side / 2).astype(np.float32)
        yield (slice(start, end), slice(left, right)), u, v, (u >= 0) & (u < side) & (v >= 0) & (v < side)


def _from_middle(u: np.ndarray, v: np.ndarray, side: int) -> np.ndarray:
    """Distance to the middle of a window's grid, in its sides."""
    return np.hypot(u / side - 0.5, v / side - 0.5, dtype=np.float32)


def _labels_at(grid: LabelGrid, u: np.ndarray, v: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Labels of points between a square grid's; right where they are wanted."""
    side = len(grid.small)
    at = _before(v, side) * side + _before(u, side)
    ids = grid.small.take(at)
    mixed = grid.mixed.take(at) & wanted
    ids[mixed] = grid.present[_between(grid.pixels, side, u[mixed], v[mixed]).argmax(axis=1)]
    return ids


def _between(pixels: np.ndarray, side: int, u: np.ndarray, v: np.ndarray) -> Float32[np.ndarray, "points classes"]:
    left, top = _before(u, side), _before(v, side)
    right, below = np.minimum(left + 1, side - 1), np.minimum(top + 1, side - 1)
    along = (u - 0.5 - left).clip(0, 1).astype(np.float32)[:, None]
    down = (v - 0.5 - top).clip(0, 1).astype(np.float32)[:, None]
    first = pixels[top * side + left] * (1 - along) + pixels[top * side + right] * along
    second = pixels[below * side + left] * (1 - along) + pixels[below * side + right] * along
    return first * (1 - down) + second * down


def _before(position: np.ndarray, side: int) -> np.ndarray:
    """The grid point before each position; points are in the middle of their pixels."""
    # truncated as floor does, since what is negative becomes 0
    return (position - 0.5).clip(0, side - 1).astype(np.intp)
