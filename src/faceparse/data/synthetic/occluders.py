"""Things in front of the face that belong to no class: hands, microphones, objects. Their label is background."""

import numpy as np

from faceparse.data.synthetic.canvas import Canvas, curve, ellipse, moved, ribbon
from faceparse.data.synthetic.light import Light
from faceparse.data.synthetic.palettes import random_color
from faceparse.data.synthetic.scene import Scene


def paint_occluder(canvas: Canvas, scene: Scene, light: Light) -> None:
    """Draw what the scene has in front of the face, if anything."""
    rng = scene.rng("occluder")
    if scene.occluder == "hand":
        _paint_hand(canvas, scene, rng, light)
    elif scene.occluder == "microphone":
        _paint_microphone(canvas, rng)
    elif scene.occluder == "object":
        reach = rng.uniform(0.06, 0.2, 2)
        center = np.array([rng.choice([-0.05, 1.05]) + rng.normal(0, 0.08), rng.uniform(0.5, 1.0)])
        angle = np.linspace(0, 2 * np.pi, 10, endpoint=False)
        blob = np.stack([np.cos(angle), np.sin(angle)], 1) * reach * rng.uniform(0.8, 1.4, (10, 1)) + center
        canvas.paint(curve(blob, 60, closed=True), random_color(rng), label="background")


def _paint_hand(canvas: Canvas, scene: Scene, rng: np.random.Generator, light: Light) -> None:
    """A palm from below or the side with four fingers on cheek, chin or hair."""
    side = rng.choice([-1, 1])
    tone = np.clip(scene.skin * np.sqrt(light.flat(np.array([0, -0.2, 0.98]), 0.9)) * rng.uniform(0.85, 1.05), 0, 1)
    tips = np.array([0.5 + side * rng.uniform(0.02, 0.3), rng.uniform(0.4, 0.85)])
    wrist = np.array([0.5 + side * rng.uniform(0.25, 0.5), 1.1])
    direction = (tips - wrist) / np.hypot(*(tips - wrist))
    across = np.array([-direction[1], direction[0]])
    palm = tips - direction * 0.17
    parts = [ribbon(np.linspace(wrist, palm, 12), np.linspace(0.13, 0.15, 12))]
    canvas.paint([moved(p, down=0.02) for p in parts], (0.5, 0.45, 0.45), 0.5, 0.02, multiply=True)
    canvas.paint(parts, tone * 0.9, label="background")
    canvas.paint(ellipse(palm, (0.08, 0.08)), tone * 0.92, label="background")
    bend = rng.normal(0, 0.03)
    for k, long in enumerate((0.15, 0.18, 0.175, 0.13)):
        root = palm + across * (k - 1.5) * 0.038 * rng.uniform(0.9, 1.2)
        end = root + direction * long + across * ((k - 1.5) * 0.012 + rng.normal(0, 0.008))
        line = curve([root, (root + end) / 2 + across * bend, end], 20)
        width = np.interp(np.linspace(0, 1, 20), [0, 0.6, 0.93, 1], [0.042, 0.036, 0.028, 0.008])
        canvas.paint(ribbon(moved(line, 0.004, 0.006), width * 1.15), (0.5, 0.42, 0.4), 0.6, 0.006, multiply=True)
        canvas.paint(ribbon(line, width), tone, label="background")
        canvas.paint(ribbon(line + across * 0.006, width * 0.35), np.clip(tone * 1.1, 0, 1), 0.6, 0.005)
        nail = line[-4:]
        canvas.paint(ribbon(nail, 0.018), np.clip(scene.lip_color * 1.1, 0, 1), 0.6, 0.001)


def _paint_microphone(canvas: Canvas, rng: np.random.Generator) -> None:
    head = np.array([0.5 + rng.normal(0, 0.1), rng.uniform(0.8, 0.92)])
    foot = np.array([head[0] + rng.normal(0, 0.2), 1.2])
    radius = rng.uniform(0.035, 0.075)
    dark = random_color(rng) * 0.25
    canvas.paint(ribbon(np.linspace(head, foot, 8), radius * 0.9), dark, label="background")
    canvas.paint(ellipse(head, (radius, radius * 1.15)), dark * 1.5 + 0.05, label="background")
    canvas.paint(ellipse(head - radius * 0.3, (radius * 0.4,) * 2), (0.6, 0.6, 0.6), 0.5, 0.015)
    canvas.paint(ribbon(ellipse(moved(head, down=radius * 0.8), (radius * 0.7, 0.01)), 0.008), (0.5, 0.5, 0.5), 0.7)
