"""Lips, teeth and the dark between them, painted flat."""

import numpy as np

from faceparse.data.synthetic.canvas import Canvas, ellipse, ribbon
from faceparse.data.synthetic.scene import MOUTH_Y, Scene


def paint_mouth(canvas: Canvas, scene: Scene, rng: np.random.Generator) -> None:
    """Lips, and between them teeth and the dark."""
    smile, gap = scene.smile, scene.gap
    half = scene.mouth_width * (1 + 0.2 * max(smile, 0)) * (1 - 0.7 * max(gap - 0.05, 0) / 0.05 * (smile < 0.3))
    t = np.linspace(-1, 1, 49)
    reach = rng.uniform(0.76, 0.92)  # the lips meet before their corners
    x = t * half
    lift = -0.02 * smile * t**2 + 0.006 * smile
    center = MOUTH_Y + 0.004 * smile
    lid = (1 - t**2) ** 0.6
    bow = 0.004 * np.exp(-((t / 0.16) ** 2)) - 0.0035 * np.exp(-(((np.abs(t) - 0.25) / 0.2) ** 2))
    inner_top = (
        center + lift - gap * 0.42 * (1 - np.abs(t / reach).clip(0, 1) ** 2.2) + 0.003 * np.cos(t * 7) * (gap < 0.004)
    )
    inner_low = center + lift + gap * 0.58 * (1 - np.abs(t / reach).clip(0, 1) ** 2.0)
    top = inner_top - scene.lip_upper * (1 - 0.35 * max(smile, 0)) * lid + bow * lid
    low = inner_low + scene.lip_lower * (1 - 0.2 * max(smile, 0)) * (1 - np.abs(t) ** 2.4) ** 0.75
    upper_lip = np.concatenate([np.stack([x, top], 1), np.stack([x, inner_top], 1)[::-1]])
    lower_lip = np.concatenate([np.stack([x, inner_low], 1), np.stack([x, low], 1)[::-1]])
    inside = np.concatenate([np.stack([x, inner_top], 1), np.stack([x, inner_low], 1)[::-1]])

    color = scene.lip_color
    canvas.paint(ellipse((0, low.max() + 0.012), (half * 0.6, 0.009)), (0.75, 0.66, 0.64), 0.6, 0.007, multiply=True)
    whole = np.concatenate([np.stack([x, top], 1), np.stack([x, low], 1)[::-1]])
    canvas.paint(whole, color, 0.35, 0.006)
    canvas.paint(upper_lip, color * rng.uniform(0.76, 0.92), 0.95, 0.0012, label=None)
    canvas.paint(lower_lip, color, 0.95, 0.0012)
    canvas.paint(upper_lip, color, 0.0, label="upper lip")
    canvas.paint(lower_lip, color, 0.0, label="lower lip")
    creases = [
        ribbon(np.array([(u, inner_low[24] + 0.004), (u * 1.04, low[24] - 0.006)]), 0.002)
        for u in rng.uniform(-0.6, 0.6, 9) * half
    ]
    canvas.paint(creases, (0.8, 0.74, 0.76), 0.5, 0.0012, multiply=True)
    shine = ellipse(
        (rng.normal(0, 0.012), (inner_low[24] * 0.55 + low[24] * 0.45)), (half * 0.35, scene.lip_lower * 0.16)
    )
    canvas.paint(shine, np.minimum(color * 1.35 + 0.15, 1.3), scene.lip_gloss * 0.8, 0.004)
    canvas.paint(ribbon(np.stack([x, inner_top], 1), 0.004), color * [0.4, 0.3, 0.3], 0.75, 0.0015)
    for side in (-1, 1):
        corner = (side * half, center + lift[0])
        canvas.paint(ellipse(corner, (0.009, 0.007)), (0.55, 0.45, 0.42), 0.6, 0.004, multiply=True)
    if gap <= 0:
        return
    dark = np.array([0.2, 0.07, 0.06]) * rng.uniform(0.4, 1.4)
    canvas.paint(inside, dark, 1.0, label="mouth")
    cover, window = canvas.cover([inside])
    hole = np.zeros(canvas.labels.shape, np.float32)
    hole[window] = cover
    canvas.paint(ellipse((0, inner_low[24]), (half * 0.5, gap * 0.3)), (0.6, 0.25, 0.24), 0.7, 0.004, within=hole)
    if scene.teeth:
        _paint_teeth(canvas, scene, rng, x, inner_top, hole)


def _paint_teeth(canvas: Canvas, scene: Scene, rng: np.random.Generator, x, inner_top, hole) -> None:
    ivory = np.array([0.98, 0.94, 0.88]) * rng.uniform(0.85, 1.05) * np.array([1, 1, rng.uniform(0.88, 1.03)])
    drop = min(scene.gap * 0.97, rng.uniform(0.028, 0.048))
    edge = inner_top + drop * (1 - 0.45 * (x / np.abs(x).max()) ** 2)
    row = np.concatenate([np.stack([x, inner_top - 0.004], 1), np.stack([x, edge], 1)[::-1]])
    canvas.paint(row, ivory, 1.0, 0.001, within=hole)
    high, low = inner_top[24] - 0.01, inner_top[24] + drop + 0.012
    seams = [ribbon(np.array([(at, high), (at, low)]), 0.0022) for at in (0.0, 0.019, 0.035, 0.049, 0.061)]
    seams += [seam * (-1, 1) for seam in seams]
    canvas.paint(seams, (0.72, 0.62, 0.55), 0.65, 0.0007, within=hole, multiply=True)
    canvas.paint(ribbon(np.stack([x, inner_top], 1), 0.012), (0.5, 0.4, 0.4), 0.65, 0.004, within=hole, multiply=True)
    for side in (-1, 1):
        canvas.paint(
            ellipse((side * np.abs(x).max() * 0.95, MOUTH_Y), (0.022, 0.03)),
            (0.2, 0.1, 0.1),
            0.85,
            0.009,
            within=hole,
            multiply=True,
        )
