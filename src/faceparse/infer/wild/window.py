"""The square around a face that CelebA-HQ cuts out of a photo, at any angle, and cutting it out."""

from typing import NamedTuple

import numpy as np
from PIL import Image as PillowImage

from faceparse.classes import class_id
from faceparse.infer.parser import Seen
from faceparse.types import Float, Image, UInt8

_EYES = (class_id("left eye"), class_id("right eye"))
_BROWS = (class_id("left brow"), class_id("right brow"))
_GLASSES = class_id("eye glasses")
MOUTH = [class_id(name) for name in ("upper lip", "mouth", "lower lip")]
_INNER = [*_EYES, *_BROWS, _GLASSES, class_id("nose"), *MOUTH]
LEAST_SHARE = 0.0004
"""Of a window, which eyes and mouth must each have: less is a mistake."""
ACROSS, DOWN, BELOW = 4.0, 3.6, 0.1
"""CelebA-HQ's crop (Karras et al., ICLR 2018, appendix C): its side, in distances of the eyes and from eyes to mouth,
of which the larger counts; its middle, in the latter, below the eyes."""
_BROW_TO_EYE = 0.2
"""Of the way from a brow to the mouth."""
_LIKELY = (0.45, 2.5)
"""Distance of the eyes over that from eyes to mouth, of a face that is seen from about the front."""

_ASKED = (0.4, 2.2)
"""Sides of a window that a face within another may ask for, in sides of that one; others are mistakes."""
_BRIGHT = 95
"""Percentile of the brightest channel that stands for a face's light."""
_DARK, _LIT = 105, 200
"""Grey levels of it: below the first, which none of 935 faces of CelebAMask-HQ is, it is brought to the second."""


class Window(NamedTuple):
    """A square around a face, in pixels of a photo; it may reach beyond the photo."""

    x: float
    y: float
    """Its middle; 0 is the left or upper edge of the first pixel."""
    side: float
    angle: float = 0.0
    """Radians, clockwise as one sees the photo: that of a face that leans to its own left side."""

    @property
    def axes(self) -> Float[np.ndarray, "2 2"]:
        """Columns: the photo's direction in which the window's x and y grow."""
        cos, sin = float(np.cos(self.angle)), float(np.sin(self.angle))
        return np.array([[cos, -sin], [sin, cos]])

    @property
    def corners(self) -> Float[np.ndarray, "4 2"]:
        """Upper left, upper right, lower right, lower left, as the face has them; (x, y) in the photo."""
        units = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
        return units @ self.axes.T * self.side + (self.x, self.y)

    def scaled(self, factor: float) -> "Window":
        """The same square in a photo that is larger by a factor."""
        return Window(self.x * factor, self.y * factor, self.side * factor, self.angle)

    def distance(self, other: "Window") -> float:
        """How far apart two middles are, in sides of the smaller one."""
        return float(np.hypot(self.x - other.x, self.y - other.y)) / min(self.side, other.side)

    def fit(self, wanted: "Window") -> float:
        """How well it frames a face that asks for another window: 1 perfectly, falling to 0."""
        turned = abs(_turn(wanted.angle - self.angle))
        away = float(np.hypot(self.x - wanted.x, self.y - wanted.y)) / self.side
        return 1 / (1 + 2 * away + abs(float(np.log2(wanted.side / self.side))) + turned)

    def cut(self, photo: Image, side: int) -> UInt8[np.ndarray, "side side 3"]:
        """The square as an upright picture of `side` pixels; what lies beyond the photo is its nearest pixel."""
        picture, scale = PillowImage.fromarray(photo), 1.0
        reduced = int(self.side / side)
        corners = self.corners
        if reduced >= 2:  # bilinear sampling alone would pass over pixels; each becomes a mean of those it stands for
            left, top = np.floor(np.maximum(corners.min(axis=0) - 2 * reduced, 0)).astype(int)
            right, bottom = np.ceil(np.minimum(corners.max(axis=0) + 2 * reduced, picture.size)).astype(int)
            if right <= left or bottom <= top:
                left, top, right, bottom = 0, 0, picture.width, picture.height
            picture = picture.reduce(reduced, (int(left), int(top), int(right), int(bottom)))
            corners = corners - (left, top)
            scale = 1 / reduced
        pixels = np.pad(np.asarray(picture), ((1, 1), (1, 1), (0, 0)), mode="edge")
        start = corners[0] * scale + 1
        step_x, step_y = (corners[1] - corners[0]) * scale / side, (corners[3] - corners[0]) * scale / side
        at = (np.arange(side) + 0.5)[:, None]
        across = start + step_x * at  # side, 2
        grid = across[None] + (step_y * at)[:, None]  # side, side, 2
        return _sampled(pixels, grid[..., 0] - 0.5, grid[..., 1] - 0.5)


def _sampled(pixels: np.ndarray, x: np.ndarray, y: np.ndarray) -> Image:
    """Bilinear samples; positions beyond the pixels are moved to the nearest."""
    height, width = pixels.shape[:2]
    x, y = x.clip(0, width - 1.001), y.clip(0, height - 1.001)
    left, top = x.astype(np.intp), y.astype(np.intp)
    along, down = (x - left)[..., None].astype(np.float32), (y - top)[..., None].astype(np.float32)
    first = pixels[top, left] * (1 - along) + pixels[top, left + 1] * along
    second = pixels[top + 1, left] * (1 - along) + pixels[top + 1, left + 1] * along
    return np.rint(first * (1 - down) + second * down).astype(np.uint8)


def lit(square: Image) -> Image:
    """A face's square, brightened where its middle is darker than any portrait's, since networks are lost there."""
    quarter = square.shape[0] // 4
    bright = float(np.percentile(square[quarter:-quarter, quarter:-quarter].max(axis=2), _BRIGHT))
    if bright >= _DARK:
        return square
    return np.minimum(square * np.float32(_LIT / max(bright, 1)), 255).astype(np.uint8)


class Framing(NamedTuple):
    """A face that probabilities show, and how sure they are of it."""

    window: Window
    """The one that CelebA-HQ would have cut around it."""
    sureness: float
    """Mean probability of the pixels of eyes, nose, brows and mouth, in [0, 1]."""


def framing(seen: Seen, window: Window) -> Framing | None:
    """The face that is seen through a window; none where there are no eyes over a mouth.

    Args:
        seen: probabilities of the picture that the window cut out.
        window: where it was cut.
    """
    labels = seen.argmax(axis=0)
    size = np.array(labels.shape[::-1])
    least = LEAST_SHARE * labels.size
    mouth = _middle(np.isin(labels, MOUTH), least)
    if mouth is None:
        return None
    eyes = [
        middle
        for eye, brow in zip(_EYES, _BROWS, strict=True)
        if (middle := _eye(labels, eye, brow, mouth, least)) is not None
    ]
    glasses = _middle(labels == _GLASSES, least)
    if glasses is not None and not np.isin(labels, _EYES).any():
        eyes = []  # dark ones, which hide brows as well as eyes, in part
    if not eyes and glasses is None:
        return None
    between = np.mean(eyes, axis=0) if len(eyes) == 2 or glasses is None else glasses
    down = mouth - between
    long = float(np.linalg.norm(down))
    # the angle of the eyes and that from eyes to mouth, as in CelebA-HQ; the person's left eye is on the right
    across = np.array([down[1], -down[0]])
    apart = 0.0
    if len(eyes) == 2:
        apart = float(np.linalg.norm(eyes[0] - eyes[1]))
        if not _LIKELY[0] < apart / max(long, 1e-6) < _LIKELY[1]:
            return None
        across = across + (eyes[0] - eyes[1])
    if long == 0 or down[1] <= 0 or across[0] <= 0:
        return None
    scale = window.side / float(size.max())
    side = max(ACROSS * apart, DOWN * long) * scale
    if not _ASKED[0] < side / window.side < _ASKED[1]:
        return None
    middle = (between + BELOW * down - size / 2) @ window.axes.T * scale + (window.x, window.y)
    inner = np.isin(labels, _INNER)
    wanted = Window(
        float(middle[0]), float(middle[1]), side, _turn(window.angle + float(np.arctan2(across[1], across[0])))
    )
    return Framing(wanted, float(seen.max(axis=0)[inner].mean()))


def _eye(labels: np.ndarray, eye: int, brow: int, mouth: np.ndarray, least: float) -> np.ndarray | None:
    """The middle of an eye; where it is closed or hidden, but not its brow, about where it must be."""
    middle = _middle(labels == eye, least)
    if middle is None and (above := _middle(labels == brow, least)) is not None:
        middle = above + _BROW_TO_EYE * (mouth - above)
    return middle


def _middle(part: np.ndarray, least: float) -> np.ndarray | None:
    """(x, y) of a part, by medians, which stray pixels do not move; pixel edges are whole numbers."""
    found = np.argwhere(part)
    return None if len(found) <= least else np.median(found, axis=0)[::-1] + 0.5


def _turn(angle: float) -> float:
    """The same angle within half a turn either way."""
    return (angle + np.pi) % (2 * np.pi) - np.pi
