"""`faceparse predict`: photos in, parts out, without PyTorch."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import tyro

from faceparse import images
from faceparse.classes import NAMES
from faceparse.cli.arguments import call
from faceparse.console import log, progress
from faceparse.errors import DataError, UsageError
from faceparse.files import write_atomically

if TYPE_CHECKING:
    from faceparse.infer.parser import Parsed

_OTHER_PICTURES = (".heic", ".heif", ".avif", ".gif", ".tif", ".tiff", ".bmp")


def main(arguments: list[str]) -> int:
    """Run `faceparse predict`."""
    return call(predict, arguments, "predict")


def predict(
    inputs: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="INPUT...", help_behavior_hint="(at least one)")
    ],
    /,
    out: Path,
    model: str = "compact",
    write: str = "ids,overlay",
    device: Literal["auto", "cpu", "cuda"] = "auto",
    tta: str = "",
) -> int:
    """Label the parts of the faces in photos. No PyTorch, no GPU and no network connection are needed.

    faceparse predict me.jpg holiday/ --out parsed --write ids,overlay,parts

    Args:
        inputs: photos (PNG, JPEG, WebP), or folders of them.
        out: folder to write to: OUT/ids/NAME.png, OUT/overlay/NAME.png and so on, at each photo's own size.
        model: a shipped model, an .onnx file, or a run or checkpoint folder that was exported.
        write: what to write, with commas between: ids (a PNG whose pixels are class ids), color, overlay (the photo
            tinted), soft (.npz of probabilities), parts (each part cut out).
        device: auto takes a GPU where the installed onnxruntime can use one.
        tta: flip parses each photo mirrored as well, left and right exchanged back, and averages; twice the time.
    """
    kinds = _kinds(write)
    photos = _photos(inputs)
    _refuse_overwriting(photos, out, kinds)

    from faceparse.infer.parser import Parser

    parser = Parser.load(model, device, tta)
    faults = []
    for photo in progress(photos, "parsing"):
        try:
            parsed = parser(photo)
        except DataError as error:
            faults.append(str(error))
            continue
        for kind in kinds:
            _WRITERS[kind](out / kind, photo.stem, parsed)
    if len(photos) > len(faults):
        print(f"{len(photos) - len(faults)} of {len(photos)} parsed; {', '.join(kinds)} are in {out}")
    for fault in faults:
        print(f"faceparse: {fault}", file=sys.stderr)
    return 1 if faults else 0


def _kinds(write: str) -> list[str]:
    kinds = list(dict.fromkeys(kind.strip() for kind in write.split(",") if kind.strip()))
    for kind in kinds:
        if kind not in _WRITERS:
            raise UsageError.unknown("output", kind, _WRITERS)
    if not kinds:
        raise UsageError(f"--write names nothing; known: {', '.join(_WRITERS)}")
    return kinds


def _photos(inputs: tuple[Path, ...]) -> list[Path]:
    """Every photo once, in the order given; those of a folder by name."""
    if not inputs:
        raise UsageError("no photo given; see: faceparse predict --help")
    found: dict[Path, Path] = {}
    for given in inputs:
        for photo in _within(given) if os.path.isdir(given) else [given]:
            found.setdefault(photo.resolve(), photo)
    return list(found.values())


def _within(folder: Path) -> list[Path]:
    try:
        photos = images.list_images(folder)
        others = [path.name for path in sorted(folder.iterdir()) if path.suffix.lower() in _OTHER_PICTURES]
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({str(error.strerror).lower()})") from error
    if others:
        log.warning("%s: passed over %d not PNG, JPEG or WebP, such as %s", folder, len(others), others[0])
    if not photos:
        raise UsageError(f"{folder}: holds no photos (.png, .jpg, .webp); folders within are named one by one")
    return photos


def _refuse_overwriting(photos: list[Path], out: Path, kinds: list[str]) -> None:
    """Two photos must not share a name, nor a result replace a photo; known before anything is written."""
    if os.path.exists(out) and not os.path.isdir(out):
        raise UsageError(f"--out {out}: a file, where a folder is expected")
    by_name: dict[str, Path] = {}
    for photo in photos:
        other = by_name.setdefault(photo.stem, photo)
        if other is not photo:
            raise UsageError(f"{other} and {photo} would both be written as {photo.stem}; rename one or parse it alone")
    folders = {(out / kind).resolve() for kind in kinds}
    for photo in photos:
        if folders & {photo.resolve().parent, photo.resolve().parent.parent}:
            raise UsageError(f"{photo} lies where the results go; choose another --out, so that it is not overwritten")


def _write_soft(folder: Path, name: str, parsed: "Parsed") -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, probabilities=parsed.probabilities_as(np.float16))
    write_atomically(folder / f"{name}.npz", buffer.getvalue())


def _write_parts(folder: Path, name: str, parsed: "Parsed") -> None:
    present = parsed.parts
    for part in NAMES:
        path = folder / name / f"{part.replace(' ', '_')}.png"
        if part in present:
            images.write_image(path, parsed.cut_out(part))
        else:
            # an earlier result of the same photo may have had it
            path.unlink(missing_ok=True)


_WRITERS: dict[str, Callable[[Path, str, "Parsed"], None]] = {
    "ids": lambda folder, name, parsed: images.write_labels(folder / f"{name}.png", parsed.labels),
    "color": lambda folder, name, parsed: images.write_image(folder / f"{name}.png", parsed.color()),
    "overlay": lambda folder, name, parsed: images.write_image(folder / f"{name}.png", parsed.overlay()),
    "soft": _write_soft,
    "parts": _write_parts,
}
"""What can be written, by the name of its folder."""
