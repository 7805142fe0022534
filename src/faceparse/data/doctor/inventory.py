"""The files of a dataset as they are, however broken it is."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from faceparse.data import manifest
from faceparse.data.dataset import splits
from faceparse.errors import DataError, UsageError
from faceparse.images import IMAGE_SUFFIXES

_OTHER_PICTURES = (".bmp", ".gif", ".tif", ".tiff", ".heic", ".avif", ".jfif", ".jp2")
"""What was meant as a photo, though no command here reads it."""


@dataclass(frozen=True)
class Entry:
    """The files of one name in one split."""

    split: str
    name: str
    image: Path | None
    mask: Path | None
    labelled: bool
    """Whether its split has masks, so that the photo needs one."""
    rivals: tuple[Path, ...] = ()
    """Other files in `images/` or `masks/` of the same name."""

    @property
    def key(self) -> tuple[str, str]:
        return self.split, self.name

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.image, self.mask, *self.rivals) if path is not None)


def find_splits(dataset: Path) -> dict[str, Path]:
    """The splits of a dataset, those that have lost their `images/` included.

    Raises:
        DataError: not a dataset.
        UsageError: a manifest, which names good pairs and not what else lies in the folder.
    """
    place = manifest.place_of(dataset)
    if place is not None:
        folder = place[0].parent / manifest.read_manifest(place[0]).dataset
        raise UsageError(f"{dataset}: a split's manifest, where the doctor looks at a folder; give {folder}")
    found = splits(dataset)
    if not (dataset / "images").is_dir():
        found |= {
            path.name: path
            for path in sorted(dataset.iterdir())
            if path.name not in found and not path.name.startswith(".") and (path / "masks").is_dir()
        }
    return found


def list_entries(dataset: Path) -> list[Entry]:
    """Every name in a dataset, split by split.

    Raises:
        DataError: not a dataset, nothing in it, or a folder cannot be listed.
        UsageError: a manifest.
    """
    entries = [entry for split, folder in find_splits(dataset).items() for entry in _entries(split, folder)]
    if not entries:
        raise DataError(f"{dataset}: holds no photos and no masks; expected images/NAME.jpg with masks/NAME.png")
    return entries


def _entries(split: str, folder: Path) -> Iterator[Entry]:
    masks = _by_name(folder / "masks")
    images = _by_name(folder / "images")
    for name in sorted(images.keys() | masks.keys()):
        # what a camera or a painter writes comes first; the rest are rivals of it
        found = sorted(images.get(name, ()), key=lambda path: path.suffix.lower() not in IMAGE_SUFFIXES)
        photos = [path for path in found if _meant_as_photo(path) or name in masks]
        maps = sorted(masks.get(name, ()), key=lambda path: path.suffix.lower() != ".png")
        if not photos and not maps:
            continue
        entry = Entry(split, name, None, None, (folder / "masks").is_dir())
        yield replace(
            entry,
            image=photos[0] if photos else None,
            mask=maps[0] if maps else None,
            rivals=tuple(photos[1:] + maps[1:]),
        )


def _meant_as_photo(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES + _OTHER_PICTURES


def _by_name(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not path.name.startswith("."):
            found.setdefault(path.stem, []).append(path)
    return found
