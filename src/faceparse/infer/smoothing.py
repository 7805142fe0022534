"""Steadier labels from frame to frame: an average over time that forgets where the picture changes.

Each pixel's probabilities are an exponential average of those of the frames before. How much of the past a pixel keeps
falls from `strength` to nothing as the picture around it departs from what it was, so that a face that moves leaves no
trail. Both are judged at the small size at which the network sees a frame, where a camera's noise has been averaged
away; what departs slowly counts as well, since the picture is compared with its own average.
"""

from dataclasses import dataclass

import numpy as np

from faceparse.errors import UsageError
from faceparse.types import Float32, UInt8

_FRAME = 1 / 25
"""Seconds between the frames for which a strength is meant; more past is kept where frames follow each other faster."""


@dataclass(frozen=True, kw_only=True)
class SmoothingConfig:
    """How the labels of a video are steadied."""

    strength: float = 0.8
    """Share of the past that a pixel keeps from one frame to the next where nothing moves, at 25 frames a second."""
    still: float = 3.0
    """Grey levels of change up to which nothing moves: a camera's noise and a codec's."""
    changed: float = 10.0
    """Grey levels of change from which on the past is of another picture."""

    def build(self) -> "Smoother":
        """A smoother for one video.

        Raises:
            UsageError: a strength outside 0 to 1.
        """
        if not 0 <= self.strength <= 1:
            raise UsageError(f"--smooth {self.strength:g}: a number from 0 (not at all) to 1 is expected")
        return Smoother(self)


class Smoother:
    """Averages the probabilities of a video's frames, one after another."""

    def __init__(self, config: SmoothingConfig):
        self.config = config
        self._seen: np.ndarray | None = None
        self._picture: np.ndarray | None = None
        self._seconds = 0.0

    def __call__(
        self,
        seen: Float32[np.ndarray, "19 height width"],
        image: UInt8[np.ndarray, "height width 3"],
        seconds: float,
    ) -> Float32[np.ndarray, "19 height width"]:
        """The probabilities of the next frame, steadied; the first frame's, and after a cut, are as they come.

        Args:
            image: what the network saw.
            seconds: when the frame is shown.
        """
        picture = image.astype(np.float32)
        if self._seen is None or self._picture is None or self._seen.shape != seen.shape:
            self._seen, self._picture = seen, picture
        else:
            step = max(seconds - self._seconds, 0)
            keep = self._kept(picture) * np.float32(self.config.strength ** (step / _FRAME))
            self._seen = seen + keep * (self._seen - seen)
            self._picture = picture + keep[..., None] * (self._picture - picture)
        self._seconds = seconds
        return self._seen

    def _kept(self, picture: np.ndarray) -> Float32[np.ndarray, "height width"]:
        """1 where the picture is as it was, 0 where it is another."""
        change = _mean_of_neighbours(np.abs(picture - self._picture).mean(axis=2))
        return np.clip((self.config.changed - change) / (self.config.changed - self.config.still), 0, 1)


def _mean_of_neighbours(values: np.ndarray) -> np.ndarray:
    """The mean of 3×3 pixels; at the edge the last row or column counts twice."""
    padded = np.pad(values, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)
