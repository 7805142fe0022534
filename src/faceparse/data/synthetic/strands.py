"""Strands of hair: their colour and cover as the camera sees them, single locks, hairs that stand off."""

from dataclasses import dataclass

import cv2
import numpy as np

from faceparse.data.synthetic.camera import Camera, Plane, View
from faceparse.data.synthetic.canvas import Canvas, curve, ribbon
from faceparse.data.synthetic.hair import LONG, Hair
from faceparse.data.synthetic.head import ANGLES, HEIGHTS, Head
from faceparse.data.synthetic.noise import smoothstep
from faceparse.data.synthetic.scene import Scene


@dataclass(frozen=True)
class Seen:
    """Hair as the camera sees it: cover in [0, 1], colour, and how much each strand shines."""

    cover: Plane
    color: np.ndarray
    gloss: Plane


def see_hair(scene: Scene, head: Head, hair: Hair, view: View) -> Seen:
    """Strands, seen at the picture's own resolution."""
    rng = scene.rng("strands")
    across, reach = view.sample(hair.across), view.sample(hair.reach)
    curly = scene.hair in ("afro", "curly")

    def streaks(rows: int, columns: int) -> Plane:
        texture = rng.standard_normal((rows, columns), np.float32)
        u = (across * np.float32(columns / (2 * np.pi)) + np.float32(columns / 2)) % columns
        v = (view.y + np.float32(0.7)) * np.float32(rows / 1.4)
        return cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)

    strand = streaks(90 if curly else 12, 420)
    lock = streaks(40 if curly else 9, 130)
    tress = streaks(20 if curly else 5, 36)
    ragged = reach + (0.4 * strand + 0.6 * lock + 0.8 * tress) * view.sample(hair.stray)
    ragged = np.maximum(ragged, _loose_locks(scene, rng, across, view, reach) + 0.006 * strand)
    soft = rng.uniform(0.003, 0.014) if scene.hair != "buzz" else 0.02
    cover = smoothstep(-soft, soft, ragged)
    if scene.hair == "buzz":
        cover = cover * rng.uniform(0.6, 0.9)
    above = np.sqrt(view.x**2 + view.z**2) - view.sample(head.radius)
    cover = np.maximum(cover, smoothstep(0.012, 0.02, above))
    tip = np.clip(1 - reach / 0.5, 0, 1)[..., None] if scene.hair in LONG else np.float32(0.3)
    root, end = scene.hair_color.astype(np.float32), scene.hair_tip.astype(np.float32)
    color = root + (end - root) * tip
    contrast = np.float32(rng.uniform(0.1, 0.34))
    # deep in hanging hair it is dark
    fall = 1 - np.float32(rng.uniform(0, 0.55)) * smoothstep(-0.05, 0.45, view.y)
    light = (np.clip(1 + contrast * (0.8 * strand + 0.8 * lock + 0.7 * tress), 0.15, 2.4) * fall)[..., None]
    gloss = np.clip(0.7 + 0.5 * strand + 0.4 * lock, 0.05, 2.0)
    return Seen((cover * view.hit).astype(np.float32), (color * light).astype(np.float32), gloss.astype(np.float32))


def _loose_locks(scene: Scene, rng: np.random.Generator, across: Plane, view: View, reach: Plane) -> np.ndarray:
    """Reach of single locks that fall over forehead, temples and cheeks."""
    if scene.hair in ("bald", "buzz", "afro", "receding") or rng.random() < 0.45:
        return np.full_like(reach, -1)
    locks = np.full_like(reach, -1)
    for _ in range(int(rng.integers(1, 6))):
        side = rng.choice([-1, 1])
        start = side * np.radians(rng.uniform(8, 72))
        end = rng.uniform(-0.12, 0.3) if abs(start) > 0.7 else rng.uniform(-0.2, 0.05)
        drift, bend, width = rng.normal(0.35, 0.4) * side, rng.normal(0, 0.1), rng.uniform(0.003, 0.014)
        top = scene.hairline - 0.05
        along = np.clip((view.y - top) / (end - top), 0, 1)
        middle = start + drift * along + bend * np.sin(along * np.pi * 2)
        narrow = width * (1 - along**2) - 0.27 * np.abs(across - middle)
        locks = np.maximum(locks, np.where((view.y > top) & (view.y < end) & (view.z > 0), narrow, -1))
    return locks


def paint_flyaways(canvas: Canvas, scene: Scene, hair: Hair, camera: Camera) -> None:
    """Fine single hairs that stand off the outline; too thin to carry a label."""
    rng = scene.rng("flyaways")
    num = int(rng.integers(0, 45)) if scene.hair not in ("bald", "buzz") and scene.hat == "none" else 0
    angles, heights = ANGLES[0], HEIGHTS[:, 0]
    tone = np.clip(scene.hair_color * rng.uniform(0.7, 1.3), 0, 1)
    strands = []
    for row in rng.integers(10, len(heights) - 30, num):
        radius = hair.radius[row]
        points = np.stack([np.sin(angles) * radius, np.full_like(radius, heights[row]), np.cos(angles) * radius], 1)
        flat, _ = camera.project(points)
        side = 1 if rng.random() < 0.5 else -1
        edge = int(np.argmax(flat[:, 0] * side))
        if hair.reach[row, edge] < 0.02 or radius[edge] < 0.05:
            continue
        start = flat[edge]
        away = np.array([side * rng.uniform(0.2, 1.2), rng.choice([-1, 1]) * rng.uniform(0.2, 1)])
        length, bend = rng.uniform(0.01, 0.055), rng.normal(0, 0.4, 2)
        line = curve([start - away * 0.01, start + (away + bend) * length * 0.5, start + away * length], 10)
        strands.append(ribbon(line, np.linspace(0.0022, 0.0006, 10)))
    if strands:
        canvas.paint(strands, tone, rng.uniform(0.2, 0.7))
