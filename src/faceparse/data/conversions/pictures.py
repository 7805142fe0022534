"""Pictures written so that as little as possible is lost."""

import io
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image as PillowImage

from faceparse.files import write_atomically
from faceparse.types import Image


def write_grey(path: Path, values: UInt8[np.ndarray, "height width"]) -> None:
    """Write values as they are: a PNG of one channel, without a palette."""
    write_atomically(path, _encoded(values, "PNG"))


def write_photo(path: Path, image: Image) -> None:
    """Write a photo in the format of the path's suffix: PNG and WebP without loss, JPEG of quality 95 without chroma
    subsampling (4:4:4), for that format has no exact way.
    """
    suffix = path.suffix.lower()
    if suffix == ".png":
        content = _encoded(image, "PNG", compress_level=3)
    elif suffix == ".webp":
        content = _encoded(image, "WEBP", lossless=True)
    else:
        content = _encoded(image, "JPEG", quality=95, subsampling=0)
    write_atomically(path, content)


def _encoded(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()
