"""Probabilities seen through turned windows, painted into a photo at its full size."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from faceparse.classes import NUM_CLASSES
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
        small = seen.argmax(axis=0).astype(np.uint8)
        pixels = np.ascontiguousarray(seen.reshape(NUM_CLASSES, -1).T)
        for rows, columns, u, v in _within(window, width, height, seen.shape[1]):
            ids = _labels(small, pixels, u, v)
            distance = np.hypot(u / seen.shape[1] - 0.5, v / seen.shape[1] - 0.5).astype(np.float32)
            mine = (ids > 0) & (distance < nearest[rows, columns])
            rows, columns = rows[mine], columns[mine]
            labels[rows, columns], owner[rows, columns] = ids[mine], number
            nearest[rows, columns] = distance[mine]
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
        for rows, columns, u, v in _within(window, width, height, seen.shape[1]):
            distance = np.hypot(u / seen.shape[1] - 0.5, v / seen.shape[1] - 0.5).astype(np.float32)
            whose = owner[rows, columns]
            mine = (whose == number) | ((whose == 0) & (distance < nearest[rows, columns]))
            rows, columns = rows[mine], columns[mine]
            full[:, rows, columns] = _between(pixels, seen.shape[1], u[mine], v[mine]).T
            nearest[rows, columns] = distance[mine]
    return full


def _within(window: Window, width: int, height: int, side: int):
    """A photo's pixels in a window, some rows at a time: rows, columns, and where they are in the window's grid."""
    low, high = window.corners.min(axis=0), window.corners.max(axis=0)
    left, top = np.floor(low.clip(0, (width, height))).astype(int)
    right, bottom = np.ceil(high.clip(0, (width, height))).astype(int)
    if right <= left:
        return
    step = max(1, _AT_ONCE // (right - left))
    for start in range(top, bottom, step):
        rows, columns = np.mgrid[start : min(bottom, start + step), left:right]
        away = np.stack([columns + 0.5 - window.x, rows + 0.5 - window.y], axis=-1)
        grid = (away @ window.axes / window.side + 0.5) * side
        inside = ((grid >= 0) & (grid < side)).all(axis=-1)
        yield rows[inside], columns[inside], grid[inside, 0], grid[inside, 1]


def _labels(small: np.ndarray, pixels: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Of points in a grid; four neighbours that agree need no interpolation (see `faceparse.infer.enlarge`)."""
    side = len(small)
    left, top = _before(u, side), _before(v, side)
    right, below = np.minimum(left + 1, side - 1), np.minimum(top + 1, side - 1)
    ids = small[top, left]
    mixed = (ids != small[top, right]) | (ids != small[below, left]) | (ids != small[below, right])
    ids[mixed] = _between(pixels, side, u[mixed], v[mixed]).argmax(axis=1)
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
    return np.floor(position - 0.5).clip(0, side - 1).astype(np.intp)
