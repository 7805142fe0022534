"""The borders of a part as polygons, traced in numpy.

A polygon runs along the edges of pixels, through their corners: corner (x, y) is the upper left one of pixel (x, y).
It lists only the corners at which it turns. Pixels that touch at a corner alone belong to different polygons. Filled by
the even-odd rule, the polygons of a part are the part again, pixel by pixel.
"""

import numpy as np

from faceparse.types import Bool, Int

Polygon = Int[np.ndarray, "corners 2"]
"""x and y of each corner, in order; closed from the last to the first."""

_TURNS = np.zeros(16, dtype=np.uint8)
_TURNS[[1, 2, 4, 7, 8, 11, 13, 14]] = 1
_TURNS[[6, 9]] = 2
_FALLING, _RISING = 9, 6
"""Two pixels that touch at this corner alone: upper left and lower right, or upper right and lower left."""


def trace(mask: Bool[np.ndarray, "height width"]) -> list[Polygon]:
    """The polygons around the pixels of a mask, by their first corner from the top; none where it is empty.

    Outlines run clockwise as one sees them (y points down), holes counter-clockwise.

    Along a row of corners the turning ones are, in twos, the ends of the horizontal edges; along a column those of the
    vertical edges. So two sorts give each corner both of its neighbours, and what is left is to walk.
    """
    rows, columns, codes, copies = _turning_corners(mask)
    # Where two pixels touch, each has the corner once: the copies stand in the order of their edges along the row,
    # and along the column the other way round where the right-hand pixel is the upper one.
    along_column = np.where(codes == _RISING, 1 - copies, copies)
    across = _partners(np.lexsort((copies, columns, rows)))
    down = _partners(np.lexsort((along_column, rows, columns)))
    corners = np.stack([columns, rows], axis=1)
    outlines = _lower_right_inside(mask, rows, columns)
    # lists, not arrays: one index at a time is several times as fast
    return [
        corners[ring if outlines[ring[0]] else ring[:1] + ring[:0:-1]]
        for ring in _rings(across.tolist(), down.tolist())
    ]


def _turning_corners(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Row, column, the four pixels around as bits, and 0 or 1 for the copy of each corner where a border turns."""
    around = np.pad(mask, 1).astype(np.uint8)
    code = around[:-1, :-1] | around[:-1, 1:] << 1 | around[1:, :-1] << 2 | around[1:, 1:] << 3
    rows, columns = np.nonzero(_TURNS[code])
    codes = code[rows, columns]
    times = _TURNS[codes]
    first = np.repeat(np.cumsum(times) - times, times)
    copies = np.arange(len(first)) - first
    return np.repeat(rows, times), np.repeat(columns, times), np.repeat(codes, times), copies


def _partners(order: np.ndarray) -> np.ndarray:
    """Each corner's neighbour on the other end of its edge, where edges are successive twos of an order."""
    partners = np.empty_like(order)
    partners[order[0::2]] = order[1::2]
    partners[order[1::2]] = order[0::2]
    return partners


def _lower_right_inside(mask: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> list[bool]:
    """Whether the pixel below and right of a corner is inside; a polygon whose first corner is so is an outline."""
    return np.pad(mask, ((0, 1), (0, 1)))[rows, columns].tolist()


def _rings(across: list[int], down: list[int]) -> list[list[int]]:
    """Walk from corner to corner, along a row and along a column in turn, until all have been met.

    A ring starts at the leftmost of its topmost corners and goes right.
    """
    met = [False] * len(across)
    rings = []
    for start in range(len(across)):
        if met[start]:
            continue
        ring, corner = [], start
        while not met[corner]:
            turn = across[corner]
            met[corner] = met[turn] = True
            ring += (corner, turn)
            corner = down[turn]
        rings.append(ring)
    return rings
