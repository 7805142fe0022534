"""Hats: a second shell over head and hair, and brims as flat rings around it."""

from dataclasses import dataclass

import cv2
import numpy as np

from faceparse.data.synthetic.camera import Camera, View
from faceparse.data.synthetic.canvas import Canvas, moved, ribbon
from faceparse.data.synthetic.ears import visible
from faceparse.data.synthetic.head import ANGLES, HEIGHTS, Field
from faceparse.data.synthetic.light import Light
from faceparse.data.synthetic.noise import rough_noise, smoothstep
from faceparse.data.synthetic.palettes import random_color
from faceparse.data.synthetic.scene import Scene

_SIDE = np.abs(ANGLES)


@dataclass(frozen=True)
class Hat:
    """The outer radius with the hat on, the signed reach (positive where there is hat), its lower edge by direction."""

    radius: Field
    reach: Field
    edge: np.ndarray


def wear_hat(scene: Scene, bare: Field, haired: Field) -> Hat | None:
    """The hat over a head whose radius is known without and with hair; None without a hat."""
    if scene.hat == "none":
        return None
    rng = scene.rng("hat")
    front = {
        "beanie": rng.normal(-0.185, 0.035),
        "cap": rng.normal(-0.185, 0.03),
        "brim": rng.normal(-0.2, 0.04),
        "band": rng.normal(-0.27, 0.03),
        "beret": rng.normal(-0.22, 0.03),
    }[scene.hat]
    back = {"beanie": 0.08, "cap": 0.0, "brim": -0.02, "band": -0.15, "beret": -0.08}[scene.hat]
    tilt = rng.normal(0, 0.03)
    edge = front + (back - front) * (1 - np.cos(ANGLES)) / 2 + tilt * np.sin(ANGLES)
    thick = {"beanie": 0.03, "cap": 0.028, "brim": 0.03, "band": 0.03, "beret": 0.035}[scene.hat] * rng.uniform(
        0.8, 1.3
    )
    rise = {
        "beanie": rng.uniform(0.02, 0.09),
        "cap": rng.uniform(0.03, 0.07),
        "brim": rng.uniform(0.08, 0.16),
        "band": 0.0,
        "beret": 0.04,
    }[scene.hat]
    squeezed = bare + np.clip((haired - bare) * 0.55, 0, 0.05)
    if scene.hat == "band":
        reach = np.minimum(edge - HEIGHTS, HEIGHTS - edge + rng.uniform(0.04, 0.09))
        return Hat(np.where(reach > -0.01, haired + 0.012, haired), reach.astype(np.float32), edge)
    crown = -0.43 - rise
    rim = np.take_along_axis(squeezed, np.argmin(np.abs(HEIGHTS - edge), 0)[None], 0)
    height = np.clip((edge - HEIGHTS) / (edge - crown), 0, 1)
    dome = (rim + thick) * np.maximum(1 - height ** (2.3 if scene.hat != "brim" else 7), 0) ** 0.5
    if scene.hat == "brim":
        dome = dome * (1 - 0.18 * height * (rng.random() + 0.3))
    if scene.hat == "beret":
        dome = dome * (1 + 0.32 * np.sin(np.clip(height, 0, 1) * np.pi) * (1 + 0.5 * np.sin(ANGLES) * np.sign(tilt)))
    if scene.hat == "beanie":
        dome = dome + 0.012 * smoothstep(0.09, 0.07, edge - HEIGHTS)
    reach = np.where(crown > HEIGHTS, -0.01, edge - HEIGHTS)
    radius = np.where(edge > HEIGHTS, np.maximum(dome, 0), haired)
    return Hat(radius.astype(np.float32), reach.astype(np.float32), edge)


def see_hat(scene: Scene, hat: Hat, view: View) -> tuple[np.ndarray, np.ndarray]:
    """Cover in [0, 1] and colour of the hat's shell, as the camera sees it."""
    rng = scene.rng("hat cloth")
    cover = smoothstep(-0.004, 0.004, view.sample(hat.reach)) * view.hit
    angle = np.arctan2(view.x, view.z)
    tone = 1 + rough_noise(rng, (24, 24), cover.shape, 3) * rng.uniform(0.02, 0.12)
    if scene.hat == "beanie":
        tone = tone * (1 + 0.12 * np.sin(angle * rng.integers(40, 90)))
    elif scene.hat == "cap":
        tone = tone * (1 - 0.25 * (np.abs(np.mod(angle + 0.5, np.pi / 3) - 0.5) < 0.015))
    color = scene.hat_color.astype(np.float32) * tone[..., None]
    below = view.sample((hat.edge - HEIGHTS).astype(np.float32))
    if scene.hat in ("brim", "beanie") and rng.random() < 0.7:
        band = smoothstep(0.075, 0.07, below)[..., None]
        color = color + band * ((random_color(rng) if rng.random() < 0.6 else scene.hat_color * 0.7) - color)
    if scene.hat == "cap" and rng.random() < 0.6:
        mark = ((np.abs(angle) < rng.uniform(0.15, 0.4)) & (below > 0.05) & (below < 0.14)).astype(np.float32)
        shape = (rough_noise(rng, (16, 16), cover.shape, 2) > -0.4) * mark
        color = color + cv2.GaussianBlur(shape, (3, 3), 0)[..., None] * (random_color(rng) - color)
    return cover.astype(np.float32), np.clip(color, 0, 1).astype(np.float32)


def paint_brim(canvas: Canvas, scene: Scene, hat: Hat, camera: Camera, view: View, light: Light) -> None:
    """The visor of a cap, the ring of a brimmed hat; with its shadow on the face."""
    if scene.hat not in ("cap", "brim"):
        return
    rng = scene.rng("brim")
    dip = rng.uniform(0.1, 0.45) if scene.hat == "cap" else rng.normal(0.12, 0.18)
    wide = rng.uniform(0.1, 0.22)
    backwards = scene.hat == "cap" and rng.random() < 0.12
    if backwards:
        return
    angle = np.linspace(-1.35, 1.35, 40) if scene.hat == "cap" else np.linspace(-np.pi, np.pi, 80)
    column = np.round((angle + np.pi) / (2 * np.pi) * ANGLES.shape[1]).astype(int) % ANGLES.shape[1]
    edge = hat.edge[0, column]
    radius = hat.radius[np.argmin(np.abs(HEIGHTS - (edge[None] - 0.02)), 0), column]
    reach = wide * (np.cos(angle / 1.35 * np.pi / 2) ** 0.6 if scene.hat == "cap" else 1 + 0.15 * np.cos(angle))
    outer = radius + reach

    def ring(at: np.ndarray) -> np.ndarray:
        lower = (at - radius) * dip * (np.cos(angle) if scene.hat == "cap" else 0.6 + 0.6 * np.cos(angle))
        return np.stack([np.sin(angle) * at, edge - 0.012 + lower, np.cos(angle) * at], 1)

    inside, outside = ring(radius * 0.97), ring(outer)
    rim, _ = camera.project(outside)
    shape = np.concatenate([camera.project(inside)[0], rim[::-1]])
    faint = rng.uniform(0.2, 0.75)
    canvas.paint(
        moved(shape, down=0.045),
        (0.45, 0.42, 0.42),
        faint,
        0.015,
        within=np.isin(canvas.labels, np.arange(1, 14)).astype(np.float32),
        multiply=True,
    )
    middle = len(angle) // 2
    plane = np.stack([outside[middle], inside[middle - 12], inside[middle + 12]])
    free = visible(view, camera, plane, 0.02)
    normal = camera.turn @ np.array([0, -1.0, dip])
    lit = light.flat(normal * (1 if normal[2] > 0 else -1) / np.linalg.norm(normal))
    tone = scene.hat_color * np.sqrt(np.clip(lit, 0, 1.5)) * (1.0 if normal[2] > 0 else 0.5)
    if scene.hat == "brim":
        under = outside[:, 2] > 0
        canvas.paint(shape, tone, label="hat", within=free)
        canvas.paint(ribbon(rim[under], 0.008), np.clip(tone * 1.25, 0, 1), 0.8, 0.002, within=free, label="hat")
        return
    canvas.paint(shape, tone, label="hat")
    canvas.paint(ribbon(rim, 0.012), np.clip(tone * 1.3, 0, 1), 0.6, 0.003, label="hat")
    canvas.paint(ribbon(camera.project(inside)[0], 0.02), (0.6, 0.6, 0.6), 0.7, 0.006, multiply=True)
