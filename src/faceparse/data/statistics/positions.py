"""Where classes are: heat maps on a grid over the image, whatever its size and proportions."""

import numpy as np
from jaxtyping import Float, Float64

from faceparse.classes import NUM_CLASSES
from faceparse.types import Labels

GRID = 64
"""Cells by side. Sides of 64, 128, 256, 512 pixels and so on fall into cells exactly."""

HeatMaps = Float[np.ndarray, "19 64 64"]
"""By class, row and column: the share of a cell that the class covers, in [0, 1]."""

_IGNORED = NUM_CLASSES
_NUM_CODES = NUM_CLASSES + 1
_COLUMNS = np.arange(GRID)[:, None] * _NUM_CODES


def heat_maps(labels: Labels) -> HeatMaps:
    """The share of each cell that each class covers; ignored pixels (255) are no class's.

    Other sides than multiples of 64 are brought to one by nearest neighbour first, so that cells are off by less
    than a pixel.
    """
    rows, columns = (_nearest(side) for side in labels.shape)
    if len(rows) != labels.shape[0] or len(columns) != labels.shape[1]:
        labels = labels[np.ix_(rows, columns)]
    cells = np.minimum(labels, _IGNORED).reshape(GRID, len(rows) // GRID, GRID, len(columns) // GRID)
    counts = np.empty((GRID, GRID * _NUM_CODES))
    for row, band in enumerate(cells):  # a band at a time: bincount wants eight bytes a pixel
        counts[row] = np.bincount((_COLUMNS + band).ravel(), minlength=GRID * _NUM_CODES)
    shares = counts.reshape(GRID, GRID, _NUM_CODES)[..., :NUM_CLASSES] / (cells.shape[1] * cells.shape[3])
    return np.moveaxis(shares, 2, 0).astype(np.float32)


def center(heat_map: Float[np.ndarray, "64 64"]) -> Float64[np.ndarray, "2"]:
    """Centroid (x, y) of a map, in shares of the image's width and height: (0, 0) is its upper left corner."""
    middles = (np.arange(GRID) + 0.5) / GRID
    total = heat_map.sum(dtype=np.float64)
    return np.array([heat_map.sum(axis=0) @ middles, heat_map.sum(axis=1) @ middles], dtype=np.float64) / total


def _nearest(side: int) -> np.ndarray:
    """For each row of the smallest multiple of `GRID` that holds `side` rows, which one it is taken from."""
    target = -(-side // GRID) * GRID
    return ((np.arange(target) + 0.5) * side / target).astype(np.intp)
