"""Hair as a shell over the head: where it grows, how thick it stands, how its strands run.

`reach` is the heart of it: a signed length over directions and heights, positive inside the hair. Strand noise is added
to it where it is looked at, so that hairlines and fringes end in strands, at any picture size.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from faceparse.data.synthetic.head import ANGLES, HEIGHTS, Field, Head
from faceparse.data.synthetic.noise import smooth_noise, smoothstep
from faceparse.data.synthetic.scene import Scene

_SIDE = np.abs(ANGLES)
_DEGREES = np.degrees(_SIDE)
_SIGNED = np.degrees(ANGLES)
LONG = ("long", "bob", "curly")


@dataclass(frozen=True)
class Hair:
    """The shell's outer radius, the signed reach, the coordinate across strands, and how far strands stray."""

    radius: Field
    reach: Field
    across: Field
    stray: Field


def grow_hair(scene: Scene, head: Head) -> Hair:
    """The hair of a person on their head."""
    rng = scene.rng("hair")
    reach, stray = _crown(scene, rng)
    thickness = _thickness(scene, rng)
    base = _lifted(head.radius, float(thickness[0].max()))
    if scene.hair in LONG:
        hanging = np.maximum.accumulate(np.where(HEIGHTS > -0.12, head.radius * (1 - head.neck), 0), axis=0)
        base = np.where(HEIGHTS > -0.12, np.maximum(hanging, base), base)
        length = {
            "long": 0.42 + 0.6 * scene.hair_length,
            "bob": 0.12 + 0.3 * scene.hair_length,
            "curly": 0.1 + 0.5 * scene.hair_length,
        }[scene.hair]
        thickness = thickness + np.clip(HEIGHTS + 0.05, 0, 0.4) * rng.normal(0.12, 0.1)
        thickness = np.maximum(thickness, 0.02)
        curtain = _curtain(scene, rng, base)
        end = length - HEIGHTS + 0.03 * smooth_noise(rng, (1, 24), reach.shape)
        reach = np.minimum(_joined(reach, curtain), end)
        stray = np.where(HEIGHTS > -0.08, 0.006, stray)
    lumps = smooth_noise(rng, (6, 12), reach.shape) * (0.1 + 0.25 * scene.curl if scene.hair in LONG else 0.2)
    lumps = (
        lumps
        + smooth_noise(rng, (14, 60), reach.shape) * (0.03 + 0.12 * scene.curl)
        + smooth_noise(rng, (30, 150), reach.shape) * scene.frizz
    )
    if scene.hair in ("afro", "curly"):
        lumps = lumps + smooth_noise(rng, (26, 60), reach.shape) * 0.16
    if scene.hair == "quiff" or (scene.hair == "short" and rng.random() < 0.4):
        spikes = smooth_noise(rng, (3, 90), reach.shape) * 0.3
        lumps = lumps + spikes * smoothstep(-0.1, -0.3, HEIGHTS)
    thickness = thickness * np.clip(1 + lumps, 0.25, 2)
    ramp = smoothstep(-0.012, 0.07, reach)
    grown = np.where(base > 0, base + thickness * np.clip(base / 0.15, 0, 1), 0) - head.radius
    radius = head.radius + np.maximum(grown, 0) * ramp
    if scene.hair == "updo" and rng.random() < 0.45:
        radius = np.maximum(radius, _bun(rng))
    wave = scene.curl * 0.05 * np.sin(HEIGHTS * rng.uniform(18, 40) + 2.2 * smooth_noise(rng, (3, 9), reach.shape))
    lean = rng.normal(0, 0.5) * np.clip(HEIGHTS + 0.1, None, 0.1) + wave * smoothstep(-0.35, 0.2, HEIGHTS)
    return Hair(
        radius.astype(np.float32),
        reach.astype(np.float32),
        (ANGLES + lean).astype(np.float32),
        stray.astype(np.float32),
    )


def _lifted(radius: Field, rise: float) -> Field:
    """The head with its dome stretched upwards, so that hair stands on the crown as well as on the sides."""
    middle, crown = -0.05, -0.43
    squeezed = np.where(
        middle > HEIGHTS, middle + (HEIGHTS - middle) * (middle - crown) / (middle - crown + rise), HEIGHTS
    )
    row = (squeezed - HEIGHTS[0, 0]) / (HEIGHTS[1, 0] - HEIGHTS[0, 0])
    columns, rows = np.meshgrid(np.arange(radius.shape[1], dtype=np.float32), row[:, 0].astype(np.float32))
    return cv2.remap(radius, columns, rows, cv2.INTER_LINEAR)


def _crown(scene: Scene, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Reach of the hair that grows on the skull, fringe included, and its stray."""
    line = scene.hairline
    recess = 0.0 if scene.feminine else max(0.0, rng.normal(0.02, 0.025))
    if scene.hair == "receding":
        line, recess = line - rng.uniform(0.04, 0.13), recess + 0.06
    burn = rng.uniform(-0.02, 0.12)
    knots = [0, 20, 35, 48, 58, 67, 76, 82, 86, 104, 112, 135, 180]
    front = line + np.array([0, 0.006, 0.025 - recess, 0.075 - recess])
    heights = [*front, -0.105 - recess * 0.5, -0.04, 0.01, burn, -0.075, -0.075, 0.1, 0.18, 0.22]
    if scene.hair == "bald":
        heights = [-0.6] * 13 if rng.random() < 0.6 else [-0.6] * 6 + [-0.2, -0.1, -0.09, -0.09, 0.06, 0.15, 0.2]
    ends = np.interp(_DEGREES, knots, heights)
    ends = ends + 0.008 * smooth_noise(rng, (1, 40), (1, ends.shape[1]))
    stray = np.full(ends.shape, 0.012 if scene.hair not in ("buzz", "bald") else 0.006)
    front = smoothstep(78.0, 60.0, _DEGREES)
    if scene.fringe != "none" and scene.hair != "bald":
        fringe, amount = _fringe(scene, rng)
        stray = stray + front * amount
        ends = np.maximum(ends, np.where(front > 0, fringe, -1) * front + ends * (1 - front))
    reach = cv2.GaussianBlur((ends - HEIGHTS).astype(np.float32), (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
    return reach, np.broadcast_to(stray, reach.shape)


def _fringe(scene: Scene, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Height at which the hair over the forehead ends, by direction, and how ragged."""
    line, at = scene.hairline, np.degrees(scene.part / 0.25)
    brow = rng.normal(-0.085, 0.025)
    if scene.fringe == "full":
        return np.full(_SIGNED.shape, brow), rng.uniform(0.015, 0.05)
    if scene.fringe == "wisps":
        return np.full(_SIGNED.shape, (brow + line) / 2), rng.uniform(0.06, 0.12)
    if scene.fringe == "curtain":
        away = np.abs(_SIGNED - at)
        return line - 0.03 + (brow + 0.1 - line) * np.clip(away / rng.uniform(40, 70), 0, 1) ** rng.uniform(
            0.8, 1.8
        ), 0.015
    side = 1 if rng.random() < 0.5 else -1
    along = np.clip((_SIGNED * side + 32) / 85, 0, 1)
    return line - 0.02 + (brow + 0.05 - line) * along ** rng.uniform(0.6, 1.3), rng.uniform(0.012, 0.04)


def _thickness(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    top = smoothstep(0.05, -0.3, HEIGHTS)
    volume = scene.volume
    flat, high = {
        "long": (0.09, 0.062),
        "bob": (0.07, 0.055),
        "curly": (0.085, 0.08),
        "updo": (0.018, 0.03),
        "short": (0.024, 0.055),
        "quiff": (0.014, 0.085),
        "buzz": (0.006, 0.008),
        "bald": (0.004, 0.004),
        "receding": (0.018, 0.014),
        "afro": (0.12, 0.12),
    }[scene.hair]
    sides = np.where(np.degrees(scene.part * 2) < _SIGNED, 1 + scene.part, 1 - scene.part)
    return (flat + (high - flat) * top) * volume * sides * np.clip(rng.normal(1, 0.1), 0.7, 1.3)


def _curtain(scene: Scene, rng: np.random.Generator, outer: np.ndarray) -> np.ndarray:
    """Reach of hair that hangs beside the face, from how far out each side starts."""
    out = outer * np.sin(np.minimum(_SIDE, np.pi / 2)) + np.clip(_SIDE - np.pi / 2, 0, None) * 0.2
    curtains = []
    for side in (0, 1):
        close = rng.normal(0, 0.015) - (0.05 * rng.random() if rng.random() < 0.25 else 0)
        start = np.array([0.21, 0.232, 0.246, 0.248, 0.245, 0.23, 0.21, 0.2]) + close
        start[5:] += rng.normal(0.02, 0.05)
        if scene.tucked[side] and scene.hair != "curly":
            start[1:5] = (0.27, 0.31, 0.315, 0.29)
        edge = np.interp(HEIGHTS, [-0.25, -0.12, 0.0, 0.1, 0.2, 0.34, 0.45, 0.7], start)
        wavy = smooth_noise(rng, (7, 1), (len(HEIGHTS), 1)) * rng.uniform(0.004, 0.02)
        curtains.append(out - edge - wavy)
    # above the temples the crown's own reach decides
    fade = np.clip(-0.1 - HEIGHTS, 0, None) * 1.2
    return np.where(ANGLES < 0, curtains[0], curtains[1]) - fade


def _joined(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The larger of two reaches, with the corner where they meet rounded off."""
    corner = 0.1
    near = np.clip(corner - np.abs(a - b), 0, None)
    return np.maximum(a, b) + near * near / (4 * corner)


def _bun(rng: np.random.Generator) -> np.ndarray:
    """A bun on top of the head, as a radius around the axis."""
    center, size = -0.46 - 0.05 * rng.random(), rng.uniform(0.07, 0.12)
    return np.sqrt(np.maximum(size**2 - (HEIGHTS - center) ** 2, 0)) * np.ones_like(ANGLES)
