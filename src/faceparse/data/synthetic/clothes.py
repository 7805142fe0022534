"""Shoulders and what covers them."""

import cv2
import numpy as np

from faceparse.classes import class_id
from faceparse.data.synthetic.camera import Camera, View
from faceparse.data.synthetic.canvas import Canvas, Points, curve, moved, ribbon
from faceparse.data.synthetic.light import Light
from faceparse.data.synthetic.noise import rough_noise
from faceparse.data.synthetic.palettes import random_color
from faceparse.data.synthetic.scene import Scene

_BEHIND = ("background", "neck")


def paint_shoulders(canvas: Canvas, scene: Scene, camera: Camera, view: View, light: Light) -> None:
    """Bare shoulders (labelled neck) and clothes, in front of neck and hanging hair behind, behind the chin."""
    rng = scene.rng("clothes")
    size = len(view.depth)
    base = camera.project(np.array([[0, 0.5, -0.03]]))[0][0]
    center = base[0] + rng.normal(0, 0.015)
    top = rng.normal({"none": 0.98, "straps": 0.94, "suit": 0.885}.get(scene.clothes, 0.895), 0.055)
    drop = np.clip(rng.normal(0.3 if scene.feminine else 0.2, 0.16), -0.1, 0.6)
    neck = scene.neck * rng.uniform(0.95, 1.1)
    lean = rng.normal(0, 0.06)
    behind = np.isin(canvas.labels, [class_id(name) for name in _BEHIND])
    hanging = (canvas.labels == class_id("hair")) & (view.depth < rng.uniform(-0.08, 0.06))
    free = (behind | hanging).astype(np.float32)

    def slope(x: np.ndarray) -> np.ndarray:
        away = np.clip(np.abs(x - center) - neck, 0, None)
        return top + drop * away**0.85 * 0.8 + lean * (x - center)

    x = np.linspace(center - 1.2, center + 1.2, 90)
    shoulders = np.stack([x, slope(x)], 1)
    outline = np.concatenate([shoulders, [(center + 1.2, 1.6), (center - 1.2, 1.6)]])
    shade = _shade(canvas, rng, light, center)
    alpha, window = canvas.cover([outline])
    if alpha.size:
        bare = np.clip(scene.skin * np.sqrt(shade[window]) * 0.97, 0, 1)
        canvas.lay(alpha * free[window], window, bare, label="neck")
    if scene.clothes == "none":
        return
    shapes = (
        _straps(rng, center, top, neck) if scene.clothes == "straps" else _cut(scene, rng, center, top, neck, shoulders)
    )
    fabric = _fabric(scene, rng, (size, size)) * np.sqrt(shade)
    alpha, window = canvas.cover(shapes)
    if alpha.size == 0:
        return
    canvas.lay(alpha * free[window], window, np.clip(fabric[window], 0, 1), label="cloth")
    if scene.clothes in ("collar", "suit"):
        _paint_collar(canvas, scene, rng, np.array([center, top + rng.uniform(0.01, 0.06)]), neck, free, shade)
    else:
        for shape in shapes[1:]:
            canvas.paint(shape, (0.8, 0.8, 0.8), 0.5, 0.002, within=free, multiply=True)


def _cut(
    scene: Scene, rng: np.random.Generator, center: float, top: float, neck: float, shoulders: Points
) -> list[Points]:
    """The shapes of a garment: shoulders with a neckline cut out, then its trim."""
    wide = neck * rng.uniform(1.0, 1.7)
    deep = {
        "round": rng.choice([rng.uniform(0.01, 0.08), rng.uniform(0.05, 0.3)]),
        "vneck": rng.uniform(0.12, 0.35),
        "collar": rng.uniform(0.1, 0.25),
        "suit": 0.2,
        "hood": 0.03,
    }[scene.clothes]
    left, right = center - wide, center + wide
    if scene.clothes in ("vneck", "suit"):
        opening = curve([(right, top - 0.01), (center + wide * 0.45, top + deep * 0.6), (center, top + deep)], 12)
        opening = np.concatenate([opening, moved(opening * [-1, 1], 2 * center)[::-1]])
    else:
        angle = np.linspace(0, np.pi, 24)
        opening = np.stack([center + wide * np.cos(angle), top - 0.01 + deep * np.sin(angle) ** 0.8], 1)
    low = [(center + 1.2, 1.6), (center - 1.2, 1.6)]
    cloth = np.concatenate([shoulders[shoulders[:, 0] < left], opening[::-1], shoulders[shoulders[:, 0] > right], low])
    shapes = [cloth]
    if scene.clothes == "hood":
        roll = [(-wide - 0.03, -0.06), (-wide + 0.04, 0.04), (0, 0.08), (wide - 0.04, 0.04), (wide + 0.03, -0.06)]
        shapes.append(ribbon(curve(moved(np.array(roll), center, top)), rng.uniform(0.05, 0.09)))
    elif rng.random() < 0.5:
        shapes.append(ribbon(opening, 0.012))
    return shapes


def _straps(rng: np.random.Generator, center: float, top: float, neck: float) -> list[Points]:
    """Two straps and the top of a dress."""
    shapes = []
    width, start = rng.uniform(0.015, 0.07), rng.uniform(1.2, 1.9)
    for side in (-1, 1):
        line = [(side * neck * start, top - 0.02), (side * neck * 1.1, 1.05), (side * neck, 1.2)]
        shapes.append(ribbon(curve(moved(np.array(line), center), 20), width))
    high = rng.uniform(0.93, 1.08)
    edge = [(-0.7, high - 0.04), (0, high + 0.03), (0.7, high - 0.04)]
    return [*shapes, np.concatenate([curve(moved(np.array(edge), center)), [(center + 0.7, 1.5), (center - 0.7, 1.5)]])]


def _paint_collar(canvas: Canvas, scene: Scene, rng: np.random.Generator, at, neck: float, free, shade) -> None:
    """Shirt collar, and for a suit the shirt's front, lapels and a tie."""
    suit = scene.clothes == "suit"
    white = np.array([0.95, 0.95, 0.97])
    shirt = (white if rng.random() < 0.6 else random_color(rng)) if suit else scene.cloth_color
    lit = float(np.sqrt(shade[-1].mean()))
    wide = neck * 1.02
    if suit:
        front = np.array([(-wide, -0.03), (wide, -0.03), (0, 0.35)])
        canvas.paint(front + at, shirt * lit * 0.9, within=free, label="cloth")
    for side in (-1, 1):
        wing = [(1.05, -0.075), (1.25, -0.01), (0.8, 0.12), (0.1, 0.095), (0.85, 0.0)]
        wing = np.array(wing) * [side * wide, 1] + at
        canvas.paint(wing, np.clip(shirt * lit * 1.05, 0, 1), within=free, label="cloth")
        canvas.paint(ribbon(wing, 0.005), (0.6, 0.6, 0.6), 0.6, 0.002, within=free, multiply=True)
        if suit:
            lapel = np.array([(1.25, -0.03), (1.9, 0.03), (1.2, 0.2), (0.5, 0.2)]) * [side * wide, 1] + at
            canvas.paint(lapel, np.clip(scene.cloth_color * lit * 1.2, 0, 1), within=free, label="cloth")
    if suit and rng.random() < 0.6:
        tie = [(-0.03, 0.065), (0.03, 0.065), (0.022, 0.12), (0.05, 0.4), (-0.05, 0.4), (-0.022, 0.12)]
        canvas.paint(np.array(tie) + at, random_color(rng) * 0.7 * lit, within=free, label="cloth")


def _fabric(scene: Scene, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    color = np.empty((*shape, 3), np.float32)
    color[:] = scene.cloth_color
    other = random_color(rng).astype(np.float32)
    at = np.linspace(0, 1, shape[0], dtype=np.float32)
    kind = rng.choice(["plain", "stripes", "checks", "spots", "print"], p=[0.56, 0.14, 0.1, 0.05, 0.15])
    period, phase = rng.uniform(0.015, 0.08), rng.random()
    across = (np.sin((at + phase) * 2 * np.pi / period) > 0.2).astype(np.float32)
    if kind == "stripes":
        mask = np.broadcast_to(across[None] if rng.random() < 0.5 else across[:, None], shape)
        color += mask[..., None] * (other - color)
    elif kind == "checks":
        color += 0.5 * (across[None] + across[:, None])[..., None] * (other - color)
    elif kind == "spots":
        color += ((np.sin(at * 6.3 / period)[None] * np.sin(at * 6.3 / period)[:, None]) > 0.5)[..., None] * (
            other - color
        )
    elif kind == "print":
        color += (rough_noise(rng, (14, 14), shape, 2) > 0.3)[..., None] * (other - color)
    return color


def _shade(canvas: Canvas, rng: np.random.Generator, light: Light, center: float) -> np.ndarray:
    """Light on the chest with folds, darker beneath the head."""
    size = len(canvas.labels)
    at = np.linspace(0, 1, size, dtype=np.float32)[None] - np.float32(center)
    turn = np.clip(at * 1.2, -0.8, 0.8)
    normals = np.stack([turn, np.full_like(turn, -0.35), np.sqrt(np.clip(1 - turn**2 - 0.12, 0.05, 1))], -1)
    lit = np.stack([light.flat(normal) for normal in normals[0, :: max(size // 64, 1)]])
    lit = cv2.resize(lit[None].astype(np.float32), (size, 1), interpolation=cv2.INTER_LINEAR)
    folds = rough_noise(rng, (6, 7), (size, size), 3) * rng.uniform(0.05, 0.25)
    over = (canvas.labels > 0).astype(np.float32)
    small = cv2.resize(over, (64, 64), interpolation=cv2.INTER_AREA)
    dark = cv2.resize(cv2.GaussianBlur(small, (0, 0), 3), (size, size), interpolation=cv2.INTER_LINEAR)
    return np.clip(lit * (1 + folds[..., None]) * (1 - 0.4 * dark[..., None]), 0.01, 2).astype(np.float32)
