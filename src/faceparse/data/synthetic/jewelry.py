"""Earrings and necklaces."""

import numpy as np

from faceparse.classes import class_id
from faceparse.data.synthetic.camera import Camera, View
from faceparse.data.synthetic.canvas import Canvas, ellipse, moved, ribbon
from faceparse.data.synthetic.ears import Ear, visible
from faceparse.data.synthetic.palettes import random_color
from faceparse.data.synthetic.scene import Scene


def paint_earrings(canvas: Canvas, scene: Scene, ears: list[Ear], camera: Camera, view: View) -> None:
    """Studs, hoops, drops and chains, where hair and cheek leave them to be seen."""
    if scene.earrings == "none":
        return
    rng = scene.rng("earrings")
    metal = np.array([(0.75, 0.58, 0.3), (0.65, 0.65, 0.68), (0.62, 0.45, 0.37), (0.15, 0.15, 0.16)])[rng.integers(4)]
    stone = np.clip(rng.random(3) * rng.uniform(0.5, 1.2), 0, 1) if rng.random() < 0.5 else np.array([0.8, 0.79, 0.76])
    size, length = rng.uniform(0.011, 0.025), rng.uniform(0.03, 0.22)
    hoop = rng.uniform(0.025, 0.085)
    width = rng.uniform(0.016, 0.05)
    kinds = rng.integers(0, 3)
    for ear in ears:
        lobe = ear.place([(0.026, 0.088)])[0]
        free = visible(view, camera, lobe + np.array([(0, 0, 0), (0.05, 0, 0), (0, 0.05, 0)]), rng.uniform(0.02, 0.16))
        at = camera.project(lobe[None])[0][0]
        scale = 1 / max(np.hypot(*np.linalg.inv(camera.matrix[:, :2])[:, 0]), 1e-6)

        def spot(x: float, y: float, radius: float, color, stretch: float = 1.0, at=at, free=free, scale=scale):
            center = at + np.array([x, y]) * scale
            canvas.paint(
                ellipse(center, (radius * scale, radius * stretch * scale)), color, label="earring", within=free
            )
            glint = center - radius * scale * np.array([0.3, 0.35])
            canvas.paint(ellipse(glint, (radius * 0.3 * scale,) * 2, num=10), (1, 1, 1), 0.6, 0.002, within=free)
            canvas.paint(
                ellipse(moved(center, down=radius * scale * 0.5), (radius * 0.7 * scale, radius * 0.4 * scale)),
                (0.5, 0.5, 0.5),
                0.5,
                0.002,
                within=free,
                multiply=True,
            )

        if scene.earrings == "stud":
            spot(0.0, 0.0, size, stone if kinds else metal)
        elif scene.earrings == "hoop":
            ring = ellipse(
                at + np.array([0, hoop * 0.95]) * scale, (hoop * scale * rng.uniform(0.5, 1), hoop * scale), num=48
            )
            ring = np.concatenate([ring, ring[:1]])
            thick = rng.uniform(0.008, 0.018) * scale
            canvas.paint(ribbon(ring, thick), metal * 0.75, label="earring", within=free)
            canvas.paint(ribbon(ring[20:40], thick * 0.4), (1, 1, 0.95), 0.7, 0.001, within=free)
        elif scene.earrings == "drop":
            canvas.paint(
                ribbon(np.array([at, moved(at, down=length * scale)]), 0.006 * scale),
                metal * 0.7,
                label="earring",
                within=free,
            )
            spot(0.0, 0.0, size * 0.7, metal)
            spot(0.0, length, width, stone if kinds else metal, rng.uniform(1.0, 2.2))
        else:
            num = int(rng.integers(3, 8))
            for k in range(num):
                spot(
                    rng.normal(0, 0.004),
                    length * 1.2 * k / num,
                    width * (0.4 + 0.5 * k / num),
                    stone if (k + kinds) % 2 else metal,
                )


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
    canvas.paint(ribbon(moved(line, down=0.004), thick * 1.5), (0.6, 0.55, 0.5), 0.5, 0.002, within=free, multiply=True)
    canvas.paint(ribbon(line, thick), color * rng.uniform(0.6, 1), label="necklace", within=free)
    canvas.paint(ribbon(line[10:50:2], thick * 0.4), (1, 1, 1), 0.5, 0.001, within=free)
    if scene.necklace == "pendant":
        low = moved(line[30], down=0.015)
        canvas.paint(ellipse(low, (0.014, 0.02)), random_color(rng), label="necklace", within=free)
