"""The dataset folder: `images/NAME.jpg` beside `masks/NAME.png`, alone or as `train/`, `val/` and `test/` of a root.

Everything else (zips, raw CelebAMask-HQ) becomes this once, with `faceparse data ingest`. A split's manifest
(`manifest.py`) stands for a root, and `split.json/train` for a split's folder.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from faceparse.data import manifest
from faceparse.errors import DataError, UsageError, some_names
from faceparse.images import list_images, read_image, read_labels
from faceparse.types import Image, Labels

LAYOUT = "images/NAME.jpg with masks/NAME.png, or train/ and val/ of those"
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Pair:
    """A photo and its label map, which share their name."""

    name: str
    """The files' stem."""
    image: Path
    mask: Path | None
    """None only where masks were not asked for and there is none."""


def list_pairs(split_folder: Path, labelled: bool = True) -> list[Pair]:
    """The pairs of one split, by name; labelled ones are checked against the dataset's manifest, where it has one.

    Args:
        split_folder: holds `images/` and, where labelled, `masks/`; or a manifest's split.
        labelled: every image must have a mask and every mask an image; otherwise masks are taken where they are.

    Raises:
        DataError: a folder is missing or empty, partners are missing, two images share a name, or files are not those
            of the manifest.
    """
    place = manifest.place_of(split_folder)
    if place is not None:
        path, split = place
        if split is None:
            names = ", ".join(splits(path))
            raise DataError(f"{path}: has splits ({names}), where one split is expected; name one of them")
        listed = manifest.verified_entries(path, split)
        return sorted((Pair(e.name, image, mask) for e, image, mask in listed), key=lambda pair: pair.name)
    pairs = folder_pairs(split_folder, labelled)
    if labelled:
        manifest.check_folder(split_folder, [pair.image for pair in pairs])
    return pairs


def folder_pairs(split_folder: Path, labelled: bool = True) -> list[Pair]:
    """The pairs in a split's folder as they stand, whatever a manifest says of them; errors as for `list_pairs`."""
    images = _images_by_name(split_folder)
    masks = _masks_by_name(split_folder, images if labelled else ())
    if labelled:
        _require_partners(split_folder, images, masks)
    return [Pair(name, images[name], masks.get(name)) for name in sorted(images)]


def read_pair(pair: Pair) -> tuple[Image, Labels]:
    """A photo and its label map at their own size.

    Raises:
        DataError: one cannot be read, or their sizes differ.
    """
    assert pair.mask is not None
    image, labels = read_image(pair.image), read_labels(pair.mask)
    if image.shape[:2] != labels.shape:
        (height, width), (rows, columns) = image.shape[:2], labels.shape
        raise DataError(
            f"{pair.mask}: {columns}×{rows}, where its photo is {width}×{height}; resize it with nearest neighbour"
        )
    return image, labels


def splits(root: Path) -> dict[str, Path]:
    """The splits of a dataset by name, train, val and test first; a split's own folder is its only one.

    Raises:
        DataError: no folder, or none of its sub-folders is a split.
    """
    place = manifest.place_of(root)
    if place is not None:
        return manifest.split_paths(*place)
    _require_folder(root)
    if (root / "images").is_dir():
        return {root.resolve().name: root}
    found = {p.name: p for p in sorted(root.iterdir()) if (p / "images").is_dir() and not p.name.startswith(".")}
    if not found:
        raise DataError(_wrong_layout(root))
    first = [name for name in SPLITS if name in found]
    return {name: found[name] for name in [*first, *(name for name in found if name not in first)]}


def is_split(path: Path) -> bool:
    """Whether a dataset's path is one split's: a folder with `images/`, or a manifest's split."""
    place = manifest.place_of(path)
    return (path / "images").is_dir() if place is None else place[1] is not None


def labelled_splits(root: Path) -> dict[str, Path]:
    """The splits that have masks; where a dataset's `test` is photos alone, it is not among them.

    Raises:
        DataError: not a dataset, or no split has masks.
    """
    found = splits(root)
    if manifest.place_of(root) is not None:
        return found
    labelled = {name: folder for name, folder in found.items() if (folder / "masks").is_dir()}
    if not labelled:
        raise DataError(f"{root}: has photos ({', '.join(found)}) and no masks; expected masks/NAME.png for each image")
    return labelled


def find_split(dataset: Path, split: str) -> Path:
    """The folder of a split: `dataset/split`, or `dataset` itself where that is a split's folder.

    Raises:
        DataError: no folder, or not a dataset.
        UsageError: the dataset has no such split; the ones it has are named.
    """
    found = splits(dataset)
    if is_split(dataset):
        return dataset
    if split not in found:
        raise UsageError(f"{dataset}: has no split '{split}'; it has: {', '.join(found)}")
    return found[split]


def list_label_maps(folder: Path) -> dict[str, Path]:
    """The PNGs of a folder by stem, or those of its `masks/` where it is a split.

    Raises:
        DataError: no such folder, or none in it.
    """
    if not folder.is_dir():
        what = "a file" if folder.exists() else "no such folder"
        raise DataError(f"{folder}: {what}; expected a folder of label maps (PNG)")
    for place in (folder, folder / "masks"):
        found = _pngs_by_name(place) if place.is_dir() else {}
        if found:
            return found
    raise DataError(f"{folder}: holds no label maps: found {_entries(folder)}; expected PNGs here or in masks/")


def holdout(names: Iterable[str], fraction: float) -> set[str]:
    """The names to validate on where a dataset has no `val`: those whose SHA-256 is smallest.

    The choice depends on the names alone, not on their order or the machine. At least one name is held out and at
    least one is left.

    Args:
        fraction: share to hold out, between 0 and 1.

    Raises:
        UsageError: the fraction is not between 0 and 1, or there are fewer than two names.
    """
    ranked = sorted(set(names), key=lambda name: hashlib.sha256(name.encode(errors="surrogateescape")).digest())
    if not 0 < fraction < 1:
        raise UsageError(f"cannot hold out {fraction} of the images; give a share between 0 and 1, such as 0.1")
    if len(ranked) < 2:
        raise UsageError(f"cannot hold out of {len(ranked)} image(s); at least 2 are needed")
    return set(ranked[: min(max(round(len(ranked) * fraction), 1), len(ranked) - 1)])


def _images_by_name(split_folder: Path) -> dict[str, Path]:
    _require_folder(split_folder)
    folder = split_folder / "images"
    if not folder.is_dir():
        raise DataError(_wrong_layout(split_folder))
    images: dict[str, Path] = {}
    for path in list_images(folder):
        if path.stem in images:
            raise DataError(f"{folder}: {images[path.stem].name} and {path.name} share a name; take one of them away")
        images[path.stem] = path
    if not images:
        raise DataError(f"{folder}: holds no photos; JPEG, PNG or WebP files are expected")
    return images


def _masks_by_name(split_folder: Path, images: Collection[str]) -> dict[str, Path]:
    folder = split_folder / "masks"
    if not folder.is_dir():
        if not images:
            return {}
        raise DataError(
            f"{split_folder}: has {len(images)} image(s) and no masks/ folder; expected masks/NAME.png for each image"
        )
    return _pngs_by_name(folder)


def _pngs_by_name(folder: Path) -> dict[str, Path]:
    return {p.stem: p for p in sorted(folder.iterdir()) if p.suffix.lower() == ".png" and not p.name.startswith(".")}


def _require_partners(split_folder: Path, images: Collection[str], masks: Collection[str]) -> None:
    alone, widowed = set(images) - set(masks), set(masks) - set(images)
    faults = []
    if alone:
        faults.append(f"{len(alone)} image(s) without a mask ({some_names(alone)})")
    if widowed:
        faults.append(f"{len(widowed)} mask(s) without an image ({some_names(widowed)})")
    if faults:
        raise DataError(
            f"{split_folder}: {' and '.join(faults)}; each images/NAME.jpg needs masks/NAME.png: add the missing files "
            "or take their partners away"
        )


def _require_folder(path: Path) -> None:
    if not path.exists():
        raise DataError(f"{path}: no such folder; expected a dataset ({LAYOUT})")
    if not path.is_dir():
        raise DataError(f"{path}: a file, where a dataset folder is expected; unpack it with: faceparse data ingest")


def _wrong_layout(folder: Path) -> str:
    within = [p.parent.name for p in sorted(folder.glob("[!.]*/images")) if p.is_dir()]
    if within:
        return f"{folder}: has splits ({', '.join(within)}), where one split's folder is expected; name one of them"
    return (
        f"{folder}: not a dataset: found {_entries(folder)}; expected {LAYOUT}; zips and raw CelebAMask-HQ become that "
        "with: faceparse data ingest"
    )


def _entries(folder: Path) -> str:
    entries = [p.name + "/" * p.is_dir() for p in folder.iterdir() if not p.name.startswith(".")]
    return some_names(entries) or "nothing"
