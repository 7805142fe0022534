"""Which pair goes where: by a hash of its name, by its rare classes, as CelebA has it, or as its folders have it.

Copies of one photo (the same pixels, mirrored, re-encoded, resized, brightened: `doctor/duplicates.py`) are kept on the
same side, by the first of their names, so that no split leaks; a split that is given and leaks is refused.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faceparse.classes import NUM_CLASSES
from faceparse.data.celeba import official_splits
from faceparse.data.dataset import Pair, folder_pairs, is_split, labelled_splits, read_pair
from faceparse.data.doctor.duplicates import find_copies
from faceparse.data.manifest import Entry, Manifest, hash_file, place_of, refuse_leaks
from faceparse.data.parallel import in_processes
from faceparse.data.statistics import class_counts
from faceparse.data.stratification import stratify
from faceparse.errors import DataError, UsageError, some_names
from faceparse.types import Image

METHODS = ("hash", "rare", "official", "folders")


@dataclass(frozen=True)
class _Examined:
    """What is known of a pair before it has a side."""

    pair: Pair
    folder: str
    """Name of the split that it comes from."""
    image_sha256: str
    mask_sha256: str
    photo: str
    present: tuple[int, ...]
    """Ids of the classes that it has."""


def make_split(
    dataset: Path,
    method: str,
    fractions: Mapping[str, float],
    seed: int = 0,
    mapping: Path | None = None,
    manifest: Path | None = None,
) -> tuple[Manifest, dict[str, tuple[int, ...]]]:
    """Split the labelled pairs of a dataset, all that it has, whatever splits they are in.

    Args:
        dataset: a root with splits, or one split's folder.
        method: `hash`: a name's side depends on the name and the seed alone; `rare`: each split gets its share of every
            class; `official`: by CelebA's partition; `folders`: as they lie.
        fractions: share of each split, for `hash` and `rare`; see `folds` for k of them.
        mapping: CelebA-HQ-to-CelebA-mapping.txt, for `official`.
        manifest: where the manifest will lie, for its path to the dataset; beside the splits unless given.

    Returns:
        The manifest, and for each image's path the ids of the classes that it has.

    Raises:
        DataError: a pair cannot be read, two share a name, a split would be empty, or one that is given leaks.
        UsageError: an unknown method, or fractions that do not sum to 1.
    """
    if method not in METHODS:
        raise UsageError.unknown("method", method, METHODS)
    has_own = method in ("official", "folders")
    fractions = {} if has_own else _checked(fractions)
    place = place_of(dataset)
    if place is not None:
        raise UsageError(f"{dataset}: a manifest; give the dataset's folder to split it anew")
    found = _found(dataset, names_may_repeat=method == "folders")
    official = _official(mapping) if method == "official" else None
    items = list(in_processes(_worker, found, "reading pairs"))
    firsts = _first_copies(items)
    if official is not None:
        sides = [official(item.pair.name) for item in items]
    elif method == "folders":
        sides = [item.folder for item in items]
    else:
        choose = _by_hash if method == "hash" else _by_rare_classes
        sides = choose(items, firsts, fractions, seed)
    base = (manifest.parent if manifest else dataset).resolve()
    pairs = tuple(
        _entry(item, items[first], side, dataset) for item, first, side in zip(items, firsts, sides, strict=True)
    )
    empty = [name for name in fractions if name not in sides]
    if empty:
        hint = "try --by rare" if method == "hash" and len(fractions) <= len(set(firsts)) else "ask for fewer splits"
        raise DataError(f"{dataset}: has {len(pairs)} pairs, of which none would be in {some_names(empty)}; {hint}")
    if has_own:
        refuse_leaks(pairs, str(dataset))
    root = os.path.relpath(dataset.resolve(), base)
    present = {entry.image: item.present for entry, item in zip(pairs, items, strict=True)}
    return Manifest(Path(root).as_posix(), method, seed, dict(fractions), pairs), present


def folds(num: int) -> dict[str, float]:
    """The fractions of `num` folds: fold0, fold1, ...

    Raises:
        UsageError: fewer than two.
    """
    if num < 2:
        raise UsageError(f"{num} fold(s), where at least 2 are needed")
    return {f"fold{index}": 1 / num for index in range(num)}


def side_of(name: str, fractions: Mapping[str, float], seed: int = 0) -> str:
    """The split of a name: its SHA-256 (of `seed:name`) as a number in [0, 1), among the fractions laid end to end."""
    digest = hashlib.sha256(f"{seed}:{name}".encode(errors="surrogateescape")).digest()
    number = int.from_bytes(digest[:8], "big") / 2**64
    top = 0.0
    for split, share in fractions.items():
        top += share
        if number < top:
            return split
    return list(fractions)[-1]


def _checked(fractions: Mapping[str, float]) -> dict[str, float]:
    total = sum(fractions.values())
    wrong = [name for name, share in fractions.items() if not 0 < share <= 1]
    unfit = [name for name in fractions if not name.replace("-", "").replace("_", "").isalnum()]
    if wrong or unfit or abs(total - 1) > 1e-6:
        shown = ",".join(f"{name}={share:g}" for name, share in fractions.items())
        raise UsageError(
            f"fractions {shown}, where names with shares above 0 that sum to 1 are needed: train=.8,val=.2"
        )
    return dict(fractions)


def _found(dataset: Path, names_may_repeat: bool) -> list[tuple[str, Pair]]:
    """Every labelled pair with the name of its split's folder, by name."""
    folders = {dataset.resolve().name: dataset} if is_split(dataset) else labelled_splits(dataset)
    found = [(split, pair) for split, folder in folders.items() for pair in folder_pairs(folder)]
    first: dict[str, str] = {}
    for split, pair in found:
        other = first.setdefault(pair.name, split)
        if other != split and not names_may_repeat:
            raise DataError(
                f"{dataset}: {other} and {split} both have {pair.name}; rename one, or split one folder alone"
            )
    return sorted(found, key=lambda item: (item[1].name, item[0]))


def _worker() -> Callable[[tuple[str, Pair]], _Examined]:
    return _examine


def _examine(found: tuple[str, Pair]) -> _Examined:
    folder, pair = found
    assert pair.mask is not None
    image, labels = read_pair(pair)
    present = tuple(np.flatnonzero(class_counts(labels)).tolist())
    return _Examined(pair, folder, hash_file(pair.image), hash_file(pair.mask), photo_hash(image), present)


def photo_hash(image: Image) -> str:
    """SHA-256 of a photo's size and pixels, the same for its mirror image."""
    sides = (np.ascontiguousarray(side).tobytes() for side in (image, image[:, ::-1]))
    return min(hashlib.sha256(f"{image.shape}".encode() + side).hexdigest() for side in sides)


def _first_copies(items: Sequence[_Examined]) -> list[int]:
    """For each pair the index of the first one with the same photo or a copy of it; often its own."""
    firsts = list(range(len(items)))
    for copy in find_copies([item.pair.image for item in items]):
        firsts[copy.second] = copy.first
    same: dict[str, int] = {}
    for index, item in enumerate(items):
        first = same.setdefault(item.photo, firsts[index])
        firsts = [first if f == firsts[index] else f for f in firsts] if first != firsts[index] else firsts
    return firsts


def _by_hash(items: Sequence[_Examined], firsts: Sequence[int], fractions: Mapping[str, float], seed: int) -> list[str]:
    return [side_of(items[first].pair.name, fractions, seed) for first in firsts]


def _by_rare_classes(
    items: Sequence[_Examined], firsts: Sequence[int], fractions: Mapping[str, float], seed: int
) -> list[str]:
    has = np.zeros((len(items), NUM_CLASSES), dtype=bool)
    for index, item in enumerate(items):
        has[index, list(item.present)] = True
    groups = sorted(set(firsts))
    at = {first: number for number, first in enumerate(groups)}
    counts = np.zeros((len(groups), NUM_CLASSES), dtype=np.int64)
    sizes = np.zeros(len(groups), dtype=np.int64)
    for index, first in enumerate(firsts):
        counts[at[first]] += has[index]
        sizes[at[first]] += 1
    chosen = stratify(counts, sizes, np.array(list(fractions.values())), np.random.default_rng(seed))
    names = list(fractions)
    return [names[chosen[at[first]]] for first in firsts]


def _official(mapping: Path | None) -> Callable[[str], str]:
    """The split of a name that is a CelebA-HQ index."""
    if mapping is None:
        raise UsageError("the official split needs CelebA-HQ-to-CelebA-mapping.txt; say where it is with --mapping")
    try:
        splits = official_splits(mapping.read_text(errors="replace"))
    except OSError as error:
        raise DataError(f"{mapping}: cannot be read ({(error.strerror or str(error)).lower()})") from error

    def split_of(name: str) -> str:
        if not (name.isascii() and name.isdigit()) or int(name) not in splits:
            raise DataError(f"{mapping}: has no row for '{name}'; the official split needs names that CelebA-HQ gave")
        return splits[int(name)]

    return split_of


def _entry(item: _Examined, first: _Examined, side: str, dataset: Path) -> Entry:
    assert item.pair.mask is not None
    image, mask, group = (
        p.relative_to(dataset).as_posix() for p in (item.pair.image, item.pair.mask, first.pair.image)
    )
    return Entry(item.pair.name, side, image, mask, item.image_sha256, item.mask_sha256, item.photo, group)
