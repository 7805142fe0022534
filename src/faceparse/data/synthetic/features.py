"""The front of a face as a flat painting: eyes, brows, nose, mouth and the colours of the skin, seen straight on.

The camera later projects it onto the head. `X` of a point on the left half of the *image* is negative; the subject's left
eye has side +1.
"""

import cv2
import numpy as np

from faceparse.data.synthetic.canvas import Canvas, curve, ellipse, ribbon
from faceparse.data.synthetic.noise import rough_noise, smooth_noise, smoothstep
from faceparse.data.synthetic.scene import EYE_X, MOUTH_Y, Scene

LEFT, RIGHT, UPPER, LOWER = -0.33, 0.33, -0.4, 0.5
_BLACK = np.array([0.04, 0.03, 0.03])


def paint_features(scene: Scene, size: int) -> Canvas:
    """The face's painting with its labels (`skin` where nothing else is), for a photo of `size` pixels."""
    scale = size * 1.2
    shape = (int((LOWER - UPPER) * scale), int((RIGHT - LEFT) * scale))
    skin = np.empty((*shape, 3), np.float32)
    skin[:] = scene.skin
    canvas = Canvas(skin, np.ones(shape, np.uint8), scale, (LEFT, UPPER))
    rng = scene.rng("features")
    _tint_skin(canvas, scene, rng)
    _paint_beard(canvas, scene, rng)
    _paint_nose(canvas, scene, rng)
    for side in (-1, 1):
        _paint_eye(canvas, scene, rng, side)
        _paint_brow(canvas, scene, rng, side)
    _paint_mouth(canvas, scene, rng)
    return canvas


def _tint_skin(canvas: Canvas, scene: Scene, rng: np.random.Generator) -> None:
    """Blotches, rosy cheeks, spots, wrinkles."""
    shape = canvas.labels.shape
    blotch = rough_noise(rng, (9, 7), shape, 4) * rng.uniform(0.01, 0.03)
    warm = smooth_noise(rng, (6, 5), shape) * 0.02
    canvas.color *= 1 + blotch[..., None] + warm[..., None] * np.array([0.6, -0.4, -0.6], np.float32)
    pores = cv2.resize(rng.standard_normal((300, 230), np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)
    canvas.color *= 1 + (pores * rng.uniform(0.0, 0.025))[..., None]
    rosy = np.array([1.0, rng.uniform(0.72, 0.95), rng.uniform(0.75, 0.95)])
    for side in (-1, 1):
        canvas.paint(ellipse((side * 0.14, 0.13), (0.06, 0.05)), rosy, rng.uniform(0.2, 0.9), 0.03, multiply=True)
        bag = curve([(side * (EYE_X - 0.05), 0.03), (side * EYE_X, 0.05), (side * (EYE_X + 0.045), 0.03)])
        canvas.paint(
            ribbon(bag, 0.018), (0.82, 0.74, 0.74), rng.uniform(0.2, 0.5) + 0.4 * scene.old, 0.008, multiply=True
        )
        fold = curve([(side * 0.062, 0.165), (side * 0.095, 0.2), (side * (scene.mouth_width + 0.03), MOUTH_Y - 0.005)])
        strength = 0.1 + 0.5 * max(scene.smile, 0) + 0.35 * scene.old
        canvas.paint(ribbon(fold, 0.01), (0.72, 0.62, 0.58), min(strength, 0.9), 0.006, multiply=True)
        if scene.old > 0.35:
            for k in range(3):
                x = side * (EYE_X + 0.058)
                foot = curve([(x, -0.004 + 0.008 * k), (x + side * 0.03, -0.015 + 0.016 * k)], 12)
                canvas.paint(ribbon(foot, 0.003), (0.75, 0.65, 0.6), scene.old * 0.7, 0.002, multiply=True)
    for y in rng.uniform(-0.24, -0.11, 4 if scene.old > 0.4 else 0):
        line = curve([(-0.11, y + 0.008), (-0.04, y), (0.04, y + 0.003), (0.11, y + 0.01)])
        canvas.paint(ribbon(line, 0.004), (0.75, 0.66, 0.6), scene.old * 0.6, 0.003, multiply=True)
    num_spots = int(rng.integers(0, 5) if rng.random() < 0.92 else rng.integers(60, 160))
    spots = rng.normal((0, 0.1), (0.1, 0.08), (num_spots, 2))
    dots = [ellipse(spot, (radius, radius), num=8) for spot, radius in zip(spots, rng.uniform(0.0008, 0.0026, num_spots), strict=True)]
    if dots:
        canvas.paint(dots, (0.68, 0.52, 0.45), rng.uniform(0.2, 0.7), 0.001, multiply=True)


def _paint_beard(canvas: Canvas, scene: Scene, rng: np.random.Generator) -> None:
    """Stubble to full beard: darker and rougher, still skin."""
    if scene.beard <= 0.02:
        return
    shape = canvas.labels.shape
    x = np.linspace(LEFT, RIGHT, shape[1], dtype=np.float32)[None]
    y = np.linspace(UPPER, LOWER, shape[0], dtype=np.float32)[:, None]
    rough = cv2.resize(rng.standard_normal((260, 420), np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)
    edge = 0.015 * smooth_noise(rng, (14, 14), shape) + 0.01 * rough
    jaw = smoothstep(-0.03, 0.03, y - (0.33 - 1.15 * np.clip(np.abs(x) - 0.07, 0, 0.17)) + edge)
    cheek = smoothstep(0.0, 0.035, np.abs(x) - 0.165 + edge) * smoothstep(-0.02, 0.06, y)
    lip = smoothstep(0.016, 0.0, np.abs(y - 0.222 - 0.35 * np.abs(x) ** 1.6 * 3 + edge * 0.4) - 0.016) * smoothstep(
        0.13, 0.1, np.abs(x)
    )
    chin = smoothstep(0.0, 0.03, y - 0.31 + edge) * smoothstep(0.12, 0.08, np.abs(x) + edge)
    ring = smoothstep(0.02, 0.0, np.abs(np.abs(x) - 0.105) - 0.012) * smoothstep(0.2, 0.24, y)
    parts = {
        "full": (jaw, cheek, lip, ring),
        "goatee": (lip, chin, ring),
        "moustache": (lip,),
        "chinstrap": (jaw * smoothstep(0.36, 0.39, y + np.abs(x)), cheek),
    }[scene.beard_style]
    mask = np.maximum.reduce([np.broadcast_to(part, shape) for part in parts])
    dense = min(scene.beard * 1.1, 0.93)
    strands = np.clip(dense + 0.4 * rough * (0.35 + 0.65 * dense), 0, 1) * (0.35 + 0.65 * dense)
    color = scene.brow_color * 0.85 + 0.06 * scene.skin + rng.normal(0, 0.015, 3)
    tone = color * (1 + 0.22 * rough[..., None])
    canvas.color += (mask * strands)[..., None] * (tone.astype(np.float32) - canvas.color)


def _paint_nose(canvas: Canvas, scene: Scene, rng: np.random.Generator) -> None:
    """Nostrils and the shades around wings and tip; the outline carries the label."""
    wide, long = scene.nose_width, scene.nose_length
    half = [
        (0.024, -0.012),
        (0.033, 0.008),
        (0.032, 0.05),
        (0.041, 0.09),
        (0.05 * wide, 0.115 * long),
        (0.066 * wide, 0.135 * long),
        (0.069 * wide, 0.152 * long),
        (0.06 * wide, 0.165 * long),
        (0.034 * wide, 0.17 * long),
        (0.012, 0.18 * long),
    ]
    right = np.array(half)
    outline = np.concatenate([curve(half, 40), curve((right * [-1, 1])[::-1], 40)])
    canvas.paint(outline, scene.skin * [1.02, 0.97, 0.96], 0.45, 0.006)
    canvas.paint(outline, scene.skin, 0.0, label="nose")
    canvas.paint(ellipse((0, 0.182 * long), (0.05 * wide, 0.012)), (0.68, 0.58, 0.56), 0.5, 0.006, multiply=True)
    for side in (-1, 1):
        nostril = ellipse((side * 0.032 * wide, 0.164 * long), (0.017 * wide, 0.0075), side * -0.35)
        canvas.paint(nostril, scene.skin * [0.25, 0.17, 0.15], 0.92, 0.002)
        wing = curve(
            [
                (side * 0.052 * wide, 0.118 * long),
                (side * 0.071 * wide, 0.142 * long),
                (side * 0.058 * wide, 0.172 * long),
            ]
        )
        canvas.paint(ribbon(wing, 0.006), (0.66, 0.56, 0.53), rng.uniform(0.3, 0.75), 0.003, multiply=True)
        bridge = curve([(side * 0.03, -0.03), (side * 0.03, 0.03), (side * 0.036, 0.1)])
        canvas.paint(ribbon(bridge, 0.02), (0.85, 0.79, 0.77), rng.uniform(0.1, 0.6), 0.009, multiply=True)


def _paint_eye(canvas: Canvas, scene: Scene, rng: np.random.Generator, side: int) -> None:
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
        lid = np.concatenate([upper, (upper - [0, 0.028 * scene.makeup])[::-1] + [side * 0.004, 0]])
        canvas.paint([lid, ribbon(lower, 0.008)], scene.shadow_color, scene.makeup * 0.75, 0.008)
    socket = upper - [0, 0.013 + 0.004 * scene.eye_open]
    canvas.paint(ribbon(socket, 0.012), (0.78, 0.68, 0.66), 0.55, 0.006, multiply=True)
    canvas.paint(ribbon(socket[3:-2], 0.0035), scene.skin * [0.55, 0.42, 0.4], rng.uniform(0.2, 0.8), 0.0015)
    canvas.paint(ribbon(lower, 0.008), (0.85, 0.72, 0.7), 0.5, 0.004, multiply=True)

    white = np.array([0.98, 0.94, 0.92]) * rng.uniform(0.85, 1.15)
    canvas.paint(almond, white, 1.0, label="left eye" if side > 0 else "right eye")
    inside = np.zeros(canvas.labels.shape, np.float32)
    cover, window = canvas.cover([almond])
    inside[window] = cover
    radius = 0.0215 * scene.eye_size
    look = center + [scene.gaze[0] * 0.022, scene.gaze[1] * 0.012 - 0.003]
    corner = center - [side * half * 0.93, -0.001]
    canvas.paint(ellipse(corner, (0.006, 0.005)), (0.75, 0.45, 0.42), 0.8, 0.002, within=inside)
    canvas.paint(ellipse(look, (radius, radius)), scene.iris * 0.35, 0.95, 0.001, within=inside)
    canvas.paint(ellipse(look, (radius * 0.86, radius * 0.86)), scene.iris, 1.0, 0.002, within=inside)
    canvas.paint(ellipse(look + [0, 0.006], (radius * 0.6, radius * 0.45)), scene.iris * 1.5, 0.5, 0.003, within=inside)
    pupil = radius * rng.uniform(0.33, 0.5)
    canvas.paint(ellipse(look, (pupil, pupil)), _BLACK, 1.0, 0.0012, within=inside)
    canvas.paint(ribbon(upper + [0, 0.004], 0.009), (0.45, 0.4, 0.4), 0.7, 0.003, within=inside, multiply=True)
    lash = _BLACK + (scene.brow_color * 0.4 if not scene.feminine else 0) * 0.6
    thick = (0.0035 + 0.005 * scene.makeup) * np.interp(along, [-1, -0.6, 0.6, 1], [0.3, 0.8, 1.3, 0.9])
    canvas.paint(ribbon(upper - [0, 0.001], thick), lash, 0.6 + 0.4 * scene.makeup, 0.001)
    if scene.makeup > 0.25:
        for at in rng.uniform(0.1, 1.0, 9):
            root = upper[int((at + 1) / 2 * 39)]
            tip = root + [side * 0.016 * at, -0.010 - 0.008 * rng.random()]
            canvas.paint(
                ribbon(curve([root, (root + tip) / 2 + [0, 0.002], tip], 8), np.linspace(0.0025, 0.0006, 8)),
                lash,
                scene.makeup,
            )
    canvas.paint(ribbon(lower, 0.003), scene.skin * [0.6, 0.4, 0.38], 0.35 + 0.5 * scene.makeup, 0.001)
    glint = look + np.array([-0.005, -0.006]) + rng.normal(0, 0.004, 2)
    spot = rng.uniform(0.002, 0.0045)
    canvas.paint(ellipse(glint, (spot, spot), num=12), (1.5, 1.5, 1.5), rng.uniform(0.3, 1), 0.001, within=inside)


def _paint_brow(canvas: Canvas, scene: Scene, rng: np.random.Generator, side: int) -> None:
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
    hairs = list(np.stack([root - normal * 0.0011, root + normal * 0.0011, tip + normal * 0.0003, tip - normal * 0.0003], 1))
    canvas.paint(hairs, scene.brow_color * 0.7, scene.brow_density * 0.7, 0.0008)


def _paint_mouth(canvas: Canvas, scene: Scene, rng: np.random.Generator) -> None:
    """Lips, and between them teeth and the dark."""
    smile, gap = scene.smile, scene.gap
    half = scene.mouth_width * (1 + 0.2 * max(smile, 0)) * (1 - 0.7 * max(gap - 0.05, 0) / 0.05 * (smile < 0.3))
    t = np.linspace(-1, 1, 49)
    x = t * half
    lift = -0.02 * smile * t**2 + 0.006 * smile
    center = MOUTH_Y + 0.004 * smile
    lid = (1 - t**2) ** 0.6
    bow = 0.004 * np.exp(-((t / 0.16) ** 2)) - 0.0035 * np.exp(-(((np.abs(t) - 0.25) / 0.2) ** 2))
    inner_top = (
        center + lift - gap * 0.42 * (1 - np.abs(t / 0.92).clip(0, 1) ** 2.2) + 0.003 * np.cos(t * 7) * (gap < 0.004)
    )
    inner_low = center + lift + gap * 0.58 * (1 - np.abs(t / 0.92).clip(0, 1) ** 2.0)
    top = inner_top - scene.lip_upper * (1 - 0.35 * max(smile, 0)) * lid + bow * lid
    low = inner_low + scene.lip_lower * (1 - 0.2 * max(smile, 0)) * (1 - np.abs(t) ** 2.4) ** 0.75
    upper_lip = np.concatenate([np.stack([x, top], 1), np.stack([x, inner_top], 1)[::-1]])
    lower_lip = np.concatenate([np.stack([x, inner_low], 1), np.stack([x, low], 1)[::-1]])
    inside = np.concatenate([np.stack([x, inner_top], 1), np.stack([x, inner_low], 1)[::-1]])

    color = scene.lip_color
    canvas.paint(ellipse((0, low.max() + 0.012), (half * 0.6, 0.009)), (0.75, 0.66, 0.64), 0.6, 0.007, multiply=True)
    whole = np.concatenate([np.stack([x, top], 1), np.stack([x, low], 1)[::-1]])
    canvas.paint(whole, color, 0.35, 0.006)
    canvas.paint(upper_lip, color * rng.uniform(0.76, 0.92), 0.95, 0.0012, label=None)
    canvas.paint(lower_lip, color, 0.95, 0.0012)
    canvas.paint(upper_lip, color, 0.0, label="upper lip")
    canvas.paint(lower_lip, color, 0.0, label="lower lip")
    creases = [
        ribbon(np.array([(u, inner_low[24] + 0.004), (u * 1.04, low[24] - 0.006)]), 0.002)
        for u in rng.uniform(-0.6, 0.6, 9) * half
    ]
    canvas.paint(creases, (0.8, 0.74, 0.76), 0.5, 0.0012, multiply=True)
    shine = ellipse(
        (rng.normal(0, 0.012), (inner_low[24] * 0.55 + low[24] * 0.45)), (half * 0.35, scene.lip_lower * 0.16)
    )
    canvas.paint(shine, np.minimum(color * 1.35 + 0.15, 1.3), scene.lip_gloss * 0.8, 0.004)
    canvas.paint(ribbon(np.stack([x, inner_top], 1), 0.004), color * [0.4, 0.3, 0.3], 0.75, 0.0015)
    for side in (-1, 1):
        corner = (side * half, center + lift[0])
        canvas.paint(ellipse(corner, (0.009, 0.007)), (0.55, 0.45, 0.42), 0.6, 0.004, multiply=True)
    if gap <= 0:
        return
    dark = np.array([0.2, 0.07, 0.06]) * rng.uniform(0.4, 1.4)
    canvas.paint(inside, dark, 1.0, label="mouth")
    cover, window = canvas.cover([inside])
    hole = np.zeros(canvas.labels.shape, np.float32)
    hole[window] = cover
    canvas.paint(ellipse((0, inner_low[24]), (half * 0.5, gap * 0.3)), (0.6, 0.25, 0.24), 0.7, 0.004, within=hole)
    if scene.teeth:
        _paint_teeth(canvas, scene, rng, x, inner_top, hole)


def _paint_teeth(canvas: Canvas, scene: Scene, rng: np.random.Generator, x, inner_top, hole) -> None:
    ivory = np.array([1.04, 1.0, 0.95]) * rng.uniform(0.85, 1.05) * np.array([1, 1, rng.uniform(0.88, 1.03)])
    drop = min(scene.gap * 0.95, rng.uniform(0.026, 0.042))
    edge = inner_top + drop * (1 - 0.45 * (x / np.abs(x).max()) ** 2)
    row = np.concatenate([np.stack([x, inner_top - 0.004], 1), np.stack([x, edge], 1)[::-1]])
    canvas.paint(row, ivory, 1.0, 0.001, within=hole)
    for number, at in enumerate((0.0, 0.019, 0.035, 0.049, 0.061)):
        for side in (-1, 1):
            seam = np.array([(side * at, inner_top[24] - 0.01), (side * at, inner_top[24] + drop + 0.012)])
            canvas.paint(
                ribbon(seam, 0.0022), (0.72, 0.62, 0.55), 0.5 + 0.1 * number, 0.0007, within=hole, multiply=True
            )
    canvas.paint(ribbon(np.stack([x, inner_top], 1), 0.012), (0.5, 0.4, 0.4), 0.65, 0.004, within=hole, multiply=True)
    for side in (-1, 1):
        canvas.paint(
            ellipse((side * np.abs(x).max() * 0.95, MOUTH_Y), (0.022, 0.03)),
            (0.2, 0.1, 0.1),
            0.85,
            0.009,
            within=hole,
            multiply=True,
        )
