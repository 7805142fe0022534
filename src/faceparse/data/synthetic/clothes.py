"""Shoulders, what covers them, and what lies around the neck."""

import cv2
import numpy as np

from faceparse.classes import class_id
from faceparse.data.synthetic.camera import Camera, View
from faceparse.data.synthetic.canvas import Canvas, curve, ellipse, ribbon
from faceparse.data.synthetic.light import Light
from faceparse.data.synthetic.noise import rough_noise
from faceparse.data.synthetic.palettes import random_color
from faceparse.data.synthetic.scene import Scene

_BEHIND = ("background", "neck")


def paint_shoulders(canvas: Canvas, scene: Scene, camera: Camera, view: View, light: Light) -> None:
    """Bare shoulders (labelled neck) or clothes, in front of neck and hanging hair behind, behind the chin."""
    rng = scene.rng("clothes")
    size = len(view.depth)
    base = camera.project(np.array([[0, 0.5, -0.03]]))[0][0]
    center = base[0] + rng.normal(0, 0.015)
    top = rng.normal(0.925 if scene.feminine else 0.89, 0.045)
    drop = np.clip(rng.normal(0.35 if scene.feminine else 0.25, 0.1), 0.08, 0.6)
    neck = scene.neck * rng.uniform(1.0, 1.15)
    lean = rng.normal(0, 0.06)
    behind = np.isin(canvas.labels, [class_id(name) for name in _BEHIND])
    hanging = (canvas.labels == class_id("hair")) & (view.depth < rng.uniform(-0.08, 0.06))
    free = (behind | hanging).astype(np.float32)

    def slope(x: np.ndarray) -> np.ndarray:
        away = np.clip(np.abs(x - center) - neck, 0, None)
        return top + drop * away**0.85 * 0.8 + lean * (x - center)

    x = np.linspace(center - 1.2, center + 1.2, 90)
    outline = np.concatenate([np.stack([x, slope(x)], 1), [(center + 1.2, 1.6), (center - 1.2, 1.6)]])
    shade = _shade(canvas, scene, rng, light, center)
    if scene.clothes in ("none", "straps"):
        alpha, window = canvas.cover([outline])
        bare = np.clip(scene.skin * np.sqrt(shade[window]) * 0.97, 0, 1)
        canvas.lay(alpha * free[window], window, bare, label="neck")
        if scene.clothes == "none":
            return
    shapes = _cut(scene, rng, center, top, neck, outline)
    fabric = _fabric(scene, rng, (size, size)) * np.sqrt(shade)
    alpha, window = canvas.cover(shapes)
    if alpha.size == 0:
        return
    canvas.lay(alpha * free[window], window, np.clip(fabric[window], 0, 1), label="cloth")
    if scene.clothes in ("collar", "suit"):
        _paint_collar(canvas, scene, rng, center, top, neck, free, shade)
    elif scene.clothes in ("round", "vneck", "hood"):
        for shape in shapes[1:]:
            canvas.paint(shape, (0.8, 0.8, 0.8), 0.5, 0.002, within=free, multiply=True)


def _cut(scene: Scene, rng: np.random.Generator, center, top, neck, outline) -> list[np.ndarray]:
    """The shapes of a garment: shoulders with a neckline cut out, then its trim."""
    wide = neck * rng.uniform(0.95, 1.5)
    deep = {
        "round": rng.uniform(0.02, 0.16),
        "vneck": rng.uniform(0.1, 0.25),
        "collar": 0.1,
        "suit": 0.13,
        "hood": 0.02,
    }.get(scene.clothes, 0)
    if scene.clothes == "straps":
        shapes = []
        for side in (-1, 1):
            start = (center + side * neck * rng.uniform(1.2, 1.9), top - 0.02)
            line = curve([start, (center + side * neck * 1.1, 1.05), (center + side * neck, 1.2)], 20)
            shapes.append(ribbon(line, rng.uniform(0.015, 0.07)))
        return [
            *shapes,
            np.array(
                [
                    (center - 0.6, 1.0 + rng.uniform(-0.03, 0.1)),
                    (center + 0.6, 1.0),
                    (center + 0.6, 1.3),
                    (center - 0.6, 1.3),
                ]
            ),
        ]
    left, right = center - wide, center + wide
    shoulders = outline[:-2]
    if scene.clothes == "vneck":
        opening = np.array([(right, top - 0.01), (center, top + deep), (left, top - 0.01)])
    else:
        angle = np.linspace(0, np.pi, 24)
        opening = np.stack([center + wide * np.cos(angle), top - 0.01 + deep * np.sin(angle)], 1)
    parts = [shoulders[shoulders[:, 0] > right], outline[-2:], shoulders[shoulders[:, 0] < left], opening[::-1]]
    shapes = [np.concatenate([parts[2], opening[::-1], parts[0], parts[1]])]
    if scene.clothes == "hood":
        shapes = [
            shapes[0],
            ribbon(
                curve(
                    [
                        (left - 0.03, top - 0.06),
                        (left + 0.04, top + 0.04),
                        (center, top + 0.08),
                        (right - 0.04, top + 0.04),
                        (right + 0.03, top - 0.06),
                    ]
                ),
                rng.uniform(0.05, 0.09),
            ),
        ]
    elif rng.random() < 0.5:
        shapes.append(ribbon(opening, 0.012))
    return shapes


def _paint_collar(canvas: Canvas, scene: Scene, rng, center, top, neck, free, shade) -> None:
    """Shirt collar, and for a suit the shirt's front, lapels and a tie."""
    suit = scene.clothes == "suit"
    shirt = (
        np.clip(np.array([0.95, 0.95, 0.97]) if rng.random() < 0.6 else random_color(rng), 0, 1)
        if suit
        else scene.cloth_color
    )
    lit = float(np.sqrt(shade[-1].mean()))
    wide = neck * 1.02
    if suit:
        canvas.paint(
            np.array([(center - wide, top - 0.03), (center + wide, top - 0.03), (center, top + 0.35)]),
            shirt * lit * 0.9,
            within=free,
            label="cloth",
        )
    for side in (-1, 1):
        wing = np.array(
            [
                (side * wide, -0.075),
                (side * wide * 1.2, -0.01),
                (side * wide * 0.75, 0.1),
                (side * 0.012, 0.075),
                (side * wide * 0.8, 0.0),
            ]
        )
        canvas.paint(wing + (center, top), np.clip(shirt * lit * 1.05, 0, 1), within=free, label="cloth")
        canvas.paint(ribbon(wing + (center, top), 0.005), (0.6, 0.6, 0.6), 0.6, 0.002, within=free, multiply=True)
        if suit:
            lapel = np.array(
                [
                    (side * wide * 1.25, -0.03),
                    (side * wide * 1.9, 0.03),
                    (side * wide * 1.2, 0.2),
                    (side * wide * 0.5, 0.2),
                ]
            )
            canvas.paint(
                lapel + (center, top), np.clip(scene.cloth_color * lit * 1.2, 0, 1), within=free, label="cloth"
            )
    if suit and rng.random() < 0.6:
        tie = np.array([(-0.03, 0.065), (0.03, 0.065), (0.022, 0.12), (0.05, 0.4), (-0.05, 0.4), (-0.022, 0.12)]) + (
            center,
            top,
        )
        canvas.paint(tie, random_color(rng) * 0.7 * lit, within=free, label="cloth")


def _fabric(scene: Scene, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    color = np.empty((*shape, 3), np.float32)
    color[:] = scene.cloth_color
    other = random_color(rng).astype(np.float32)
    at = np.linspace(0, 1, shape[0], dtype=np.float32)
    kind = rng.choice(["plain", "stripes", "checks", "spots", "print"], p=[0.68, 0.1, 0.08, 0.04, 0.1])
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


def _shade(canvas: Canvas, scene: Scene, rng: np.random.Generator, light: Light, center: float) -> np.ndarray:
    """Light on the chest with folds, darker beneath the head."""
    size = len(canvas.labels)
    at = np.linspace(0, 1, size, dtype=np.float32)[None] - np.float32(center)
    turn = np.clip(at * 1.2, -0.8, 0.8)
    normals = np.stack([turn, np.full_like(turn, -0.35), np.sqrt(np.clip(1 - turn**2 - 0.12, 0.05, 1))], -1)
    lit = np.stack([light.flat(normal) for normal in normals[0, :: max(size // 64, 1)]])
    lit = cv2.resize(lit[None].astype(np.float32), (size, 1), interpolation=cv2.INTER_LINEAR)
    folds = rough_noise(rng, (6, 7), (size, size), 3) * rng.uniform(0.03, 0.14)
    over = (canvas.labels > 0).astype(np.float32)
    small = cv2.resize(over, (64, 64), interpolation=cv2.INTER_AREA)
    dark = cv2.resize(cv2.GaussianBlur(small, (0, 0), 3), (size, size), interpolation=cv2.INTER_LINEAR)
    return np.clip(lit * (1 + folds[..., None]) * (1 - 0.55 * dark[..., None]), 0.01, 2).astype(np.float32)


def paint_necklace(canvas: Canvas, scene: Scene, camera: Camera) -> None:
    """A chain, beads or a pendant around the neck."""
    if scene.necklace == "none":
        return
    rng = scene.rng("necklace")
    angle = np.linspace(-1.4, 1.4, 60)
    loose, height = rng.uniform(1.0, 1.25), rng.uniform(0.4, 0.48)
    radius = scene.neck * loose
    points = np.stack(
        [np.sin(angle) * radius, height + 0.08 * np.cos(angle) * loose**2, np.cos(angle) * radius * 0.75 - 0.02], 1
    )
    line = camera.project(points)[0]
    free = np.isin(canvas.labels, [class_id("neck"), class_id("cloth")]).astype(np.float32)
    color = np.array([(0.85, 0.7, 0.35), (0.85, 0.85, 0.88), (0.9, 0.88, 0.82)])[rng.integers(3)]
    if scene.necklace == "beads":
        bead, color = rng.uniform(0.006, 0.014), color if rng.random() < 0.5 else random_color(rng)
        for point in line[::2]:
            canvas.paint(ellipse(point, (bead, bead), num=12), color * 0.85, label="necklace", within=free)
            canvas.paint(ellipse(point - bead * 0.3, (bead * 0.35,) * 2, num=8), (1, 1, 1), 0.8, within=free)
        return
    thick = rng.uniform(0.005, 0.01)
    canvas.paint(ribbon(line + [0, 0.004], thick * 1.5), (0.6, 0.55, 0.5), 0.5, 0.002, within=free, multiply=True)
    canvas.paint(ribbon(line, thick), color * rng.uniform(0.6, 1), label="necklace", within=free)
    canvas.paint(ribbon(line[10:50:2], thick * 0.4), (1, 1, 1), 0.5, 0.001, within=free)
    if scene.necklace == "pendant":
        low = line[30] + [0, 0.015]
        canvas.paint(ellipse(low, (0.014, 0.02)), random_color(rng), label="necklace", within=free)
