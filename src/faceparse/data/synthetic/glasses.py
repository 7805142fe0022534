"""Glasses: lenses, rims, bridge and arms, placed in space before the eyes or pushed up into the hair."""

import numpy as np

from faceparse.classes import class_id
from faceparse.data.synthetic.camera import Camera, View
from faceparse.data.synthetic.canvas import Canvas, curve, moved, ribbon
from faceparse.data.synthetic.ears import visible
from faceparse.data.synthetic.palettes import random_color
from faceparse.data.synthetic.scene import EYE_X, Scene

_UNCOVERED = ("left eye", "right eye", "left brow", "right brow")  # these lie over clear glasses in CelebAMask-HQ


def paint_glasses(canvas: Canvas, scene: Scene, camera: Camera, view: View) -> None:
    """Draw the glasses with their label: the lenses too, but for eyes and brows seen through them."""
    if scene.glasses == "none":
        return
    rng = scene.rng("glasses")
    raised = scene.glasses == "raised"
    dark = scene.glasses == "sun" or raised
    half_x, half_y = rng.uniform(0.076, 0.104), rng.uniform(0.042, 0.075) * (1.15 if dark else 1)
    power = rng.choice([2.0, 2.6, 4.0, 6.0])
    droop = rng.choice([0.0, 0.0, 0.3]) if dark else 0.0
    frame = np.array([0.05, 0.05, 0.05]) + (rng.random() < 0.5) * random_color(rng) * 0.5
    rim = rng.choice([0.004, 0.009, 0.016]) * rng.uniform(0.8, 1.3)
    center_y, front = (-0.36, 0.2) if raised else (0.012 + rng.normal(0, 0.006), 0.295)
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    lens_x = np.sign(c) * np.abs(c) ** (2 / power) * half_x
    lens_y = np.sign(s) * np.abs(s) ** (2 / power) * half_y
    lens_y = lens_y * (1 + droop * (lens_y > 0))
    before = canvas.labels.copy()
    kept = np.isin(before, [class_id(name) for name in _UNCOVERED])
    center_x = max(EYE_X - 0.002, half_x + 0.018)
    lenses, arms, rims = [], [], []
    for side in (-1, 1):
        x = side * (center_x + lens_x)
        z = front - 0.9 * (np.abs(x) - 0.05).clip(0) ** 2 - 0.15 * lens_y
        points = np.stack([x, center_y + lens_y, z], 1)
        lenses.append(camera.project(points)[0])
        ring = np.concatenate([lenses[-1], lenses[-1][:2]])
        rims.append(ribbon(ring, rim))
        outer = np.array([side * (center_x + half_x), center_y - half_y * 0.4, front - 0.025])
        ear = np.array([side * 0.262 * scene.width, center_y - 0.02, -0.03])
        arms.append((side, np.linspace(outer, ear, 12)))
    bridge = camera.project(
        curve(np.array([[-0.03, 0], [0, -0.008], [0.03, 0]]), 12) @ np.array([[1.0, 0, 0], [0, 1, 0]])
        + np.array([0, center_y - half_y * 0.25, front + 0.005])
    )[0]
    plane = np.array([[0, center_y, front], [0.1, center_y, front - 0.01], [0, center_y + 0.05, front]])
    hair = before == class_id("hair")
    free = np.where(hair & (scene.glasses != "raised"), visible(view, camera, plane, -0.01), 1).astype(np.float32)
    for side, line in arms:
        seen = visible(view, camera, np.array([line[0], line[-1], line[0] + [0, 0.05, 0.001]]), 0.02)
        flat = camera.project(line)[0]
        turned = (camera.turn @ np.array([side, 0, 0.0]))[2]
        if turned < -0.35:
            continue
        canvas.paint(ribbon(flat, max(rim, 0.006)), frame * 0.8, label="eye glasses", within=seen)
    if dark:
        tint = np.array([0.03, 0.03, 0.035]) + random_color(rng) * 0.12
        canvas.paint(lenses, tint, rng.uniform(0.86, 1.0), label="eye glasses", within=free)
        for lens in lenses:
            top, low = lens.min(0), lens.max(0)
            gleam = np.array([(0.15, 0.05), (0.5, 0.05), (0.3, 0.95), (0.05, 0.95)]) * (low - top) + top
            canvas.paint(gleam, (0.8, 0.85, 0.9), rng.uniform(0.03, 0.35), 0.006, within=free * _inside(canvas, [lens]))
            canvas.paint(
                lens * [1, 0.5] + [0, lens[:, 1].max() * 0.5],
                tint * 2 + 0.12,
                rng.uniform(0, 0.5),
                0.01,
                within=free * _inside(canvas, [lens]),
            )
    else:
        canvas.paint(lenses, (0.97, 0.98, 1.0), rng.uniform(0.0, 0.1), label="eye glasses", within=free)
        for lens in lenses:
            canvas.paint(ribbon(lens[26:40], 0.012), (1, 1, 1), rng.uniform(0, 0.35), 0.005, within=free)
        below = [moved(lens, down=0.012) for lens in rims]
        canvas.paint(below, (0.75, 0.7, 0.68), 0.5, 0.006, within=free * (before == class_id("skin")), multiply=True)
    frameless = rim < 0.005 and rng.random() < 0.4
    if not frameless:
        for ring in rims:
            canvas.paint(ring, frame, label="eye glasses", within=free)
            canvas.paint(moved(ring, down=-rim * 0.25), np.clip(frame * 2 + 0.15, 0, 1), 0.25, 0.002, within=free)
    canvas.paint(ribbon(bridge, max(rim, 0.006)), frame, label="eye glasses", within=free)
    if not dark:
        canvas.labels[kept] = before[kept]


def _inside(canvas: Canvas, shapes: list[np.ndarray]) -> np.ndarray:
    mask = np.zeros(canvas.labels.shape, np.float32)
    cover, window = canvas.cover(shapes)
    mask[window] = cover
    return mask
