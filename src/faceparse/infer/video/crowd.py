"""Several faces of a video, each followed through a turned square of its own.

Detectors are slow and squares move little from frame to frame. So a frame is searched twice a second, and again where a
face was lost; what is found is framed as in a photo (`faceparse.infer.wild`). Between, each square follows what the
network reads in it. A square stands still until its face has moved, grown or turned by a good part of it, since every
move changes labels a little and ends what is averaged over time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from faceparse.infer.parser import Seen
from faceparse.infer.smoothing import Smoother, SmoothingConfig
from faceparse.infer.wild.detect import Detector
from faceparse.infer.wild.faces import SAME, find
from faceparse.infer.wild.paint import Sight, paint
from faceparse.infer.wild.window import Window, framing, lit
from faceparse.types import Image, Labels

CROWD_SIDE = 1280
"""The longer side of a reduced frame: faces of a crowd are small, and it is what the detector looks at."""

_SEEN_SIDE = 256
"""Side of the squares that the network sees: about what networks work at inside."""
_SECONDS_BETWEEN = 0.5
"""From one search for new faces to the next."""
_SURE = 0.65
"""A face that the network is less sure of is lost. Less than finding one asks for, so that none comes and goes."""
_MOVED, _GROWN, _TURNED = 0.08, 1.2, 0.12
"""What a square follows: a move in its sides, a factor of size, radians."""


class CrowdView(NamedTuple):
    """What is known of a frame: what was seen through each face's square, in pixels of the small frame."""

    sights: list[Sight]
    small_size: tuple[int, int]
    """Height and width of the small frame."""

    @property
    def num_faces(self) -> int:
        """How many faces the frame shows."""
        return len(self.sights)

    def labels(self, width: int, height: int) -> Labels:
        """The label map of the frame at its own size, whose pixels need not be square; background beside the faces."""
        small_height, small_width = self.small_size
        factor = height / small_height
        square_width = max(1, round(small_width * factor))
        sights = [Sight(seen, window.scaled(factor)) for seen, window in self.sights]
        labels = paint(sights, square_width, height).labels
        if square_width == width:
            return labels
        return labels[:, ((np.arange(width) + 0.5) * square_width / width).astype(np.intp)]


@dataclass(eq=False)
class _Followed:
    """One face."""

    window: Window
    smooth: Smoother


class Crowd:
    """Parses the frames of one video, one after another, every face steadied by itself."""

    def __init__(self, see: Callable[[Image], Seen], smoothing: SmoothingConfig, detect: Detector):
        self._see = see
        self._smoothing = smoothing
        self._detect = detect
        self._faces: list[_Followed] = []
        self._next_search = -np.inf

    def __call__(self, small: Image, seconds: float) -> CrowdView:
        """Probabilities of the next frame, where its faces are.

        Args:
            small: the frame, reduced, of square pixels.
            seconds: when it is shown.
        """
        num_before = len(self._faces)
        sights = self._look(self._faces, small, seconds)
        if seconds >= self._next_search or len(self._faces) < num_before:
            sights += self._look(self._new(small), small, seconds)
            self._next_search = seconds + _SECONDS_BETWEEN
        return CrowdView(sights, (small.shape[0], small.shape[1]))

    def _look(self, faces: list[_Followed], small: Image, seconds: float) -> list[Sight]:
        """What is seen of some faces; those that are lost, or show what an older one shows, are dropped."""
        sights: list[Sight] = []
        for face in list(faces):
            image = lit(face.window.cut(small, _SEEN_SIDE))
            seen = self._see(image)
            found = framing(seen, face.window)
            older = [other.window for other in self._faces[: self._faces.index(face)]]
            if found is None or found.sureness < _SURE or _near(found.window, older):
                self._faces.remove(face)
                continue
            sights.append(Sight(face.smooth(seen, image, seconds), face.window))
            if not _still_fits(face.window, found.window):
                # for the frame that comes; the past is of other pixels
                face.window, face.smooth = found.window, self._smoothing.build()
        return sights

    def _new(self, small: Image) -> list[_Followed]:
        """Search a frame for faces that are not followed yet, and follow them."""
        known = [face.window for face in self._faces]
        unknown = [rough for rough in self._detect(small) if not _near(rough, known)]
        found = find(small, self._see, lambda _: unknown)
        new = [_Followed(face.window, self._smoothing.build()) for face in found if not _near(face.window, known)]
        self._faces += new
        return new


def _near(window: Window, others: list[Window]) -> bool:
    return any(window.distance(other) < SAME for other in others)


def _still_fits(window: Window, wanted: Window) -> bool:
    """Whether another square would hardly be better."""
    turned = abs((wanted.angle - window.angle + np.pi) % (2 * np.pi) - np.pi)
    moved = float(np.hypot(wanted.x - window.x, wanted.y - window.y)) / window.side
    return moved < _MOVED and 1 / _GROWN < wanted.side / window.side < _GROWN and turned < _TURNED
