"""Eyes and brows, painted flat; side +1 is the subject's left, the image's right."""

import numpy as np

from faceparse.data.synthetic.canvas import Canvas, curve, ellipse, moved, ribbon
from faceparse.data.synthetic.scene import EYE_X, Scene

_BLACK = np.array([0.04, 0.03, 0.03])


def paint_eye(canvas: Canvas, scene: Scene, rng: np.random.Generator, side: int) -> None:
    """Lids, lashes, white, iris, pupil, highlight."""
    half = 0.0445 * scene.eye_size * (1 + rng.normal(0, 0.02))
    high, low = 0.0235 * scene.eye_open * scene.eye_size, 0.0145 * (0.55 + 0.45 * scene.eye_open) * scene.eye_size
    center = np.array([side * EYE_X + rng.normal(0, 0.001), 0.002 + rng.normal(0, 0.0015)])
    along = np.linspace(-1, 1, 40)  # from the nose outwards
    tilt = -scene.eye_tilt * along * half
    skew = 0.12 * along * (1 - along**2)
    upper = np.stack([center[0] + side * along * half, center[1] + tilt - high * ((1 - along**2) ** 0.95 - skew)], 1)
    lower = np.stack([center[0] + side * along * half, center[1] + tilt + low * ((1 - along**2) ** 1.05 + skew)], 1)
    almond = np.concatenate([upper, lower[::-1]])

    if scene.makeup > 0.35:
        lid = np.concatenate([upper, moved(upper, side * 0.004, -0.028 * scene.makeup)[::-1]])
        canvas.paint([lid, ribbon(lower, 0.008)], scene.shadow_color, scene.makeup * 0.75, 0.008)
    socket = moved(upper, down=-0.013 - 0.004 * scene.eye_open)
    canvas.paint(ribbon(socket, 0.012), (0.78, 0.68, 0.66), 0.55, 0.006, multiply=True)
    canvas.paint(ribbon(socket[3:-2], 0.0035), scene.skin * [0.55, 0.42, 0.4], rng.uniform(0.2, 0.8), 0.0015)
    canvas.paint(ribbon(lower, 0.008), (0.85, 0.72, 0.7), 0.5, 0.004, multiply=True)

    white = np.array([0.98, 0.94, 0.92]) * rng.uniform(0.85, 1.15)
    canvas.paint(almond, white, 1.0, label="left eye" if side > 0 else "right eye")
    inside = np.zeros(canvas.labels.shape, np.float32)
    cover, window = canvas.cover([almond])
    inside[window] = cover
    radius = 0.0215 * scene.eye_size
    look = moved(center, scene.gaze[0] * 0.022, scene.gaze[1] * 0.012 - 0.003)
    corner = moved(center, -side * half * 0.93, 0.001)
    canvas.paint(ellipse(corner, (0.006, 0.005)), (0.75, 0.45, 0.42), 0.8, 0.002, within=inside)
    canvas.paint(ellipse(look, (radius, radius)), scene.iris * 0.35, 0.95, 0.001, within=inside)
    canvas.paint(ellipse(look, (radius * 0.86, radius * 0.86)), scene.iris, 1.0, 0.002, within=inside)
    canvas.paint(
        ellipse(moved(look, down=0.006), (radius * 0.6, radius * 0.45)), scene.iris * 1.5, 0.5, 0.003, within=inside
    )
    pupil = radius * rng.uniform(0.33, 0.5)
    canvas.paint(ellipse(look, (pupil, pupil)), _BLACK, 1.0, 0.0012, within=inside)
    canvas.paint(ribbon(moved(upper, down=0.004), 0.009), (0.45, 0.4, 0.4), 0.7, 0.003, within=inside, multiply=True)
    lash = _BLACK + (scene.brow_color * 0.4 if not scene.feminine else 0) * 0.6
    thick = (0.0035 + 0.005 * scene.makeup) * np.interp(along, [-1, -0.6, 0.6, 1], [0.3, 0.8, 1.3, 0.9])
    canvas.paint(ribbon(moved(upper, down=-0.001), thick), lash, 0.6 + 0.4 * scene.makeup, 0.001)
    if scene.makeup > 0.25:
        lashes = []
        for at in rng.uniform(0.1, 1.0, 9):
            root = upper[int((at + 1) / 2 * 39)]
            tip = moved(root, side * 0.016 * at, -0.010 - 0.008 * rng.random())
            bent = curve([root, moved((root + tip) / 2, down=0.002), tip], 8)
            lashes.append(ribbon(bent, np.linspace(0.0025, 0.0006, 8)))
        canvas.paint(lashes, lash, scene.makeup)
    canvas.paint(ribbon(lower, 0.003), scene.skin * [0.6, 0.4, 0.38], 0.35 + 0.5 * scene.makeup, 0.001)
    glint = look + np.array([-0.005, -0.006]) + rng.normal(0, 0.004, 2)
    spot = rng.uniform(0.002, 0.0045)
    canvas.paint(ellipse(glint, (spot, spot), num=12), (1.5, 1.5, 1.5), rng.uniform(0.3, 1), 0.001, within=inside)


def paint_brow(canvas: Canvas, scene: Scene, rng: np.random.Generator, side: int) -> None:
    """A tapered band of short hairs."""
    y = scene.brow_y - 0.004 * (scene.eye_open - 1) * 4 + rng.normal(0, 0.003)
    inner, outer = 0.042 + rng.normal(0, 0.006), 0.198 + rng.normal(0, 0.007)
    arch = scene.brow_arch
    spine = curve(
        [
            (side * inner, y + scene.brow_slope),
            (side * (inner + 0.35 * (outer - inner)), y + 0.002 - arch * 0.45),
            (side * (inner + 0.68 * (outer - inner)), y - arch),
            (side * outer, y + 0.016),
        ],
        40,
    )
    width = scene.brow_thick * np.interp(np.linspace(0, 1, 40), [0, 0.12, 0.5, 0.8, 1], [0.65, 1.0, 1.0, 0.75, 0.22])
    band = ribbon(spine, width)
    canvas.paint(band, scene.brow_color, 0.0, label="left brow" if side > 0 else "right brow")
    canvas.paint(ribbon(spine, width * 0.8), scene.brow_color, scene.brow_density * 0.8, 0.0035)
    at = rng.integers(0, 38, 44)
    direction = spine[at + 1] - spine[at]
    direction /= np.hypot(*direction.T)[:, None]
    normal = direction[:, ::-1] * (-side, side)
    root = spine[at] + normal * (width[at] * rng.uniform(-0.5, 0.5, 44))[:, None]
    rise = np.where(at < 20, 0.008, -0.003)[:, None]
    tip = root + (direction * 0.018 - normal * rise) * rng.uniform(0.6, 1.1, (44, 1))
    hairs = list(
        np.stack([root - normal * 0.0011, root + normal * 0.0011, tip + normal * 0.0003, tip - normal * 0.0003], 1)
    )
    canvas.paint(hairs, scene.brow_color * 0.7, scene.brow_density * 0.7, 0.0008)
