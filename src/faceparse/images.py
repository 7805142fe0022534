"""Photos and label maps on disk: read with suspicion, written with the official palette.

A photo may be any PNG, JPEG or WebP: grey, RGBA, CMYK, 16-bit, turned by EXIF, animated (its first picture counts); it
becomes upright uint8 RGB. A label map must hold ids: a PNG with a single channel of 8 bits, modes L and P.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PIL import JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.ImageFile import ImageFile

from faceparse.classes import IGNORE_LABEL, NUM_CLASSES, PALETTE
from faceparse.errors import DataError
from faceparse.files import write_atomically
from faceparse.types import Image, Labels, UInt8

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
MAX_PIXELS = 100_000_000
"""Larger pictures are refused before they are decoded: 100 megapixels are 300 MB as RGB."""

_PHOTO_FORMATS = ("PNG", "JPEG", "WebP")
_READERS = (PngImagePlugin, JpegImagePlugin, WebPImagePlugin)
"""Imported by name, since Pillow otherwise imports those of all forty formats to find one."""
_SIGNATURES = (
    (0, b"\x89PNG", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (8, b"WEBP", "WebP"),
    (0, b"GIF8", "GIF"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),
    (0, b"MM\0+", "TIFF"),
    (4, b"jP  \r\n", "JPEG 2000"),
    (0, b"BM", "BMP"),
    (0, b"%PDF", "PDF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftyphev", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"ftypmsf1", "HEIC"),
    (4, b"ftypavi", "AVIF"),
    (4, b"ftyp", "video"),
    (0, b"\x1aE\xdf\xa3", "video"),
)
"""Where a file of each kind holds which bytes; the first that fits is it."""
_REMEDIES = {
    "HEIC": "save it as JPEG first; an iPhone takes JPEGs with Settings > Camera > Formats > Most Compatible",
    "video": "parse it with: faceparse video",
}

_Transpose = PillowImage.Transpose
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: _Transpose.FLIP_LEFT_RIGHT,
    3: _Transpose.ROTATE_180,
    4: _Transpose.FLIP_TOP_BOTTOM,
    5: _Transpose.TRANSPOSE,
    6: _Transpose.ROTATE_270,
    7: _Transpose.TRANSVERSE,
    8: _Transpose.ROTATE_90,
}
"""What undoes each value of EXIF's orientation; 1 is upright."""


def list_images(folder: Path) -> list[Path]:
    """Photos in a folder, by name; hidden files and what no camera writes are passed over."""
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith("."))


def read_image(source: Path | bytes, name: str | None = None, at_least: tuple[int, int] | None = None) -> Image:
    """Decode a photo to upright RGB.

    Transparency is laid over white; 16-bit grey is scaled to 8 bits.

    Args:
        source: the file or its content.
        name: for messages.
        at_least: a width and height that are enough: a JPEG is then decoded at a half, quarter or eighth of its size,
            if that is no smaller, in a quarter of the time. Between such a half and the mean of 2×2 decoded pixels
            lie .4 grey levels on average; between a photo and the JPEG (quality 95) that is written of it, .5.

    Raises:
        DataError: not there, not a picture, cut off, or larger than `MAX_PIXELS`.
    """
    with _opened(source, name, _PHOTO_FORMATS) as picture:
        if at_least is not None:
            picture.draft(None, at_least)
        picture.load()
        return to_rgb(picture)


def to_rgb(picture: PillowImage.Image) -> Image:
    """A Pillow picture of any mode as upright uint8 RGB (height, width, 3)."""
    turn = _UPRIGHT.get(_orientation(picture))
    if turn is not None:
        picture = picture.transpose(turn)
    if picture.mode.startswith("I") or picture.mode == "F":
        return _grey_to_rgb(picture)
    if picture.mode == "La":  # premultiplied; Pillow converts it to this and nothing else
        picture = picture.convert("LA")
    if picture.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = PillowImage.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = PillowImage.alpha_composite(white, picture)
    return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _orientation(picture: PillowImage.Image) -> int:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Pillow warns of EXIF that it cannot read
            return picture.getexif().get(_ORIENTATION, 1)
    except Exception:
        # whatever is wrong with a photo's notes, its pixels may still be good
        return 1


def _grey_to_rgb(picture: PillowImage.Image) -> Image:
    """Grey of more than 8 bits. 16-bit files use their whole range; 32-bit pictures, made by callers, may not."""
    values = np.nan_to_num(np.asarray(picture, dtype=np.float32))
    top = 65535 if picture.mode.startswith("I;16") or values.max(initial=0) > 255 else 255
    grey = np.clip(np.rint(values * np.float32(255 / top)), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def read_labels(source: Path | bytes, name: str | None = None) -> Labels:
    """Decode a label map: pixel values are class ids.

    Raises:
        DataError: not there, cut off, not a PNG (JPEG changes ids), coloured instead of ids, not 8 bits, or ids over 18
            (255, ignored, may be).
    """
    shown = _shown(source, name)
    with _opened(source, name, ("PNG",)) as picture:
        bits = str(picture.tile[0][3]).partition(";")[2] if picture.mode == "L" else ""
        if bits or picture.mode not in ("L", "P"):
            # Pillow would stretch 2- and 4-bit grey to 0-255, and so change the ids
            raise DataError(
                f"{shown}: {f'{bits}-bit grey' if bits else f'mode {picture.mode}'}, where a label map needs one 8-bit "
                "channel of ids (mode L or P); colours become ids with: faceparse data relabel"
            )
        picture.load()
        labels = np.array(picture)
    wrong = labels[(labels >= NUM_CLASSES) & (labels != IGNORE_LABEL)]
    if wrong.size:
        raise DataError(
            f"{shown}: holds id {int(wrong.max())}, where ids are 0 to {NUM_CLASSES - 1} "
            f"(or {IGNORE_LABEL} for ignored); another label order becomes this one with: faceparse data relabel"
        )
    return labels


def read_grey(source: Path | bytes, name: str | None = None) -> UInt8[np.ndarray, "height width"]:
    """Decode a PNG to 8-bit grey, as the pictures of single parts are that raw CelebAMask-HQ has.

    Raises:
        DataError: not there, cut off, not a PNG, or larger than `MAX_PIXELS`.
    """
    with _opened(source, name, ("PNG",)) as picture:
        return np.asarray(picture.convert("L"))


def read_size(source: Path | bytes, name: str | None = None) -> tuple[int, int]:
    """Width and height from a picture's header, as its pixels are stored (before EXIF turns them)."""
    with _opened(source, name, _PHOTO_FORMATS) as picture:
        return picture.size


def num_pictures(source: Path | bytes, name: str | None = None) -> int:
    """How many pictures an animated PNG or WebP holds; 1 for any other photo."""
    with _opened(source, name, _PHOTO_FORMATS) as picture:
        # a JPEG's further pictures are previews of it or its depth, which cameras write unasked
        return 1 if (picture.format or "") in ("JPEG", "MPO") else getattr(picture, "n_frames", 1)


def read_mode(path: Path) -> str:
    """Pillow's name of what a picture's pixels are (`L`, `P`, `RGB`, ...), from its header."""
    with _opened(path, None, _PHOTO_FORMATS) as picture:
        return picture.mode


def encode_labels(labels: Labels) -> bytes:
    """A PNG of ids (mode P) that shows the official colours."""
    picture = PillowImage.fromarray(labels)
    picture.putpalette(PALETTE.tobytes())
    return _png(picture, compress_level=3)  # three times as fast as 6; seven kilobytes a face instead of five


def write_labels(path: Path, labels: Labels) -> None:
    """Write a label map as `encode_labels` gives it, whole or not at all."""
    write_atomically(path, encode_labels(labels))


def write_image(path: Path, image: UInt8[np.ndarray, "height width channels"], quality: int = 95) -> None:
    """Write RGB (or RGBA) as the format that the path's suffix names, whole or not at all."""
    write_atomically(path, encode_image(image, path.suffix, quality))


def encode_image(image: UInt8[np.ndarray, "height width channels"], suffix: str, quality: int = 95) -> bytes:
    """RGB (or RGBA) as the content of a file with this suffix: `.png`, `.webp`, or JPEG whatever it is."""
    picture = PillowImage.fromarray(image)
    if suffix.lower() == ".png":
        return _png(picture, compress_level=3)  # twice as fast as 6 for a tenth more bytes
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP" if suffix.lower() == ".webp" else "JPEG", quality=quality)
    return buffer.getvalue()


def encode_grey(values: UInt8[np.ndarray, "height width"]) -> bytes:
    """A grey PNG whose pixels are numbers that stand for something else than classes."""
    return _png(PillowImage.fromarray(values), compress_level=3)


def _png(picture: PillowImage.Image, compress_level: int = 6) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=compress_level)
    return buffer.getvalue()


@contextmanager
def _opened(source: Path | bytes, name: str | None, formats: tuple[str, ...]) -> Iterator[ImageFile]:
    """Open a picture and check its size before it is decoded; whatever goes wrong becomes a sentence that names it."""
    shown = _shown(source, name)
    try:
        if isinstance(source, Path):
            if source.exists() and not source.is_file():
                what = "a folder" if source.is_dir() else "not a regular file"
                raise DataError(f"{shown}: {what}, where a picture is expected")
            if source.stat().st_size == 0:
                raise DataError(f"{shown}: an empty file (0 bytes); replace it or take it away")
        with warnings.catch_warnings():
            # Pillow warns from 89 megapixels on, where our own limit is what counts, and of notes it cannot read
            warnings.simplefilter("ignore", PillowImage.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)
            file = io.BytesIO(source) if isinstance(source, bytes) else source
            with PillowImage.open(file, formats=[kind.upper() for kind in formats]) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise DataError(_too_large(shown, width * height))
                yield picture
    except DataError:
        raise
    except PillowImage.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        raise DataError(_too_large(shown, int(pixels[0]) if pixels else 2 * MAX_PIXELS)) from error
    except PillowImage.UnidentifiedImageError as error:
        raise DataError(f"{shown}: {_what_it_is(source, formats)}") from error
    except FileNotFoundError as error:
        raise DataError(f"{shown}: no such file") from error
    except Exception as error:
        # Pillow's readers meet bytes that nobody checked: struct.error, SyntaxError, IndexError and more come out
        if isinstance(error, OSError) and error.strerror:
            raise DataError(f"{shown}: cannot be read ({error.strerror.lower()})") from error
        reason = " ".join(str(error).split()).rstrip(".")
        raise DataError(f"{shown}: damaged or cut off ({reason}); replace it or take it away") from error


def _shown(source: Path | bytes, name: str | None) -> str:
    return name or ("the picture" if isinstance(source, bytes) else str(source))


def _what_it_is(source: Path | bytes, formats: tuple[str, ...]) -> str:
    """Why Pillow did not know a file, and what to do, by its first bytes."""
    if isinstance(source, bytes):
        start = source[:16]
    else:
        with source.open("rb") as file:
            start = file.read(16)
    if not start:
        return "an empty file (0 bytes); replace it or take it away"
    kind = next((kind for offset, mark, kind in _SIGNATURES if start[offset:].startswith(mark)), None)
    if kind in formats:
        return f"a {kind} that is damaged or cut off; replace it or take it away"
    wanted = " or ".join(", ".join(formats).rsplit(", ", 1))
    if kind:
        remedy = _REMEDIES.get(kind, "convert it first")
        return f"a{'n' * (kind == 'AVIF')} {kind} file, where a {wanted} is expected; {remedy}"
    return f"not a {wanted} picture; replace it or take it away"


def _too_large(shown: str, pixels: int) -> str:
    limit = MAX_PIXELS // 1_000_000
    return f"{shown}: {pixels / 1e6:.0f} megapixels, where {limit} are the limit; make it smaller first"
