"""Photos and label maps on disk: read with suspicion, written with the official palette.

A photo may be any PNG, JPEG or WebP: grey, RGBA, CMYK, 16-bit, turned by EXIF; it becomes upright uint8 RGB.
A label map must hold ids: a single channel of 8 bits, with or without a palette (modes L and P).
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps

from faceparse.classes import IGNORE_LABEL, NUM_CLASSES, PALETTE
from faceparse.errors import DataError
from faceparse.files import write_atomically
from faceparse.types import Image, Labels

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
MAX_PIXELS = 100_000_000
"""Larger pictures are refused before they are decoded: 100 megapixels are 300 MB as RGB."""

_FORMATS = ("JPEG", "PNG", "WEBP")


def list_images(folder: Path) -> list[Path]:
    """Photos in a folder, by name; hidden files and what no camera writes are passed over."""
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith("."))


def read_image(source: Path | bytes, name: str | None = None) -> Image:
    """Decode a photo to upright RGB.

    Transparency is laid over white; 16-bit grey is scaled to 8 bits.

    Raises:
        DataError: not there, not a picture, cut off, or larger than `MAX_PIXELS`.
    """
    with _opened(source, name) as picture:
        return to_rgb(picture)


def to_rgb(picture: PillowImage.Image) -> Image:
    """A Pillow picture of any mode as upright uint8 RGB (height, width, 3)."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, dtype=np.float64)
        # 16-bit files use the whole range; 32-bit ones hold whatever their maker put there
        top = 65535.0 if values.max(initial=0) > 255 else 255.0
        grey = np.clip(np.rint(values * (255.0 / top)), 0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = PillowImage.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = PillowImage.alpha_composite(white, picture)
    return np.array(picture.convert("RGB"))


def read_labels(source: Path | bytes, name: str | None = None) -> Labels:
    """Decode a label map: pixel values are class ids.

    Raises:
        DataError: not there, cut off, coloured instead of ids, more than 8 bits, or ids over 18 (255, ignored, may be).
    """
    with _opened(source, name) as picture:
        shown = name or str(source)
        if picture.mode not in ("L", "P"):
            raise DataError(
                f"{shown}: mode {picture.mode}, where a label map needs one 8-bit channel of ids (mode L or P); "
                "colours become ids with: faceparse data relabel"
            )
        labels = np.array(picture)
    wrong = labels[(labels >= NUM_CLASSES) & (labels != IGNORE_LABEL)]
    if wrong.size:
        raise DataError(
            f"{shown}: holds id {int(wrong.max())}, where ids are 0 to {NUM_CLASSES - 1} "
            f"(or {IGNORE_LABEL} for ignored); another label order becomes this one with: faceparse data relabel"
        )
    return labels


def read_size(path: Path) -> tuple[int, int]:
    """Width and height from a picture's header, as its pixels are stored (before EXIF turns them)."""
    with _opened(path, decode=False) as picture:
        return picture.size


def encode_labels(labels: Labels) -> bytes:
    """A PNG of ids (mode P) that shows the official colours."""
    picture = PillowImage.fromarray(labels)
    picture.putpalette(PALETTE.tobytes())
    return _png(picture)


def write_labels(path: Path, labels: Labels) -> None:
    """Write a label map as `encode_labels` gives it, whole or not at all."""
    write_atomically(path, encode_labels(labels))


def write_image(path: Path, image: Image, quality: int = 95) -> None:
    """Write RGB (or RGBA) as the format that the path's suffix names, whole or not at all."""
    picture = PillowImage.fromarray(image)
    if path.suffix.lower() == ".png":
        write_atomically(path, _png(picture))
        return
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP" if path.suffix.lower() == ".webp" else "JPEG", quality=quality)
    write_atomically(path, buffer.getvalue())


def _png(picture: PillowImage.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


@contextmanager
def _opened(source: Path | bytes, name: str | None = None, decode: bool = True) -> Iterator[PillowImage.Image]:
    """Open, check the size before decoding, decode; whatever goes wrong becomes a sentence that names the file."""
    shown = name or ("the picture" if isinstance(source, bytes) else str(source))
    if isinstance(source, Path) and source.is_dir():
        raise DataError(f"{shown}: a folder, where a picture is expected")
    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 megapixels on and says nothing of ours; our own limit follows
            warnings.simplefilter("ignore", PillowImage.DecompressionBombWarning)
            picture = PillowImage.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=_FORMATS)
            with picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise DataError(_too_large(shown, f"{width}×{height} pixels"))
                if decode:
                    picture.load()
                yield picture
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{shown}: no such file") from error
    except PillowImage.DecompressionBombError as error:
        raise DataError(_too_large(shown, "far more pixels")) from error
    except PillowImage.UnidentifiedImageError as error:
        empty = isinstance(source, Path) and source.stat().st_size == 0 or source == b""
        what = "an empty file (0 bytes)" if empty else "not a PNG, JPEG or WebP picture"
        raise DataError(f"{shown}: {what}; replace it or take it away") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(
            f"{shown}: damaged or cut off ({str(error).rstrip('.')}); replace it or take it away"
        ) from error


def _too_large(shown: str, size: str) -> str:
    return f"{shown}: {size}, where {MAX_PIXELS // 1_000_000} megapixels are the limit; make it smaller first"
