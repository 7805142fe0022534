"""Look at a video through a window around the face, as large in it as in the portraits that networks learn from.

The first frame is searched through windows of some sizes and places; the one that shows eyes over a mouth as a
portrait does is taken. The frames that follow are seen through the window that the labels before them ask for. It
stands still until the face has moved or grown by a good part of it, since every move changes labels a little. Where the
face is lost, frames are searched again, two a second. Without a face a frame is all background.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image as PillowImage

from faceparse.classes import class_id
from faceparse.infer.enlarge import enlarged_labels
from faceparse.infer.parser import Seen
from faceparse.infer.smoothing import SmoothingConfig
from faceparse.infer.wild.window import ACROSS, BELOW, DOWN, LEAST_SHARE, MOUTH
from faceparse.types import Image, Labels

SEEN_SIDE = 256
"""The longer side of what the network sees: about what networks work at inside."""

_EYES = tuple([class_id(name) for name in names] for names in (("left eye", "right eye"), ("eye glasses",)))
"""What tells where the eyes are: themselves, or else what hides them."""
_MOVED = 0.08
"""A face that is off the window's middle by this many sides is followed."""
_GROWN = 1.2
"""A face that asks for a window larger or smaller by this factor gets it."""
_SEARCHED = (1.0, 0.7, 0.5)
"""Sides of the windows that are searched, in shorter sides of the frame; each overlaps the next by half."""
_GOOD = 0.75
"""How well a window must frame the face that it shows for the search to end."""
_SECONDS_LOST = 0.5
"""How long after a search in vain the next one is made."""


class Box(NamedTuple):
    """A part of a frame, in pixels of the small frame."""

    left: int
    top: int
    right: int
    bottom: int


class UprightWindow(NamedTuple):
    """A square around an upright face, which may reach beyond the frame; `wild.window.Window` may be turned."""

    x: float
    y: float
    side: float

    def inside(self, width: int, height: int) -> Box:
        """The part of it that is in a frame."""
        half = self.side / 2
        left, top = max(0, round(self.x - half)), max(0, round(self.y - half))
        return Box(left, top, min(width, round(self.x + half)), min(height, round(self.y + half)))

    def fit(self, wanted: "UprightWindow") -> float:
        """How well it frames a face that asks for another window: 1 perfectly, falling to 0."""
        return 1 / (1 + 2 * self._off(wanted) + abs(float(np.log2(wanted.side / self.side))))

    def still_fits(self, wanted: "UprightWindow") -> bool:
        """Whether another window would hardly be better."""
        return self._off(wanted) < _MOVED and 1 / _GROWN < wanted.side / self.side < _GROWN

    def _off(self, wanted: "UprightWindow") -> float:
        return max(abs(self.x - wanted.x), abs(self.y - wanted.y)) / self.side


class View(NamedTuple):
    """What is known of a frame: probabilities within a box; none where no face was found."""

    seen: Seen | None
    box: Box
    small_size: tuple[int, int]
    """Height and width of the small frame."""

    @property
    def num_faces(self) -> int:
        """1, or 0 where no face was found."""
        return int(self.seen is not None)

    def labels(self, width: int, height: int) -> Labels:
        """The label map of the frame at its own size; background outside of the box."""
        if self.seen is None:
            return np.zeros((height, width), dtype=np.uint8)
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
        self._window: UprightWindow | None = None
        self._next_search = -np.inf

    def __call__(self, small: Image, seconds: float) -> View:
        """Probabilities of the next frame, where its face is.

        Args:
            small: the frame, reduced, of square pixels.
            seconds: when it is shown.
        """
        height, width = small.shape[:2]
        if self._window is None:
            self._find(small, seconds)
        for _ in range(2):  # the second time where the face was lost, by a cut, and found elsewhere
            if self._window is None:
                break
            box = self._window.inside(width, height)
            image = _reduced(small, box)
            seen = self._see(image)
            wanted = _wanted(seen, box)
            if wanted is None:
                self._find(small, seconds)
                continue
            view = View(self._smooth(seen, image, seconds), box, (height, width))
            if not self._window.still_fits(wanted):
                self._take(wanted)  # for the frame that comes
            return view
        return View(None, Box(0, 0, 0, 0), (height, width))

    def _take(self, window: UprightWindow | None) -> None:
        self._window, self._smooth = window, self._smoothing.build()  # the past is of other pixels

    def _find(self, small: Image, seconds: float) -> None:
        """Search a frame for a window that frames a face."""
        self._take(None)
        if seconds < self._next_search:
            return
        height, width = small.shape[:2]
        best = 0.0
        for window in _searched(width, height):
            box = window.inside(width, height)
            wanted = _wanted(self._see(_reduced(small, box)), box)
            if wanted is not None and window.fit(wanted) > best:
                best = window.fit(wanted)
                self._take(wanted)
            if best >= _GOOD:
                return
        if self._window is None:
            self._next_search = seconds + _SECONDS_LOST


def _reduced(small: np.ndarray, box: Box) -> np.ndarray:
    height, width = box.bottom - box.top, box.right - box.left
    scale = SEEN_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    part = PillowImage.fromarray(small).crop(box)
    return np.asarray(part.resize(size, PillowImage.Resampling.BILINEAR))


def _searched(width: int, height: int) -> Iterator[UprightWindow]:
    """Windows all over a frame, large ones first."""
    for share in _SEARCHED:
        side = share * min(width, height)
        columns, rows = (max(1, round(2 * (size / side - 1)) + 1) for size in (width, height))
        # from the middle outwards: that is where faces are
        places = [
            (x, y)
            for y in _spread(side / 2, height - side / 2, rows)
            for x in _spread(side / 2, width - side / 2, columns)
        ]
        places.sort(key=lambda place: abs(place[0] - width / 2) + abs(place[1] - height / 2))
        yield from (UprightWindow(x, y, side) for x, y in places)


def _spread(first: float, last: float, num: int) -> list[float]:
    return [(first + last) / 2] if num == 1 else np.linspace(first, last, num).tolist()


def _wanted(seen: Seen, box: Box) -> UprightWindow | None:
    """The window around the face that is seen through a box; none where there are no eyes over a mouth."""
    labels = seen.argmax(axis=0)
    least = LEAST_SHARE * labels.size
    eyes = next((found for ids in _EYES if len(found := np.argwhere(np.isin(labels, ids))) > least), None)
    mouth = np.argwhere(np.isin(labels, MOUTH))
    if eyes is None or len(mouth) <= least:
        return None
    # medians, which stray pixels do not move
    sides = [np.median(found, axis=0) for name in _EYES[0] if len(found := np.argwhere(labels == name)) > least]
    between = np.mean(sides, axis=0) if sides else np.median(eyes, axis=0)
    down = np.median(mouth, axis=0) - between
    apart = np.linalg.norm(sides[0] - sides[1]) if len(sides) == 2 else 0.0
    if down[0] <= 0:
        return None
    scale = (box.right - box.left) / labels.shape[1]
    y, x = (between + BELOW * down + 0.5) * scale
    side = max(ACROSS * float(apart), DOWN * float(np.linalg.norm(down))) * scale
    return UprightWindow(box.left + float(x), box.top + float(y), max(side, 8.0))
