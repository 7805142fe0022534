"""A picture and its label map that are painted together: every shape with a label leaves both in one stroke.

Points are given in the canvas's own units; `scale` pixels make one unit.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from faceparse.classes import NAMES

Points = Float[np.ndarray, "_ 2"]
Numbers = Sequence[float | int] | np.ndarray
"""A colour or a position."""

_SHIFT = 4  # sub-pixel bits of OpenCV's drawing functions


class Canvas:
    """RGB in [0, 1] (`color`) and class ids (`labels`) over a rectangle whose corner (left, top) is `origin`."""

    def __init__(
        self, color: Float32[np.ndarray, "h w 3"], labels: UInt8[np.ndarray, "h w"], scale: float, origin: Numbers
    ):
        self.color = color
        self.labels = labels
        self.scale = scale
        self.origin = np.asarray(origin, np.float64)

    def cover(self, shapes: Sequence[Points], blur: float = 0.0) -> tuple[Float32[np.ndarray, "r c"], tuple]:
        """How much of each pixel the union of closed `shapes` covers, in [0, 1], and the window it holds for."""
        height, width = self.labels.shape
        pixels = [(np.asarray(shape) - self.origin) * self.scale - 0.5 for shape in shapes]
        every = np.concatenate(pixels)
        pad = int(3 * blur * self.scale) + 2
        low = np.clip(np.floor(every.min(0)).astype(int) - pad, 0, (width, height))
        high = np.clip(np.ceil(every.max(0)).astype(int) + pad + 1, 0, (width, height))
        window = (slice(low[1], high[1]), slice(low[0], high[0]))
        if (high <= low).any():
            return np.zeros((max(high[1] - low[1], 0), max(high[0] - low[0], 0)), np.float32), window
        columns, rows = (int(n) for n in high - low)
        # OpenCV's own antialiasing makes every shape half a pixel wider, so: filled finely, then averaged
        fine = 4 if rows * columns < 60_000 else 2
        mask = np.zeros((rows * fine, columns * fine), np.uint8)
        for shape in pixels:
            corners = np.rint(((shape - low + 0.5) * fine - 0.5) * (1 << _SHIFT)).astype(np.int32)
            cv2.fillPoly(mask, [corners], 255, cv2.LINE_8, _SHIFT)
        mask = cv2.resize(mask, (columns, rows), interpolation=cv2.INTER_AREA)
        if blur * self.scale > 0.25:
            mask = cv2.GaussianBlur(mask, (0, 0), blur * self.scale)
        return mask.astype(np.float32) / 255, window

    def paint(
        self,
        shapes: Points | Sequence[Points],
        color: Numbers,
        opacity: float = 1.0,
        blur: float = 0.0,
        label: str | None = None,
        within: Float32[np.ndarray, "h w"] | None = None,
        multiply: bool = False,
    ) -> None:
        """Lay a colour over closed shapes; where it covers half of a pixel, the pixel takes `label`.

        `within` limits it to a mask of the whole canvas, `multiply` darkens or tints what is there instead.
        """
        alpha, window = self.cover([shapes] if isinstance(shapes, np.ndarray) else shapes, blur)
        if alpha.size == 0:
            return
        if within is not None:
            alpha = alpha * within[window]
        self.lay(alpha, window, color, opacity, label, multiply)

    def lay(self, alpha, window: tuple, color: Numbers, opacity: float = 1.0, label: str | None = None, multiply=False):
        """Lay a colour (or a picture of the window's size) through a mask in [0, 1]."""
        below = self.color[window]
        color = np.asarray(color, np.float32)
        target = below * color if multiply else color
        below += (alpha * np.float32(opacity))[..., None] * (target - below)
        if label is not None:
            self.labels[window][alpha > 0.5] = NAMES.index(label)


def moved(shape: np.ndarray, right: float = 0.0, down: float = 0.0) -> np.ndarray:
    """Points (or one point) shifted."""
    return shape + np.array((right, down))


def curve(points: Sequence[Numbers] | np.ndarray, num: int = 48, closed: bool = False) -> Points:
    """A smooth line through a few points (centripetal enough: Catmull-Rom), as `num` points."""
    knots = np.asarray(points, np.float64)
    if closed:
        knots = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        knots = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    spans = len(knots) - 3
    at = np.linspace(0, spans, num, endpoint=not closed)
    first = np.minimum(at.astype(int), spans - 1)
    t = (at - first)[:, None]
    p0, p1, p2, p3 = (knots[first + k] for k in range(4))
    return 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)


def ribbon(line: Points, width: float | np.ndarray) -> Points:
    """The closed outline of a line that is `width` wide; an array of widths makes it swell and taper."""
    along = np.empty_like(line)
    along[1:-1] = line[2:] - line[:-2]
    along[0], along[-1] = line[1] - line[0], line[-1] - line[-2]
    across = along[:, ::-1] * (-1, 1) / np.maximum(np.sqrt((along * along).sum(1, keepdims=True)), 1e-9)
    half = across * (np.asarray(width) / 2 if np.isscalar(width) else np.asarray(width)[:, None] / 2)
    return np.concatenate([line + half, (line - half)[::-1]])


def ellipse(center: Numbers, radii: Numbers, tilt: float = 0.0, num: int = 32) -> Points:
    """A closed ellipse; `tilt` in radians turns it clockwise on the picture."""
    angle = np.linspace(0, 2 * np.pi, num, endpoint=False)
    x, y = radii[0] * np.cos(angle), radii[1] * np.sin(angle)
    c, s = np.cos(tilt), np.sin(tilt)
    return np.stack([center[0] + c * x - s * y, center[1] + s * x + c * y], 1)
