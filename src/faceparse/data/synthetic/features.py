"""The front of a face as a flat painting: eyes, brows, nose, mouth and the colours of the skin, seen straight on.

The camera later projects it onto the head. `X` of a point on the left half of the *image* is negative; the subject's
left eye has side +1.
"""

import cv2
import numpy as np

from faceparse.data.synthetic.canvas import Canvas, curve, ellipse, ribbon
from faceparse.data.synthetic.eyes import paint_brow, paint_eye
from faceparse.data.synthetic.mouth import paint_mouth
from faceparse.data.synthetic.noise import rough_noise, smooth_noise, smoothstep
from faceparse.data.synthetic.scene import EYE_X, MOUTH_Y, Scene

LEFT, RIGHT, UPPER, LOWER = -0.33, 0.33, -0.4, 0.5


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
        paint_eye(canvas, scene, rng, side)
        paint_brow(canvas, scene, rng, side)
    paint_mouth(canvas, scene, rng)
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
    dots = [
        ellipse(spot, (radius, radius), num=8)
        for spot, radius in zip(spots, rng.uniform(0.0008, 0.0026, num_spots), strict=True)
    ]
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
        (0.026, -0.02),
        (0.033, 0.005),
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
