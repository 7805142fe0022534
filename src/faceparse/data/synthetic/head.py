"""The head as a surface around a vertical axis: a radius for every direction and height.

`angle` is measured around the Y axis from the front (0) to the image's right (+π/2) and the back (±π). Radii are kept
squared: they then vanish smoothly at the crown, and a point is inside where X² + Z² is less.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32

from faceparse.data.synthetic.noise import smoothstep
from faceparse.data.synthetic.scene import EYE_X, MOUTH_Y, Scene

NUM_ANGLES, NUM_HEIGHTS = 320, 248
TOP, BOTTOM = -0.66, 0.74
Field = Float32[np.ndarray, "heights angles"]

ANGLES = np.linspace(-np.pi, np.pi, NUM_ANGLES, endpoint=False, dtype=np.float32)[None]
HEIGHTS = np.linspace(TOP, BOTTOM, NUM_HEIGHTS, dtype=np.float32)[:, None]
_SIDE = np.abs(ANGLES)


@dataclass(frozen=True)
class Head:
    """Radius of the bare head and neck, and where it is neck (0 to 1)."""

    radius: Field
    neck: Field


def build_head(scene: Scene) -> Head:
    """The bare head and neck of a person."""
    crown, widest = -0.43, -0.05
    up = np.clip((widest - HEIGHTS) / (widest - crown), 0, 1)
    dome = np.maximum(1 - up**2.25, 0) ** (1 / 2.1)
    stretch = (scene.chin - 0.3) / 0.12
    below = np.array([-0.05, 0.05, 0.12, 0.2, 0.27, 0.33, 0.38, 0.42, 0.5]) * np.array(
        [1] * 6 + [stretch * 0.5 + 0.5] * 3
    )
    jaw = 1 + (scene.jaw - 1) * np.array([0, 0.1, 0.3, 0.7, 1, 1.1, 1.1, 1, 1])
    width = (
        _profile(below, np.array([0.258, 0.26, 0.257, 0.249, 0.231, 0.201, 0.166, 0.12, 0.095]) * jaw)
        * scene.width
        * dome
    )
    front = (
        _profile([-0.05, 0, 0.1, 0.2, 0.27, 0.34, 0.4, 0.44], [0.275, 0.262, 0.262, 0.268, 0.272, 0.262, 0.266, 0.25])
        * dome
    )
    back = _profile([-0.05, 0.1, 0.2, 0.3, 0.5], [0.31, 0.28, 0.21, 0.17, 0.17]) * dome
    depth = np.where(np.pi / 2 > _SIDE, front, back) * scene.depth
    power = np.float32(2.3)
    s, c = np.abs(np.sin(ANGLES)) ** power, np.abs(np.cos(ANGLES)) ** power
    width, depth = np.maximum(width, 1e-4) ** -power, np.maximum(depth, 1e-4) ** -power
    radius = (s * width + c * depth) ** (-1 / power)
    radius[HEIGHTS[:, 0] < crown] = 0
    _raise_features(radius, scene)

    degrees = np.degrees(_SIDE)
    chin = scene.chin
    underside = np.interp(
        degrees,
        [0, 16, 28, 40, 60, 80, 95, 112, 135, 180],
        [chin, chin - 0.005, chin - 0.02, chin - 0.046, chin - 0.115, chin - 0.19, chin - 0.245, 0.13, 0.13, 0.17],
    ).astype(np.float32)
    neck = smoothstep(0.0, 0.035, HEIGHTS - underside)
    flare = np.clip(HEIGHTS - 0.38, 0, None) ** 2 * 2.4
    throat = scene.neck * (1.03 - 0.26 * np.cos(ANGLES)) + flare * np.abs(np.sin(ANGLES))
    radius = radius + (throat - radius) * neck
    return Head(cv2.GaussianBlur(radius.astype(np.float32), (0, 0), 0.7), neck.astype(np.float32))


def _profile(heights, values) -> np.ndarray:
    """A smooth function of the height through a few values, as a column."""
    line = np.interp(HEIGHTS[:, 0], heights, values).astype(np.float32)[:, None]
    return cv2.GaussianBlur(line, (1, 0), 0.01, sigmaY=4.0, borderType=cv2.BORDER_REPLICATE)


def _raise_features(radius: np.ndarray, scene: Scene) -> None:
    """Nose, sockets, brow ridge, cheeks, lips and chin as bumps on the front of the head, in place."""
    columns = np.flatnonzero(_SIDE[0] < 1.35)
    rows = np.flatnonzero((HEIGHTS[:, 0] > -0.2) & (HEIGHTS[:, 0] < 0.46))
    block = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    x = np.abs(radius[block] * np.sin(ANGLES[:, block[1]]))
    y = HEIGHTS[block[0]]
    length, wide = scene.nose_length, scene.nose_width

    def bump(at_x, at_y, spread_x, spread_y, height):
        return height * np.exp(-(((x - at_x) / spread_x) ** 2) / 2) * np.exp(-(((y - at_y) / spread_y) ** 2) / 2)

    tip = 0.142 * length
    ridge = np.interp(y, [-0.09, -0.03, 0.02, tip, tip + 0.018, tip + 0.045], [0, 0.016, 0.028, 0.078, 0.07, 0]).astype(
        np.float32
    )
    ridge_width = np.interp(y, [-0.05, 0.03, tip], [0.02, 0.022, 0.033 * wide]).astype(np.float32)
    total = ridge * scene.nose_height * np.exp(-(np.abs(x / ridge_width) ** 2.4) / 2)
    total += bump(0.046 * wide, 0.15 * length, 0.018, 0.017, 0.022)
    total += bump(EYE_X, 0.002, 0.05, 0.035, -0.021) + bump(EYE_X, 0.0, 0.03, 0.018, 0.016)
    total += bump(0.05, -0.01, 0.022, 0.03, -0.01)
    total += bump(0.1, -0.07, 0.07, 0.022, 0.01 if scene.feminine else 0.016)
    smile = max(scene.smile, 0)
    total += bump(0.135, 0.11 - 0.01 * smile, 0.045, 0.04, 0.012 + 0.014 * smile)
    total += bump(0.0, MOUTH_Y - 0.018, 0.07, 0.016, 0.012) + bump(0.0, MOUTH_Y + 0.024 + scene.gap, 0.06, 0.018, 0.014)
    total += bump(0.0, MOUTH_Y, 0.08, 0.008, -0.006) + bump(0.0, MOUTH_Y + 0.066 + scene.gap / 2, 0.07, 0.014, -0.012)
    total += bump(0.0, scene.chin - 0.035, 0.05, 0.028, 0.014) + bump(
        scene.mouth_width + 0.012, MOUTH_Y, 0.014, 0.014, -0.006
    )
    total += bump(0.16, 0.2, 0.04, 0.05, -0.008 if scene.feminine else -0.012)
    radius[block] += total
