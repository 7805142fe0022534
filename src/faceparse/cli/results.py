"""What `faceparse predict` writes: the content of each kind of result, its place, and whether it is there already."""

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from faceparse import images
from faceparse.classes import NAMES
from faceparse.errors import UsageError
from faceparse.files import folder_written_whole, write_atomically

if TYPE_CHECKING:
    from faceparse.infer.parser import Parsed
    from faceparse.infer.wild.faces import ParsedFaces

TABLE = "parts.csv"
"""The table of all photos of a run, gathered from those of the kind `csv`."""

FACES = "faces"
"""The folder of what `--faces` adds."""


def _soft(name: str, parsed: "Parsed") -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, probabilities=parsed.probabilities_as(np.float16))
    return buffer.getvalue()


def _json(name: str, parsed: "Parsed") -> bytes:
    from faceparse.infer.measure import as_json

    return (json.dumps(as_json(name, parsed.image, parsed.labels), allow_nan=False) + "\n").encode()


def faces_json(name: str, parsed: "ParsedFaces") -> bytes:
    """A photo's faces and the parts of each."""
    from faceparse.infer.wild.measure import faces_as_json

    return (json.dumps(faces_as_json(name, parsed), allow_nan=False) + "\n").encode()


def _csv(name: str, parsed: "Parsed") -> bytes:
    from faceparse.infer.measure import as_csv

    return as_csv(name, parsed.measure()).encode()


CONTENTS: dict[str, tuple[str, Callable[[str, "Parsed"], bytes]]] = {
    "ids": (".png", lambda name, parsed: images.encode_labels(parsed.labels)),
    "color": (".png", lambda name, parsed: images.encode_image(parsed.color(), ".png")),
    "overlay": (".png", lambda name, parsed: images.encode_image(parsed.overlay(), ".png")),
    "soft": (".npz", _soft),
    "json": (".json", _json),
    "csv": (".csv", _csv),
}
"""Kinds of one file a photo: its suffix, and its content from the photo's name and parts."""

KINDS = ("ids", "color", "overlay", "soft", "parts", "json", "csv")
"""What can be written, by the name of its folder; `parts` is a folder of files a photo."""


def parse_kinds(write: str) -> list[str]:
    """The kinds that `--write` names, each once.

    Raises:
        UsageError: an unknown one, or none.
    """
    kinds = list(dict.fromkeys(kind.strip() for kind in write.split(",") if kind.strip()))
    for kind in kinds:
        if kind not in KINDS:
            raise UsageError.unknown("output", kind, KINDS)
    if not kinds:
        raise UsageError(f"--write names nothing; known: {', '.join(KINDS)}")
    return kinds


def write_results(out: Path, name: str, kinds: Sequence[str], parsed: "Parsed") -> None:
    """Write a photo's results, each whole or not at all."""
    for kind in kinds:
        if kind == "parts":
            _write_parts(_place(out, kind, name), parsed)
        else:
            write_atomically(_place(out, kind, name), CONTENTS[kind][1](name, parsed))


def already_there(out: Path, name: str, kinds: Sequence[str], photo: Path, faces: bool = False) -> bool:
    """Whether a photo has all of its results, and they are no older than it is."""
    try:
        newest = photo.stat().st_mtime_ns
        places = [_place(out, kind, name) for kind in kinds]
        if faces:
            places.append(out / FACES / f"{name}.json")
        return all(place.stat().st_mtime_ns >= newest for place in places)
    except OSError:
        return False


def gather_table(out: Path, names: Sequence[str]) -> None:
    """Write the table of all photos from each one's; those that could not be parsed have no lines."""
    lines: list[str] = []
    for name in names:
        try:
            header, *rows = _place(out, "csv", name).read_text(encoding="utf-8").splitlines(keepends=True)
        except FileNotFoundError:
            continue
        lines += rows if lines else [header, *rows]
    if lines:
        write_atomically(out / TABLE, "".join(lines))


def write_faces(out: Path, name: str, parsed: "ParsedFaces") -> None:
    """Write whose a pixel is, and the faces with their parts: `OUT/faces/NAME.png` and `NAME.json`."""
    write_atomically(out / FACES / f"{name}.png", images.encode_grey(parsed.owner))
    write_atomically(out / FACES / f"{name}.json", faces_json(name, parsed))


def _place(out: Path, kind: str, name: str) -> Path:
    return out / kind / (name if kind == "parts" else name + CONTENTS[kind][0])


def _write_parts(folder: Path, parsed: "Parsed") -> None:
    """Each part that is there, cut out; the folder appears with all of them, so that its being there means whole."""
    files = {part: folder / f"{part.replace(' ', '_')}.png" for part in NAMES}
    for path in files.values():
        # an earlier result of the same photo may have had more parts
        path.unlink(missing_ok=True)
    if folder.is_dir():
        if any(folder.iterdir()):  # what else lies there is not ours to move
            for part in parsed.parts:
                images.write_image(files[part], parsed.cut_out(part))
            return
        folder.rmdir()
    with folder_written_whole(folder) as unfinished:
        for part in parsed.parts:
            images.write_image(unfinished / files[part].name, parsed.cut_out(part))
