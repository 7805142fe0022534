"""Masks in the official colours, read back as ids."""

from functools import cache
from pathlib import Path

import numpy as np

from faceparse.classes import PALETTE
from faceparse.errors import DataError
from faceparse.images import read_image
from faceparse.types import Image, Labels

_UNKNOWN = 254


def read_colored(path: Path) -> Labels:
    """A picture in the official colours as a label map.

    Raises:
        DataError: not a picture, or a pixel's colour is not in the palette.
    """
    return labels_from_colors(read_image(path), str(path))


def labels_from_colors(colored: Image, name: str) -> Labels:
    """The ids of official colours.

    Raises:
        DataError: a pixel's colour is not in the palette; `name`, the colour and its place are told.
    """
    codes = colored.astype(np.uint32)
    labels = _ids_by_code()[codes[..., 0] << 16 | codes[..., 1] << 8 | codes[..., 2]]
    wrong = np.argwhere(labels == _UNKNOWN)
    if len(wrong):
        row, column = wrong[0].tolist()
        red, green, blue = colored[row, column].tolist()
        raise DataError(
            f"{name}: colour ({red}, {green}, {blue}) at row {row}, column {column} is none of the 19 official ones "
            f"({len(wrong)} such pixels); give PNGs in those colours: JPEG changes them"
        )
    return labels


@cache
def _ids_by_code() -> np.ndarray:
    """uint8 (2^24,): the id of each colour."""
    table = np.full(1 << 24, _UNKNOWN, dtype=np.uint8)
    for id, (red, green, blue) in enumerate(PALETTE.tolist()):
        table[red << 16 | green << 8 | blue] = id
    return table
