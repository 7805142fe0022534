"""Labels at a photo's size from probabilities at a smaller one, without making all of the probabilities large.

Between four pixels of the small grid that agree on the most probable class, that class stays the most probable one: an
interpolated value is a mean, with the same weights for every class. So most of a photo is filled by copying, and only
the pixels along borders are interpolated.
"""

from typing import NamedTuple

import numpy as np

from faceparse.types import Bool, Float, Float32, Int, Labels

_AT_ONCE = 1 << 16
"""So many border pixels are interpolated at a time, which bounds the memory."""


class LabelGrid(NamedTuple):
    """What labels between a small grid's points are found from."""

    small: Labels
    """The most probable class of each point."""
    mixed: Bool[np.ndarray, "seen_height seen_width"]
    """Whether a point, the next one, and the two below them disagree, so that labels between them are interpolated."""
    present: Int[np.ndarray, " classes"]
    """Classes that can be the most probable: one that nowhere reaches a fair share is nowhere that."""
    pixels: Float32[np.ndarray, "points classes"]
    """Their probabilities, point by point."""


def label_grid(seen: Float32[np.ndarray, "19 seen_height seen_width"]) -> LabelGrid:
    """The grid of probabilities."""
    num_classes, height, width = seen.shape
    small = seen.argmax(axis=0).astype(np.uint8)
    below, right = small[_next(height)], _next(width)
    mixed = (small != small[:, right]) | (small != below) | (small != below[:, right])
    present = np.flatnonzero(seen.reshape(num_classes, -1).max(axis=1) >= 1 / num_classes)
    return LabelGrid(small, mixed, present, np.ascontiguousarray(seen[present].reshape(len(present), -1).T))


def enlarged_labels(seen: Float32[np.ndarray, "19 seen_height seen_width"], width: int, height: int) -> Labels:
    """The most probable class of each pixel, of probabilities that are bilinear between the small grid's centres.

    The same as enlarging all of the probabilities and taking the largest, but for rounding where two are equal.
    """
    _, seen_height, seen_width = seen.shape
    top, down = _positions(seen_height, height)
    left, along = _positions(seen_width, width)
    below, right = _next(seen_height), _next(seen_width)
    small, mixed, present, pixels = label_grid(seen)

    labels = np.ascontiguousarray(small[top][:, left])
    rows, columns = np.nonzero(mixed[top][:, left])
    for start in range(0, len(rows), _AT_ONCE):
        row, column = rows[start : start + _AT_ONCE], columns[start : start + _AT_ONCE]
        upper, leftmost = top[row] * seen_width, left[column]
        lower, rightmost = below[top[row]] * seen_width, right[leftmost]
        share_down, share_along = down[row, None], along[column, None]
        first = _between(pixels[upper + leftmost], pixels[upper + rightmost], share_along)
        second = _between(pixels[lower + leftmost], pixels[lower + rightmost], share_along)
        labels[row, column] = present[_between(first, second, share_down).argmax(axis=1)]
    return labels


def _next(size: int) -> Int[np.ndarray, " size"]:
    """The neighbour of each index; the last one's is itself."""
    return np.minimum(np.arange(size) + 1, size - 1)


def _between(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> Float32[np.ndarray, "pixels classes"]:
    second -= first
    second *= share
    second += first
    return second


def _positions(seen: int, full: int) -> tuple[Int[np.ndarray, " full"], Float[np.ndarray, " full"]]:
    """Of each pixel's centre: the small grid's centre before it, and how far it is to the next, 0 to 1."""
    centres = (np.arange(full) + 0.5) * (seen / full) - 0.5
    centres = centres.clip(0, seen - 1)
    before = np.floor(centres).astype(np.intp)
    return before, (centres - before).astype(np.float32)
