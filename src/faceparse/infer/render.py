"""Label maps made visible: colours, a photo with its parts tinted, parts cut out. numpy only."""

import numpy as np

from faceparse.classes import PALETTE
from faceparse.types import Bool, Image, Labels, UInt8

_COLORS = np.zeros((256, 3), dtype=np.uint8)
_COLORS[: len(PALETTE)] = PALETTE
_LINE = np.array((255, 255, 255), dtype=np.uint8)
_SIDE_PER_PIXEL = 1024
"""A line takes one pixel of each part that it parts for every this many pixels of the photo's longer side."""


def color(labels: Labels) -> Image:
    """The official colour of every pixel's class; black where a pixel belongs to none (255)."""
    return _COLORS[labels]


def overlay(image: Image, labels: Labels) -> Image:
    """The photo with every part half in its colour and a light line around it; the background stays as it is."""
    part = labels > 0
    out = image >> part[..., None]
    out += (_COLORS // 2)[labels]
    line = part & outlines(labels, max(1, round(max(labels.shape) / _SIDE_PER_PIXEL)))
    out[line] = out[line] // 2 + _LINE // 2
    return out


def outlines(labels: Labels, width: int = 1) -> Bool[np.ndarray, "height width"]:
    """Pixels no more than `width` away from another class, along a row or a column."""
    line = np.zeros(labels.shape, dtype=bool)
    for lines, classes in ((line, labels), (line.T, labels.T)):
        differs = classes[width:] != classes[:-width]
        lines[width:] |= differs
        lines[:-width] |= differs
    return line


def cut_out(image: Image, opacity: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "height width 4"]:
    """The photo as uint8 RGBA, with `opacity` (0-255) as its alpha; nothing is left where that is 0."""
    return np.dstack([image * (opacity > 0)[..., None], opacity])
