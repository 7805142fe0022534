"""Label maps painted into the planes of a video frame, without a way through RGB.

A frame is brightness (Y) at full size and colour (Cb, Cr) at half of it, as cameras and codecs have it (4:2:0). Tinting
is a mean of two colours, and a mean of colours is the same in these coordinates as in RGB.
"""

from typing import Literal, NamedTuple, get_args

import numpy as np

from faceparse.classes import PALETTE
from faceparse.errors import UsageError
from faceparse.infer.render import outlines
from faceparse.types import Labels, UInt8

Kind = Literal["overlay", "color", "ids"]
"""The frame with its parts tinted; official colours; ids as grey values."""

_LUMA = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
"""Shares of red and blue in brightness, by the number that H.273 gives to a matrix (1: HD, 5 and 6: SD, 9: UHD)."""
_HD_ROWS = 720
"""Where a video does not say its matrix, players take HD's from about this height on."""
_NEUTRAL = 128
_LINE_PER_ROWS = 1024


class Planes(NamedTuple):
    """A frame as brightness and colour."""

    y: UInt8[np.ndarray, "height width"]
    cb: UInt8[np.ndarray, "half_height half_width"]
    cr: UInt8[np.ndarray, "half_height half_width"]


class Painter:
    """Paints label maps for one video."""

    def __init__(self, kind: Kind, rows: int, matrix: int, full_range: bool):
        """Colours depend on the video: on its matrix (H.273's number) and on whether brightness is 0-255 or 16-235.

        Raises:
            UsageError: no kind of this name.
        """
        if kind not in get_args(Kind):
            raise UsageError.unknown("output", kind, get_args(Kind))
        self.kind = kind
        colors = np.zeros((256, 3), dtype=np.uint8)
        colors[: len(PALETTE)] = PALETTE
        shares = _LUMA.get(matrix, _LUMA[1 if rows >= _HD_ROWS else 6])
        self._colors = _to_planes(colors, shares, full_range)
        self._halves = self._colors // 2
        self._light = np.uint8((255 if full_range else 235) // 2)

    def __call__(self, planes: Planes, labels: Labels) -> Planes:
        """The frame with its labels; `planes` stays as it is."""
        small = labels[::2, ::2]
        if self.kind == "ids":
            neutral = np.full(small.shape, _NEUTRAL, dtype=np.uint8)
            return Planes(labels, neutral, neutral)
        if self.kind == "color":
            return Planes(self._colors[0][labels], self._colors[1][small], self._colors[2][small])
        y = self._tinted(0, planes.y, labels)
        line = outlines(labels, max(1, round(max(labels.shape) / _LINE_PER_ROWS))) & (labels > 0)
        y[line] = y[line] // 2 + self._light
        return Planes(y, self._tinted(1, planes.cb, small), self._tinted(2, planes.cr, small))

    def _tinted(self, channel: int, plane: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """The mean of the plane and the parts' colours; the background as it is."""
        part = labels > 0
        return (plane >> part) + self._halves[channel][labels] * part


def _to_planes(colors: np.ndarray, shares: tuple[float, float], full_range: bool) -> UInt8[np.ndarray, "3 256"]:
    """Y, Cb and Cr of RGB colours, by ITU-R BT.601, 709 or 2020."""
    red, green, blue = colors.T.astype(np.float64)
    of_red, of_blue = shares
    y = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
    cb, cr = (blue - y) / (2 - 2 * of_blue), (red - y) / (2 - 2 * of_red)
    if not full_range:
        y, cb, cr = 16 + y * 219 / 255, cb * 224 / 255, cr * 224 / 255
    return np.rint(np.stack([y, cb + _NEUTRAL, cr + _NEUTRAL])).clip(0, 255).astype(np.uint8)
