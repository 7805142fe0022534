"""What a camera and a file format do to a picture."""

import cv2
import numpy as np
from jaxtyping import Float32

from faceparse.data.synthetic.scene import Scene
from faceparse.types import Image


def take_photo(color: Float32[np.ndarray, "h w 3"], scene: Scene) -> Image:
    """Exposure, contrast, cast, lens blur, vignette, grain and compression."""
    rng = scene.rng("photo")
    size = len(color)
    gain = np.clip(rng.normal(1.0, 0.09), 0.7, 1.3) * (1 + rng.normal(0, 0.035, 3))
    contrast, pivot = np.clip(rng.normal(1.15, 0.14), 0.75, 1.6), 0.45
    color = (color * gain.astype(np.float32) - pivot) * np.float32(contrast) + np.float32(pivot + rng.normal(0, 0.025))
    saturation = np.clip(rng.normal(1.08, 0.2), 0.3, 1.6)
    if rng.random() < 0.025:
        saturation = 0.0
    grey = color @ np.array([0.3, 0.59, 0.11], np.float32)
    color = grey[..., None] + np.float32(saturation) * (color - grey[..., None])
    if rng.random() < 0.3:
        at = np.linspace(-1, 1, size, dtype=np.float32)
        color = color * (1 - rng.uniform(0, 0.3) * (at[None] ** 2 + at[:, None] ** 2) / 2)[..., None]
    blur = rng.choice([0.0009, 0.0016, 0.003, 0.005], p=[0.4, 0.4, 0.15, 0.05]) * size
    color = cv2.GaussianBlur(color, (0, 0), max(blur, 0.35))
    if rng.random() < 0.2:
        color = _smear_edges(color, rng)
    grain = cv2.resize(rng.standard_normal((256, 256, 3), np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
    color = color + grain * np.float32(rng.random() ** 2 * 0.03)
    photo = np.clip(color * 255, 0, 255).astype(np.uint8)
    quality = int(rng.uniform(55, 98))
    packed = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))


def _smear_edges(color: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Where CelebA-HQ's crop left the photo, it shows the reflected edge, blurred."""
    size = len(color)
    at = np.arange(size, dtype=np.float32) / size
    start = rng.uniform(0.02, 0.12)
    side = rng.integers(3)
    away = (at if side == 0 else 1 - at)[None] if side < 2 else at[:, None]
    mask = np.clip((start - away) / 0.05, 0, 1)
    return color + (mask * np.ones_like(color[..., 0]))[..., None] * (
        cv2.GaussianBlur(color, (0, 0), 0.03 * size) - color
    )
