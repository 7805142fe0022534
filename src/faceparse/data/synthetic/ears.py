"""Ears: flat shells that stand off the sides of the head, and what hangs from them."""

from dataclasses import dataclass

import numpy as np

from faceparse.data.synthetic.camera import Camera, View
from faceparse.data.synthetic.canvas import Canvas, Points, curve, ellipse, ribbon
from faceparse.data.synthetic.hair import Hair
from faceparse.data.synthetic.head import ANGLES, HEIGHTS, Head
from faceparse.data.synthetic.light import Light
from faceparse.data.synthetic.scene import Scene

_OUTLINE = [
    (-0.012, -0.03),
    (0.0, -0.06),
    (0.03, -0.088),
    (0.068, -0.08),
    (0.092, -0.045),
    (0.088, 0.0),
    (0.066, 0.04),
    (0.05, 0.075),
    (0.03, 0.1),
    (0.008, 0.098),
    (-0.01, 0.07),
    (-0.014, 0.02),
]


@dataclass(frozen=True)
class Ear:
    """A plane in head space: `root` where it meets the head, `out` and `down` its axes. side +1: the subject's left."""

    side: int
    root: np.ndarray
    out: np.ndarray
    down: np.ndarray
    covered: bool
    """Under hair: only what hangs from it can be seen."""

    def place(self, points) -> np.ndarray:
        """Head-space points of points on the ear (outwards, down)."""
        points = np.asarray(points, np.float64)
        return self.root + points[:, :1] * self.out + points[:, 1:] * self.down


def place_ears(scene: Scene, head: Head, hair: Hair) -> list[Ear]:
    """Both ears of a head."""
    rng = scene.rng("ears")
    stand, lean = rng.uniform(0.25, 0.75), rng.normal(0.12, 0.06)
    row = int(np.argmin(np.abs(HEIGHTS[:, 0] - 0.065)))
    ears = []
    for side in (-1, 1):
        angle = np.radians(90) * side
        column = int(np.argmin(np.abs(ANGLES[0] - angle)))
        radius = head.radius[row, column]
        covered = float(hair.radius[row, column] - radius)
        root = np.array([np.sin(angle) * radius * 0.985, 0.068, np.cos(angle) * radius])
        out = np.array([side * np.sin(stand), 0, -np.cos(stand)]) * scene.ear
        down = np.array([-side * 0.1, 1.0, lean]) * scene.ear
        ears.append(Ear(side, root, out, down, covered > 0.009))
    return ears


def visible(view: View, camera: Camera, points: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """1 for pixels where the plane through three head-space points is nearer than the surface seen there."""
    size = len(view.depth)
    flat, depth = camera.project(points[:3])
    slope, *_ = np.linalg.lstsq(np.column_stack([flat, np.ones(3)]), depth, rcond=None)
    at = (np.arange(size) + 0.5) / size
    plane = (slope[0] * at)[None] + (slope[1] * at)[:, None] + slope[2]
    return (plane + margin > view.depth).astype(np.float32)


def paint_ears(canvas: Canvas, scene: Scene, ears: list[Ear], camera: Camera, view: View, light: Light) -> None:
    """Draw those of the ears that hair leaves free, with their labels, where nothing is in front of them."""
    rng = scene.rng("ear colors")
    rosy = rng.uniform(0.82, 1.0)
    for ear in ears:
        plane = ear.place([(0, 0), (0.1, 0), (0, 0.1)])
        free = visible(view, camera, plane, 0.004)
        normal = np.cross(ear.out, ear.down)
        normal = camera.turn @ (normal / np.linalg.norm(normal)) * ear.side
        if ear.covered or normal[2] < -0.25:
            continue
        tone = (
            np.sqrt(light.flat(normal * np.sign(normal[2] + 1e-6), 0.75))
            * scene.skin
            * [1.02, 0.95 * rosy, 0.95 * rosy]
        )

        def seen(points: Points, ear: Ear = ear) -> Points:
            return camera.project(ear.place(points))[0]

        outline = curve(_OUTLINE, 60, closed=True)
        canvas.paint(seen(outline), tone, 1.0, label="left ear" if ear.side > 0 else "right ear", within=free)
        rim = curve([(0.006, -0.035), (0.03, -0.07), (0.066, -0.064), (0.077, -0.03), (0.07, 0.01), (0.05, 0.05)])
        canvas.paint(seen(ribbon(rim, 0.012)), tone * 0.5, 0.8, 0.003, within=free)
        fold = curve([(0.035, -0.04), (0.055, -0.035), (0.058, 0.0), (0.04, 0.04), (0.018, 0.05)])
        canvas.paint(seen(ribbon(fold, 0.012)), np.minimum(tone * 1.2, 1.1), 0.7, 0.004, within=free)
        canvas.paint(
            seen(ellipse((0.022, 0.008), (0.02, 0.032), 0.3)), tone * [0.45, 0.35, 0.33], 0.85, 0.005, within=free
        )
        canvas.paint(seen(ribbon(outline[:20], 0.008)), np.minimum(tone * 1.25, 1.1), 0.6, 0.003, within=free)
