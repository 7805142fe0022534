"""Test-time augmentation: a photo is parsed as several views of it, and their probabilities are averaged.

A mirrored view comes back with its left and right channels exchanged, not only turned round: without that the eyes,
brows and ears of the two views contradict each other.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from faceparse.classes import MIRROR
from faceparse.errors import UsageError
from faceparse.types import Float32, Image

_SCALES = (0.25, 4.0)
"""Smallest and largest scale that is taken."""

SeenAt = Callable[[Image, float], Float32[np.ndarray, "19 height width"]]
"""From a photo and a scale to probabilities at the photo's own size, computed at that many times the usual size."""


@dataclass(frozen=True, kw_only=True)
class Views:
    """The views of a photo that are averaged."""

    flip: bool = False
    """Each view once more, mirrored: the map of a mirrored photo is then the mirrored map, left and right exchanged."""
    scales: tuple[float, ...] = (1.0,)
    """Sizes at which the photo is seen, as multiples of the usual one."""

    @property
    def single(self) -> bool:
        """Whether the photo as it is is all that is seen."""
        return self == Views()


def parse_views(text: str) -> Views:
    """The views that `--tta` names: `flip`, scales, or both, with commas between (`flip,0.75,1,1.25`).

    Raises:
        UsageError: something else, a scale twice, or one out of range.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    scales = [_scale(word) for word in words if word != "flip"]
    twice = {word for word in words if words.count(word) > 1} | {f"{s:g}" for s in scales if scales.count(s) > 1}
    if twice:
        raise UsageError(f"--tta names {', '.join(sorted(twice))} twice")
    return Views(flip="flip" in words, scales=tuple(scales) or (1.0,))


def _scale(word: str) -> float:
    try:
        scale = float(word)
    except ValueError:
        scale = math.nan
    if not _SCALES[0] <= scale <= _SCALES[1]:
        raise UsageError(
            f"--tta: '{word}' is neither flip nor a scale from {_SCALES[0]:g} to {_SCALES[1]:g}, "
            "as in --tta flip,0.75,1,1.25"
        )
    return scale


def averaged(seen_at: SeenAt, views: Views) -> Callable[[Image], Float32[np.ndarray, "19 height width"]]:
    """The mean of the probabilities of some views, as a function of the photo."""

    def see(image: Image) -> Float32[np.ndarray, "19 height width"]:
        total = np.zeros((len(MIRROR), *image.shape[:2]), np.float32)
        for scale in views.scales:
            seen = seen_at(image, scale)
            if views.flip:
                mirrored = seen_at(np.ascontiguousarray(image[:, ::-1]), scale)
                # the two are added to each other first: a mirrored photo then gives the very same sums, mirrored
                seen = seen + mirrored[MIRROR, :, ::-1]
            total += seen
        return total / np.float32(len(views.scales) * (1 + views.flip))

    return see
