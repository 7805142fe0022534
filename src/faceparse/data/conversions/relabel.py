"""A folder of label maps in one form made another: orders of ids, palettes of colours, a picture per part."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from faceparse.data.conversions.colors import (
    MOST_UNDECIDED,
    Undecided,
    labels_from_colors,
    matching_palettes,
    nearest_labels,
)
from faceparse.data.conversions.orders import ORDERS, find_order, relabel
from faceparse.data.conversions.palettes import PALETTES, find_palette
from faceparse.data.conversions.parts import list_parts, read_parts, write_parts
from faceparse.data.conversions.pictures import write_grey
from faceparse.data.conversions.sides import calls_image_left_left
from faceparse.data.parallel import in_processes
from faceparse.errors import DataError, UsageError, some_names
from faceparse.images import list_images, read_image, read_labels, read_mode, write_labels
from faceparse.types import Image, Labels

PARTS = "parts"
OURS = "celebamask"

_SAMPLE = 8
"""So many pictures are looked at to find the palette of colours that JPEG has changed."""
_ALIKE = 0.001
"""Palettes that read no greater share of the pixels differently are alike."""


@dataclass(frozen=True)
class Form:
    """How label maps are written down."""

    kind: str
    """`order`: pixels are ids; `palette`: pixels are colours; `parts`: a picture per part."""
    name: str
    """Of the order or palette."""

    def __str__(self) -> str:
        return "a picture per part" if self.kind == PARTS else f"the {self.kind} '{self.name}'"


@dataclass(frozen=True)
class Relabelled:
    """What a conversion of a folder did."""

    source: Form
    num_written: int
    undecided: dict[str, Undecided]
    """By name, for the pictures in which the nearest colour left pixels open."""
    faults: tuple[str, ...]
    """Why maps were left out, a sentence each."""
    num_told: int
    """Maps whose paired parts tell which side is called left."""
    num_image_left: int
    """Of those, maps that call the image's left left."""

    @property
    def missing(self) -> list[str]:
        """Our classes that the source has no id for."""
        if self.source.kind == PARTS:
            return []
        name = self.source.name
        return (find_order(name) if self.source.kind == "order" else find_palette(name).order).missing()

    def error(self) -> DataError:
        """The maps that were left out, in a line."""
        if len(self.faults) == 1 and not self.num_written:
            return DataError(self.faults[0])
        num = len(self.faults) + self.num_written
        shown = "; ".join(self.faults[:3]) + ("; ..." if len(self.faults) > 3 else "")
        return DataError(f"{len(self.faults)} of {num} masks are left out, the others are written: {shown}")

    def as_dict(self) -> dict[str, object]:
        """The object of `--json`."""
        return asdict(self)


@dataclass(frozen=True)
class _Map:
    name: str
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class _Result:
    fault: str | None = None
    undecided: Undecided | None = None
    image_left: bool | None = None


def relabel_folder(
    folder: Path, out: Path, source: str | None = None, target: str = OURS, tolerance: float = 0.0
) -> Relabelled:
    """Convert every label map of a folder; names are kept, and what cannot be read is left out and told.

    Args:
        folder: holds the maps, or has them in `masks/`.
        source: order, palette or `parts`; found by looking where it is None.
        target: order or `parts`.
        tolerance: for colours that JPEG has changed, see `nearest_labels`; 0 takes exact ones only.

    Raises:
        DataError: no maps there, or their form cannot be told.
        UsageError: an unknown form, or `out` is where the maps are read from.
    """
    if not 0 <= tolerance <= 100:
        raise UsageError(f"--tolerance {tolerance:g}, where 0 (exact) to 100 is expected; 12 suits JPEG")
    if target in PALETTES and target not in ORDERS:
        raise UsageError(f"--to {target}: a palette of colours; those are written by: faceparse data color")
    for name, known in ((source, (*ORDERS, *PALETTES, PARTS)), (target, (*ORDERS, PARTS))):
        if name is not None and name not in known:
            raise UsageError.unknown("form of label maps", name, known)
    if not folder.is_dir():
        raise DataError(f"{folder}: {'a file' if folder.exists() else 'no such folder'}; expected a folder of masks")
    maps, are_parts = _maps(folder, source)
    if out.resolve() in {path.parent.resolve() for map in maps for path in map.paths}:
        raise UsageError(f"OUT ({out}) is where the files are read from; choose another folder")
    form = Form(PARTS, PARTS) if are_parts else _form([map.paths[0] for map in maps], source, target, tolerance)
    results = list(in_processes(partial(_worker, form, tolerance, target, out), maps, "converting"))
    faults = tuple(result.fault for result in results if result.fault)
    told = [result.image_left for result in results if result.image_left is not None]
    undecided = {m.name: result.undecided for m, result in zip(maps, results, strict=True) if result.undecided}
    return Relabelled(form, len(maps) - len(faults), undecided, faults, len(told), sum(told))


def _maps(folder: Path, source: str | None) -> tuple[list[_Map], bool]:
    """The label maps of a folder, and whether they are pictures of parts: where all are named as such."""
    pictures = next((found for place in (folder, folder / "masks") if (found := _pictures(place))), [])
    parts = list_parts(folder) if source in (None, PARTS) else {}
    num_parts = sum(len(paths) for paths in parts.values())
    if parts and (source == PARTS or num_parts >= len(pictures)):
        return [_Map(name, tuple(paths)) for name, paths in parts.items()], True
    if source == PARTS:
        raise DataError(f"{folder}: holds no pictures of parts; they are called as 00000_skin.png is")
    if not pictures:
        raise DataError(f"{folder}: holds no label maps; expected PNGs here or in masks/")
    twice = [name for name, count in Counter(path.stem for path in pictures).items() if count > 1]
    if twice:
        raise DataError(f"{folder}: several files are called {some_names(twice)}; take one of each away")
    return [_Map(path.stem, (path,)) for path in pictures], False


def _pictures(folder: Path) -> list[Path]:
    return list_images(folder) if folder.is_dir() else []


def _form(paths: Sequence[Path], source: str | None, target: str, tolerance: float) -> Form:
    """What the maps are: as was said, or as they look."""
    if source is not None and (source not in ORDERS or source not in PALETTES):
        return Form("order" if source in ORDERS else "palette", source)
    mode = _first_mode(paths)
    is_colored = mode not in ("L", "P")
    if source is not None:
        return Form("palette" if is_colored else "order", source)
    if target != OURS and not is_colored:
        return Form("order", OURS)
    if mode == "L":
        raise UsageError(
            f"{paths[0]}: ids already; whose are they? such as: --from bisenet (known: {', '.join(ORDERS)})"
        )
    found = _nearest_palettes(paths, tolerance) if tolerance else [p.name for p in matching_palettes(_read(paths))]
    if len(found) > 1:
        raise UsageError(f"the colours fit the palettes {' and '.join(found)}; say which one is meant with --from")
    return Form("palette", found[0] if found else "official")


def _first_mode(paths: Sequence[Path]) -> str:
    for path in paths:
        try:
            return read_mode(path)
        except DataError:  # it is told of when its turn comes
            continue
    return "RGB"


def _read(paths: Sequence[Path]) -> Iterator[Image]:
    for path in paths:
        try:
            yield read_image(path)
        except DataError:  # it is told of when its turn comes
            continue


def _nearest_palettes(paths: Sequence[Path], tolerance: float) -> list[str]:
    """The palette that leaves the fewest pixels of some pictures undecided; others as well that read them otherwise."""
    pictures = list(_read(paths[:_SAMPLE]))
    if not pictures:
        return []
    read = {name: [nearest_labels(p, palette, tolerance) for p in pictures] for name, palette in PALETTES.items()}
    share = {name: float(np.mean([undecided.share for _, undecided in done])) for name, done in read.items()}
    best = min(share, key=lambda name: share[name])

    def differs(name: str) -> bool:
        pairs = zip(read[name], read[best], strict=True)
        return any((mine != other).mean() > _ALIKE for (mine, _), (other, _) in pairs)

    return [best, *(name for name in PALETTES if share[name] == share[best] and differs(name))]


def _worker(form: Form, tolerance: float, target: str, out: Path) -> Callable[[_Map], _Result]:
    def run(map: _Map) -> _Result:
        try:
            labels, undecided = _ours(map, form, tolerance)
            _write(map.name, labels, target, out)
        except DataError as error:
            return _Result(fault=str(error))
        return _Result(undecided=undecided, image_left=calls_image_left_left(labels))

    return run


def _ours(map: _Map, form: Form, tolerance: float) -> tuple[Labels, Undecided | None]:
    """A map with our ids, and what its colours left open."""
    path = map.paths[0]
    if form.kind == PARTS:
        return read_parts(map.paths), None
    if form.kind == "order":
        return relabel(read_labels(path), find_order(form.name), find_order(OURS), str(path)), None
    palette = find_palette(form.name)
    if not tolerance:
        return labels_from_colors(read_image(path), str(path), palette), None
    labels, undecided = nearest_labels(read_image(path), palette, tolerance)
    if undecided.share > MOST_UNDECIDED:
        raise DataError(
            f"{path}: {undecided.share:.0%} of its pixels are within {tolerance:g} of no colour, or of several, of the "
            f"palette '{palette.name}', where {MOST_UNDECIDED:.0%} are the limit; it is another palette or no mask"
        )
    return labels, undecided if undecided.share else None


def _write(name: str, labels: Labels, target: str, out: Path) -> None:
    if target == PARTS:
        write_parts(out, name, labels)
    elif target == OURS:
        write_labels(out / f"{name}.png", labels)
    else:
        write_grey(out / f"{name}.png", relabel(labels, find_order(OURS), find_order(target), name))
