"""Look at a video through a window around the face, as large in it as in the portraits that networks learn from.

The first frame is seen whole. Where that shows a face, the frame is seen again through a window around it, and so are
the frames that follow, each through the window that the labels before it ask for. The window stands still until the
face has moved or grown by a good part of it, since every move changes labels a little. Without a face in the window the
whole frame is seen again.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image as PillowImage

from faceparse.classes import class_id
from faceparse.infer.enlarge import enlarged_labels
from faceparse.infer.parser import Seen
from faceparse.infer.smoothing import SmoothingConfig
from faceparse.types import Image, Labels

SEEN_SIDE = 256
"""The longer side of what the network sees: about what networks work at inside."""

_FACE = [class_id(name) for name in ("skin", "nose", "left eye", "right eye", "mouth", "upper lip", "lower lip")]
_LEAST_SHARE = 0.004
"""Of the frame, or of the window, which must be face: less is a mistake."""
_OUTLIERS = 0.03
"""So much of the face may lie outside of its box on each side: stray pixels do not count."""
_SIDE = 1.75
"""Sides of the window, in heights of the face from hairline to chin: as in CelebA-HQ's crops."""
_HEIGHT = 1.2
"""A face's height by its width, where hair or the frame's edge hides its height."""
_ABOVE = 0.06
"""The window's middle above the face's, in sides: hair takes more room than the neck."""
_MOVED = 0.08
"""A face that is off the window's middle by this many sides is followed."""
_GROWN = 1.2
"""A face that asks for a window larger or smaller by this factor gets it."""


class Box(NamedTuple):
    """A part of a frame, in pixels of the small frame."""

    left: int
    top: int
    right: int
    bottom: int


class Window(NamedTuple):
    """A square around a face, which may reach beyond the frame."""

    x: float
    y: float
    side: float

    def inside(self, width: int, height: int) -> Box:
        """The part of it that is in a frame."""
        half = self.side / 2
        left, top = max(0, round(self.x - half)), max(0, round(self.y - half))
        return Box(left, top, min(width, round(self.x + half)), min(height, round(self.y + half)))

    def still_fits(self, wanted: "Window") -> bool:
        """Whether another window would hardly be better."""
        off = max(abs(self.x - wanted.x), abs(self.y - wanted.y)) / self.side
        return off < _MOVED and 1 / _GROWN < wanted.side / self.side < _GROWN


class View(NamedTuple):
    """What is known of a frame: probabilities within a box."""

    seen: Seen
    box: Box
    small_size: tuple[int, int]
    """Height and width of the small frame."""

    def labels(self, width: int, height: int) -> Labels:
        """The label map of the frame at its own size; background outside of the box."""
        down, along = height / self.small_size[0], width / self.small_size[1]
        left, right = round(self.box.left * along), round(self.box.right * along)
        top, bottom = round(self.box.top * down), round(self.box.bottom * down)
        labels = np.zeros((height, width), dtype=np.uint8)
        labels[top:bottom, left:right] = enlarged_labels(self.seen, right - left, bottom - top)
        return labels


class Follower:
    """Parses the frames of one video, one after another, steadied."""

    def __init__(self, see: Callable[[Image], Seen], smoothing: SmoothingConfig):
        self._see = see
        self._smoothing = smoothing
        self._smooth = smoothing.build()
        self._window: Window | None = None
        self._box: Box | None = None

    def __call__(self, small: Image, seconds: float) -> View:
        """Probabilities of the next frame, where its face is.

        Args:
            small: the frame, reduced, of square pixels.
            seconds: when it is shown.
        """
        view = self._look(small, seconds)
        wanted = _window_around(view)
        if self._window is not None and wanted is None:  # lost: a cut, or it left
            self._window = None
            view = self._look(small, seconds)
            wanted = _window_around(view)
        if self._window is None and wanted is not None:
            self._window = wanted
            view = self._look(small, seconds)
        elif self._window is not None and wanted is not None and not self._window.still_fits(wanted):
            self._window = wanted  # for the frame that comes
        return view

    def _look(self, small: Image, seconds: float) -> View:
        height, width = small.shape[:2]
        box = self._window.inside(width, height) if self._window else Box(0, 0, width, height)
        if box != self._box:
            self._box, self._smooth = box, self._smoothing.build()  # the past is of other pixels
        image = _reduced(small[box.top : box.bottom, box.left : box.right])
        return View(self._smooth(self._see(image), image, seconds), box, (height, width))


def _reduced(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    scale = SEEN_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(PillowImage.fromarray(image).resize(size, PillowImage.Resampling.BILINEAR))


def _window_around(view: View) -> Window | None:
    """The window that a view's labels ask for; none where they show no face."""
    face = np.isin(view.seen.argmax(axis=0), _FACE)
    if face.mean() < _LEAST_SHARE:
        return None
    box = view.box
    columns, rows = (_middle_part(face.sum(axis=axis)) for axis in (0, 1))
    along, down = (box.right - box.left) / face.shape[1], (box.bottom - box.top) / face.shape[0]
    left, right = (box.left + column * along for column in columns)
    top, bottom = (box.top + row * down for row in rows)
    side = _SIDE * max(bottom - top, _HEIGHT * (right - left))
    return Window((left + right) / 2, (top + bottom) / 2 - _ABOVE * side, max(side, 8.0))


def _middle_part(counts: np.ndarray) -> tuple[int, int]:
    """Where most of what is counted lies, without the outermost on both sides."""
    summed = np.cumsum(counts) / counts.sum()
    return int(np.searchsorted(summed, _OUTLIERS)), int(np.searchsorted(summed, 1 - _OUTLIERS)) + 1
