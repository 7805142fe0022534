"""`faceparse predict`: photos in, parts out, without PyTorch."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import tyro

from faceparse import images
from faceparse.cli.arguments import call
from faceparse.cli.results import CONTENTS, FACES, already_there, gather_table, parse_kinds, write_faces, write_results
from faceparse.console import log, progress
from faceparse.errors import DataError, UsageError

if TYPE_CHECKING:
    from faceparse.infer.onnx import Device

_STANDARD = "-"
"""Standard input or output in place of a file."""
_NO_FACE = "%s: no face was found; its map is all background"
_NO_FEATURES = "%s: no eyes, nose or mouth are in its map, so it may show no face; --faces searches all of it"
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
    write: str = "",
    device: Literal["auto", "cpu", "cuda"] = "auto",
    tta: str = "",
    batch_size: int = 1,
    resume: bool = False,
    faces: bool = False,
) -> int:
    """Label the parts of the faces in photos. No PyTorch, no GPU and no network connection are needed.

    faceparse predict me.jpg holiday/ --out parsed --write ids,overlay,parts

    Args:
        inputs: photos (PNG, JPEG, WebP), folders of them, or - for one on standard input.
        out: folder to write to: OUT/ids/NAME.png, OUT/overlay/NAME.png and so on, at each photo's own size; - writes
            one photo's result to standard output.
        model: a shipped model, an .onnx file, or a run or checkpoint folder that was exported.
        write: what to write, with commas between: ids (a PNG whose pixels are class ids), color, overlay (the photo
            tinted), soft (.npz of probabilities), parts (each part cut out), json (contours, areas, mean colours), csv
            (areas and mean colours, with OUT/parts.csv of all photos). Without it ids,overlay; to standard output ids.
        device: auto takes a GPU where the installed onnxruntime can use one.
        tta: flip parses each photo mirrored as well, left and right exchanged back, and averages, for twice the time;
            numbers are scales at which it is seen, as in flip,0.75,1,1.25.
        batch_size: so many photos are parsed together where their sizes are the same, which a GPU does faster.
        resume: pass over photos whose results are there already, whole and no older than the photo.
        faces: find every face in each photo, of any size and at any angle, and write OUT/faces/NAME.png (a pixel is the
            number of its face) and NAME.json as well; needs the extra wild where one face does not fill the photo.
    """
    if batch_size < 1:
        raise UsageError(f"--batch-size {batch_size}: at least 1 is needed")
    if faces and batch_size > 1:
        log.warning("--batch-size %d: not used with --faces", batch_size)
    to_stdout = str(out) == _STANDARD
    kinds = parse_kinds(write or ("ids" if to_stdout else "ids,overlay"))
    photos = _photos(inputs)
    if to_stdout:
        return _to_standard_output(photos, kinds, model, device, tta, faces)
    _refuse_overwriting(photos, out, [*kinds, FACES] if faces else kinds)
    waiting = [photo for photo in photos if not (resume and already_there(out, _name(photo), kinds, photo, faces))]
    faults: list[str] = []
    if waiting and faces:
        faults = _parse_faces(waiting, out, kinds, model, device, tta)
    elif waiting:
        faults = _parse_all(waiting, out, kinds, model, device, tta, batch_size)
    if "csv" in kinds:
        gather_table(out, [_name(photo) for photo in photos])
    _report(len(photos), len(waiting), faults, f"{', '.join(kinds)} are in {out}")
    return 1 if faults else 0


def _parse_all(
    photos: list[Path], out: Path, kinds: list[str], model: str, device: "Device", tta: str, batch_size: int
) -> list[str]:
    """Parse photos and write what was asked for; returns what was wrong with those that could not be read."""
    from faceparse.infer.parser import Parser

    parser = Parser.load(model, device, tta)
    faults: list[str] = []
    batch: dict[Path, np.ndarray] = {}

    def finish() -> None:
        for photo, parsed in zip(batch, parser.batch(list(batch.values())), strict=True):
            if not parsed.has_features:
                log.warning(_NO_FEATURES, _shown(photo))
            write_results(out, _name(photo), kinds, parsed)
        batch.clear()

    for photo in progress(photos, "parsing"):
        try:
            image = _read(photo)
        except DataError as error:
            faults.append(str(error))
            continue
        if batch and image.shape != next(iter(batch.values())).shape:
            finish()  # the next size is waited for by nobody
        batch[photo] = image
        if len(batch) == batch_size:
            finish()
    if batch:
        finish()
    return faults


def _parse_faces(photos: list[Path], out: Path, kinds: list[str], model: str, device: "Device", tta: str) -> list[str]:
    """As `_parse_all`, every face of each photo."""
    from faceparse.infer.parser import Parser

    parser = Parser.load(model, device, tta)
    faults: list[str] = []
    for photo in progress(photos, "parsing"):
        try:
            parsed = parser.parse_faces(_read(photo))
        except DataError as error:
            faults.append(str(error))
            continue
        if not parsed.faces:
            log.warning(_NO_FACE, _shown(photo))
        write_results(out, _name(photo), kinds, parsed)
        write_faces(out, _name(photo), parsed)
    return faults


def _to_standard_output(
    photos: list[Path], kinds: list[str], model: str, device: "Device", tta: str, faces: bool
) -> int:
    if len(photos) != 1 or len(kinds) != 1 or kinds == ["parts"]:
        files = f"{len(photos)} photo(s) as {', '.join(kinds)}"
        raise UsageError(f"--out -: standard output takes one photo and one of {', '.join(CONTENTS)}, not {files}")
    from faceparse.infer.parser import Parser

    parser = Parser.load(model, device, tta)
    image = _read(photos[0])
    parsed = parser.parse_faces(image) if faces else parser(image)
    if not parsed.has_features:
        log.warning(_NO_FACE if faces else _NO_FEATURES, _shown(photos[0]))
    sys.stdout.buffer.write(CONTENTS[kinds[0]][1](_name(photos[0]), parsed))
    sys.stdout.buffer.flush()
    return 0


def _read(photo: Path) -> np.ndarray:
    """A photo, or the first picture of an animated one, with a line that says so."""
    shown = _shown(photo)
    source = sys.stdin.buffer.read() if str(photo) == _STANDARD else photo
    if source == b"":
        raise DataError(f"{shown}: empty (0 bytes), where a photo is expected, as in: faceparse predict - < me.jpg")
    image = images.read_image(source, shown)
    if (num_pictures := images.num_pictures(source, shown)) > 1:
        log.warning("%s: the first of its %d pictures is parsed", shown, num_pictures)
    return image


def _shown(photo: Path) -> str:
    return "standard input" if str(photo) == _STANDARD else str(photo)


def _name(photo: Path) -> str:
    """What a photo's results are called."""
    return "stdin" if str(photo) == _STANDARD else photo.stem


def _report(num_photos: int, num_waiting: int, faults: list[str], where: str) -> None:
    passed_over = num_photos - num_waiting
    if num_waiting > len(faults) or passed_over:
        before = f" ({passed_over} before)" if passed_over else ""
        print(f"{num_photos - len(faults)} of {num_photos} parsed{before}; {where}")
    for fault in faults:
        print(f"faceparse: {fault}", file=sys.stderr)


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
        other = by_name.setdefault(_name(photo), photo)
        if other is not photo:
            raise UsageError(
                f"{other} and {photo} would both be written as {_name(photo)}; rename one or parse it alone"
            )
    folders = {(out / kind).resolve() for kind in kinds}
    for photo in photos:
        if folders & {photo.resolve().parent, photo.resolve().parent.parent}:
            raise UsageError(f"{photo} lies where the results go; choose another --out, so that it is not overwritten")
