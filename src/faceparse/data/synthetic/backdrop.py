"""What is behind the person, mostly out of focus."""

import cv2
import numpy as np

from faceparse.data.synthetic.canvas import Canvas, ellipse
from faceparse.data.synthetic.noise import rough_noise, smooth_noise
from faceparse.data.synthetic.palettes import HAIR_TONES, SKIN_TONES, pick, random_color
from faceparse.data.synthetic.scene import Scene


def paint_backdrop(scene: Scene, size: int) -> np.ndarray:
    """A picture (size, size, 3) in [0, 1]: studio, wall, press wall, lights at night, park, street, clutter."""
    rng = scene.rng("backdrop")
    kind = rng.choice(
        ["studio", "wall", "press", "bokeh", "park", "clutter", "clouds"], p=[0.2, 0.13, 0.13, 0.1, 0.1, 0.24, 0.1]
    )
    bright = rng.choice([rng.uniform(0.0, 0.2), rng.uniform(0.2, 0.7), rng.uniform(0.7, 1.0)])
    base = np.clip(random_color(rng, 0.55) * 0.5 + bright * 0.7 - 0.1, 0.01, 1)
    color = np.empty((size, size, 3), np.float32)
    color[:] = base
    canvas = Canvas(color, np.zeros((size, size), np.uint8), float(size), (0, 0))
    at = np.linspace(-0.5, 0.5, size, dtype=np.float32)
    blur = rng.uniform(0.002, 0.025)
    if kind == "wall":
        _tiles(canvas, rng, base)
    elif kind == "press":
        _letters(canvas, rng, base)
        blur = rng.uniform(0.001, 0.012)
    elif kind == "bokeh":
        for _ in range(int(rng.integers(8, 40))):
            radius = rng.uniform(0.012, 0.07)
            canvas.paint(
                ellipse(rng.random(2), (radius, radius)),
                np.clip(random_color(rng, 0.55) + rng.uniform(0.1, 0.5), 0, 1),
                rng.uniform(0.3, 0.9),
            )
        blur = rng.uniform(0.001, 0.01)
    elif kind == "park":
        leaves = np.stack([rough_noise(rng, (10, 10), (size, size), 3) for _ in range(2)], -1)
        green = np.array([0.25, 0.4, 0.15]) * rng.uniform(0.5, 1.8)
        color[:] = (
            green + leaves[..., :1] * np.array([0.14, 0.16, 0.08]) + leaves[..., 1:] * np.array([0.08, 0.03, 0.02])
        )
    elif kind == "clutter":
        for _ in range(int(rng.integers(4, 22))):
            _thing(canvas, rng)
        blur = rng.uniform(0.002, 0.03)
    elif kind == "clouds":
        color += (
            rough_noise(rng, (4, 4), (size, size), 4)[..., None]
            * rng.uniform(0.03, 0.15)
            * (0.4 + rng.random(3)).astype(np.float32)
        )
    if rng.random() < 0.7:
        slope = at[None] * rng.normal(0, 0.35) + at[:, None] * rng.normal(0, 0.45)
        color += slope[..., None] * (0.3 + 0.7 * rng.random(3)).astype(np.float32) * rng.uniform(0.2, 1)
    color += smooth_noise(rng, (4, 4), (size, size))[..., None] * 0.02
    return np.clip(cv2.GaussianBlur(color, (0, 0), max(blur * size, 0.3)), 0, 1)


def _thing(canvas: Canvas, rng: np.random.Generator) -> None:
    center, reach = rng.random(2), rng.uniform(0.04, 0.35, 2)
    # other people's skin and hair are background too
    color = (
        pick(rng, SKIN_TONES if rng.random() < 0.6 else HAIR_TONES, 0.05)
        if rng.random() < 0.3
        else random_color(rng, 0.55)
    )
    if rng.random() < 0.35:
        canvas.paint(ellipse(center, reach), color, rng.uniform(0.5, 1))
        return
    angle = rng.normal(0, 0.2)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * reach * (1, rng.uniform(0.5, 4))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    canvas.paint(corners @ turn.T + center, color, rng.uniform(0.5, 1))


def _tiles(canvas: Canvas, rng: np.random.Generator, base: np.ndarray) -> None:
    """Bricks, panels, curtains."""
    wide, high = rng.uniform(0.05, 0.3), rng.choice([rng.uniform(0.03, 0.2), 2.0])
    gap = rng.uniform(0.02, 0.15) * min(wide, high)
    for row, y in enumerate(np.arange(0, 1, high)):
        for x in np.arange(-wide * (row % 2) / 2, 1, wide):
            tone = np.clip(base * rng.normal(1.05, 0.08), 0, 1)
            canvas.paint(_rectangle(x, y, wide - gap, high - gap), tone)


def _letters(canvas: Canvas, rng: np.random.Generator, base: np.ndarray) -> None:
    """Rows of marks, as on the wall behind people who are photographed for the press."""
    ink = np.clip(random_color(rng, 0.55), 0, 1)
    size, step = rng.uniform(0.03, 0.12), rng.uniform(0.1, 0.35)
    marks = []
    for y in np.arange(rng.uniform(-0.1, 0.1), 1, step):
        for x in np.arange(rng.uniform(-0.2, 0), 1, step * rng.uniform(1, 1.6)):
            for k in range(int(rng.integers(2, 6))):
                left = x + k * size * 0.75
                marks.append(_rectangle(left, y, size * 0.25, size))
                if rng.random() < 0.7:
                    marks.append(_rectangle(left, y + size * rng.choice([0.0, 0.4, 0.8]), size * 0.6, size * 0.2))
    canvas.paint(marks, ink, 0.9)


def _rectangle(left: float, top: float, width: float, height: float) -> np.ndarray:
    return np.array([(left, top), (left + width, top), (left + width, top + height), (left, top + height)])
