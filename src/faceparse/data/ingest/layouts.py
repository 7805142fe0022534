"""Which files of a source are photos and which are masks, found by looking at the folders' names.

- `train/images`, `train/masks`: a challenge's release. `train/labels` instead: LaPa (its `landmarks/` are passed over).
- `img_dir/train`, `ann_dir/train`, or `images/train`, `annotations/train`: MMSegmentation.
- `train/NAME_image.jpg`, `train/NAME_label.png`: Helen as relabelled for LaPa's classes.
- `images`, `masks`: one split; `CelebA-HQ-img`, `CelebAMask-HQ-mask`: CelebAMask-HQ painted by its own script.
- photos in one folder: `test`.

Everything may lie under wrapping folders, splits under different ones.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from faceparse.data.dataset import SPLITS
from faceparse.data.ingest.source import Source
from faceparse.errors import DataError, some_names
from faceparse.images import IMAGE_SUFFIXES

_SPLITS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
_KINDS = {
    **dict.fromkeys(("images", "image", "imgs", "img", "img_dir", "celeba-hq-img"), "images"),
    **dict.fromkeys(("masks", "mask", "labels", "label", "ann_dir", "annotations", "celebamask-hq-mask"), "masks"),
}
_HELEN = re.compile(r"((?:.*/)?)([^/]+)/([^/]+)_(image|label)\.(?:jpe?g|png)", re.IGNORECASE)


@dataclass
class Found:
    """What a layout's look at a source gave."""

    layout: str
    orders: tuple[str, ...]
    """Label orders that its masks may have, the likeliest first; names in `conversions.orders`."""
    pairs: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    """Split, name, photo and mask (None in a split of photos alone), ordered."""
    faults: list[str] = field(default_factory=list)
    """What is left out before anything is read, a sentence each."""
    passed_over: str = ""
    """Pictures that have no place in the layout, a sentence."""


_Files = dict[str, dict[str, dict[str, list[str]]]]
"""By split, kind (`images`, `masks`) and folder."""


def find_pairs(source: Source, split_of: Callable[[str], str] | None) -> Found | None:
    """The photos and masks of a source, or None where it has no layout that is known.

    Args:
        split_of: the split of a name, where a mapping file says so, for layouts that have no splits themselves.

    Raises:
        DataError: one split lies in several places, or `train` has no masks.
    """
    for look in (_splits_outside, _kinds_outside, _helen, _one_split):
        layout, orders, files = look(source)
        if any(kinds["images"] for kinds in files.values()):
            found = Found(layout, orders)
            alone = layout == _ONE_SPLIT
            _pair_up(source, files, found, split_of if alone else None)
            placed = {
                name for kinds in files.values() for folders in kinds.values() for n in folders.values() for name in n
            }
            found.passed_over = _passed_over(source, placed)
            return found
    return _photos_alone(source)


_ONE_SPLIT = "one split's folder"
_OURS, _ELEVEN = ("celebamask", "bisenet", "farl", "lapa"), ("lapa", "celebamask", "bisenet", "farl")


def _splits_outside(source: Source) -> tuple[str, tuple[str, ...], _Files]:
    def place(folders: list[str]) -> tuple[str, str] | None:
        if len(folders) < 2:
            return None
        return _pick(_SPLITS, folders[-2]), _pick(_KINDS, folders[-1])

    files = _sorted_out(source, place)
    is_lapa = any(folder.lower().endswith("/labels") for kinds in files.values() for folder in kinds["masks"])
    return ("LaPa", _ELEVEN, files) if is_lapa else ("challenge release", _OURS, files)


def _kinds_outside(source: Source) -> tuple[str, tuple[str, ...], _Files]:
    def place(folders: list[str]) -> tuple[str, str] | None:
        if len(folders) < 2:
            return None
        return _pick(_SPLITS, folders[-1]), _pick(_KINDS, folders[-2])

    return "MMSegmentation", _OURS, _sorted_out(source, place)


def _helen(source: Source) -> tuple[str, tuple[str, ...], _Files]:
    files = _sorted_out(source, lambda folders: None)
    for name in source.names:
        match = _HELEN.fullmatch(name)
        if match and (split := _pick(_SPLITS, match[2])):
            kind = "images" if match[4].lower() == "image" else "masks"
            files[split][kind].setdefault(match[1] + match[2], []).append(name)
    return "Helen", ("helen", "lapa"), files


def _one_split(source: Source) -> tuple[str, tuple[str, ...], _Files]:
    split = _pick(_SPLITS, source.path.stem) or "train"

    def place(folders: list[str]) -> tuple[str, str] | None:
        return (split, _pick(_KINDS, folders[-1])) if folders else None

    return _ONE_SPLIT, _OURS, _sorted_out(source, place)


def _photos_alone(source: Source) -> Found | None:
    photos: dict[str, list[str]] = defaultdict(list)
    for name in source.names:
        if _suffix(name) in IMAGE_SUFFIXES:
            photos[name.rpartition("/")[0]].append(name)
    if len(photos) > 1:
        raise DataError(
            f"{source.path}: no layout that is known: photos in {len(photos)} folders ({some_names(photos)}) and no "
            "masks beside them; give one folder of photos, or train/images/ with train/masks/"
        )
    if not photos:
        return None
    found = Found("photos alone", _OURS)
    _pair_up(source, {"test": {"images": photos, "masks": {}}}, found, None)
    return found


def _pick(known: dict[str, str], folder: str) -> str:
    return known.get(folder.lower().removesuffix(".zip"), "")


def _sorted_out(source: Source, place: Callable[[list[str]], tuple[str, str] | None]) -> _Files:
    files: _Files = {split: {"images": {}, "masks": {}} for split in SPLITS}
    for name in source.names:
        folder, _, _ = name.rpartition("/")
        split, kind = place(folder.split("/") if folder else []) or ("", "")
        if split and kind and _suffix(name) in IMAGE_SUFFIXES:
            files[split][kind].setdefault(folder, []).append(name)
    return files


def _pair_up(source: Source, files: _Files, found: Found, split_of: Callable[[str], str] | None) -> None:
    labelled = {split for split, kinds in files.items() if kinds["masks"]}
    for split, kinds in files.items():
        if not kinds["images"]:
            continue
        for folders in kinds.values():
            if len(folders) > 1:
                raise DataError(
                    f"{source.path}: holds {len(folders)} data sets ({some_names(folders)}); give one of them"
                )
        is_photos = split not in labelled
        if is_photos and split == "train" and found.layout != _ONE_SPLIT:
            raise DataError(f"{source.path}: has train/images and no PNG in train/masks; training needs both")
        images, twice = _by_stem(kinds["images"], found)
        if is_photos:
            target = "test" if found.layout == _ONE_SPLIT else split
            found.pairs += [(target, name, image, None) for name, image in images.items()]
            continue
        masks, masks_twice = _by_stem(kinds["masks"], found)
        _report_widowed(images.keys() - masks_twice, masks.keys() - twice, split, found)
        both = [name for name in images if name in masks]
        found.pairs += [(split_of(name) if split_of else split, name, images[name], masks[name]) for name in both]
    found.pairs.sort(key=lambda pair: (SPLITS.index(pair[0]), pair[1]))


def _by_stem(folders: dict[str, list[str]], found: Found) -> tuple[dict[str, str], set[str]]:
    """Files by name, without those that cannot stand beside another one everywhere; and the names of those."""
    names = [name for files in folders.values() for name in files]
    stems = {name: _stem(name, found.layout) for name in names}
    # as file systems compare that know no case, or write an accent as a letter of its own
    times = Counter(unicodedata.normalize("NFC", stem).casefold() for stem in stems.values())
    kept, twice = {}, set()
    for name, stem in stems.items():
        if times[unicodedata.normalize("NFC", stem).casefold()] > 1:
            found.faults.append(f"{name}: another file has this name, but for the ending or upper and lower case")
            twice.add(stem)
        else:
            kept[stem] = name
    return kept, twice


def _passed_over(source: Source, placed: set[str]) -> str:
    others = [name for name in source.names if _suffix(name) in IMAGE_SUFFIXES and name not in placed]
    folders = {name.rpartition("/")[0] or "the top folder" for name in others}
    return f"passed over: {len(others):,} pictures in {some_names(folders)}" if others else ""


def _report_widowed(images: set[str], masks: set[str], split: str, found: Found) -> None:
    found.faults += [f"{split}: photo {name} has no mask" for name in sorted(images - masks)]
    found.faults += [f"{split}: mask {name} has no photo" for name in sorted(masks - images)]


def _stem(name: str, layout: str) -> str:
    stem = name.rpartition("/")[2].rpartition(".")[0]
    return re.sub(r"_(image|label)$", "", stem, flags=re.IGNORECASE) if layout == "Helen" else stem


def _suffix(name: str) -> str:
    file = name.rpartition("/")[2]
    return "." + file.rpartition(".")[2].lower() if "." in file else ""
