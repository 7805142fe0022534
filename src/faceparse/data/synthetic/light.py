"""Light on the surface: a key light with its cast shadows, light from everywhere, shine."""

from dataclasses import dataclass

import cv2
import numpy as np

from faceparse.data.synthetic.camera import FAR, Plane, View
from faceparse.data.synthetic.noise import smoothstep
from faceparse.data.synthetic.scene import Scene


@dataclass(frozen=True)
class Light:
    """Where the key light stands (unit vector: right, down, towards the viewer) and how much of what there is."""

    direction: np.ndarray
    key: np.ndarray
    sky: np.ndarray
    ground: np.ndarray
    rim: float
    oil: float
    band: float

    def flat(self, normal: np.ndarray, free: float = 1.0) -> np.ndarray:
        """What the colour of a flat thing is multiplied by; `free` is the share of the key light that reaches it."""
        soft = np.clip((normal @ self.direction + 0.25) / 1.25, 0, 1)
        return self.ground + (self.sky - self.ground) * (0.5 - 0.5 * normal[1]) + self.key * soft * free


def set_light(scene: Scene) -> Light:
    """Lamps and sun of a scene: half the photos are flashed from the front, the others lit from anywhere."""
    rng = scene.rng("light")
    side, height = (
        (rng.normal(0, 0.3), rng.normal(0.3, 0.2))
        if rng.random() < 0.5
        else (rng.uniform(-1.25, 1.25), rng.uniform(-0.1, 1.0))
    )
    direction = np.array([np.sin(side) * np.cos(height), -np.sin(height), np.cos(side) * np.cos(height)], np.float32)
    warm = rng.normal(0, 0.07)
    tint = np.array([1 + warm, 1, 1 - warm])
    share = rng.uniform(0.5, 0.95)
    power = rng.uniform(0.95, 1.17)
    sky = np.array([1, 1, 1]) + rng.normal(0, 0.05, 3) - warm * np.array([0.5, 0, -0.5])
    return Light(
        direction,
        (tint * share * power * 1.15).astype(np.float32),
        (sky * (1 - share * 0.75) * power).astype(np.float32),
        (sky * (1 - share * 0.75) * power * rng.uniform(0.15, 0.7)).astype(np.float32),
        float(max(0, rng.normal(0, 0.35))),
        float(rng.random() ** 1.5 * 0.5),
        float(rng.random() ** 1.5 * 0.5) * float(0.25 + scene.hair_color.mean()),
    )


def shade(light: Light, view: View, hair: Plane, gloss: Plane) -> tuple[np.ndarray, np.ndarray]:
    """What the surface's colour is multiplied by (h w 3), and the shine that is added (h w).

    `hair` is where there is hair, `gloss` how much of the light its strands throw back.
    """
    normal = view.normal
    facing = normal @ light.direction
    soft = np.clip((facing + 0.25) / 1.25, 0, 1)
    shadow = _cast(light, view)
    up = (0.5 - 0.5 * normal[..., 1])[..., None]
    ambient = light.ground + (light.sky - light.ground) * up
    # light that enters skin leaves it redder at the edge of a shadow
    bleed = soft[..., None] * (1 + (1 - soft)[..., None] * np.array([0.2, -0.04, -0.1], np.float32))
    closed = _closed_in(view)
    total = ambient * closed[..., None] + light.key * bleed * shadow[..., None]
    half = light.direction + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    glance = np.clip(normal @ half, 0, 1)
    edge = np.clip(1 - normal[..., 2], 0, 1)
    # Kajiya and Kay (1989): strands that run down the surface shine in a band across them
    run = (half[1] - normal[..., 1] * glance) / np.sqrt(np.maximum(1 - normal[..., 1] ** 2, 0.05))
    band = _power(np.clip(1 - run * run, 0, 1), 4) * gloss * np.clip(facing + 0.3, 0, 1)
    shine = light.oil * (_power(glance, 5) * 0.4 + _power(glance, 3) * 0.18) * shadow * (1 - hair)
    shine = shine + light.band * band * hair * shadow + light.rim * edge * edge * edge * 0.2
    return total.astype(np.float32), shine.astype(np.float32)


def _power(values: Plane, doublings: int) -> Plane:
    """The 2^doublings-th power, by squaring: much faster than `**`."""
    for _ in range(doublings):
        values = values * values
    return values


def _cast(light: Light, view: View) -> Plane:
    """1 where the key light reaches, less in shadows: the depth map is compared with itself along the light."""
    size = len(view.depth)
    small = max(size // 2, 64)
    depth = cv2.resize(view.depth, (small, small), interpolation=cv2.INTER_AREA)
    free = np.ones_like(depth)
    x, y, z = light.direction.tolist()
    reach = 0.16
    for step in np.linspace(0.08, 1, 9).tolist():
        move = np.array([[1, 0, -x * reach * step * small], [0, 1, -y * reach * step * small]], np.float32)
        there = cv2.warpAffine(
            depth, move, (small, small), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=FAR
        )
        over = there - (depth + z * reach * step)
        free = np.minimum(free, 1 - smoothstep(0.004, 0.03, over) * smoothstep(0.3, 0.2, over))
    free = cv2.GaussianBlur(free, (0, 0), 0.006 * small)
    return cv2.resize(free, (size, size), interpolation=cv2.INTER_LINEAR)


def _closed_in(view: View) -> Plane:
    """Less than 1 in hollows: where the depth lies behind its surroundings."""
    size = len(view.depth)
    small = max(size // 4, 32)
    depth = cv2.resize(np.maximum(view.depth, -0.2), (small, small), interpolation=cv2.INTER_AREA)
    hollow = np.clip(cv2.GaussianBlur(depth, (0, 0), 0.02 * small) - depth, 0, 0.03)
    hollow = hollow + np.clip(cv2.GaussianBlur(depth, (0, 0), 0.06 * small) - depth, 0, 0.08) * 0.6
    return cv2.resize(np.clip(1 - hollow * 8, 0.15, 1), (size, size), interpolation=cv2.INTER_LINEAR)
