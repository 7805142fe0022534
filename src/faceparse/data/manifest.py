"""A split written down: which pair is in which split, with hashes, so that later commands can tell that it still is.

A manifest is a JSON file. It stands for a dataset wherever one is asked for: `split.json` has splits as a root has,
and `split.json/train` is one of them. Each file is hashed when its split is listed: nothing is believed for its time
of change, and hashing is a small part of the decoding that follows (`benchmarks/verify_speed.py`).

In a dataset's folder it is called `split.json`; then the folder's own pairs are checked against it as well.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from faceparse.console import progress
from faceparse.cores import num_cores
from faceparse.errors import DataError, UsageError, some_names

MANIFEST = "split.json"
"""What a manifest is called in the folder of the dataset that it splits."""

_FORMAT = 1
_SHOWN = 3


@dataclass(frozen=True)
class Entry:
    """A pair and its split."""

    name: str
    split: str
    image: str
    """Path below the dataset, with slashes."""
    mask: str
    image_sha256: str
    mask_sha256: str
    photo: str
    """SHA-256 of the decoded pixels, the same for a photo and its mirror image."""
    group: str
    """`image` of the first pair whose photo is this one or a copy of it: re-encoded, resized, mirrored, brightened."""


@dataclass(frozen=True)
class Manifest:
    """A split of a dataset."""

    dataset: str
    """Path to the dataset, from the manifest's folder."""
    method: str
    """How the pairs were split: `hash`, `rare`, `official` or `folders`."""
    seed: int
    fractions: dict[str, float]
    """Share of each split that was asked for; empty where the method has its own."""
    pairs: tuple[Entry, ...]

    def splits(self) -> dict[str, list[Entry]]:
        """The pairs of each split, in the order of the fractions, else as they first come."""
        found: dict[str, list[Entry]] = {name: [] for name in self.fractions}
        for entry in self.pairs:
            found.setdefault(entry.split, []).append(entry)
        return {name: entries for name, entries in found.items() if entries}


def to_json(manifest: Manifest) -> str:
    """The text of a manifest, a pair a line."""
    head = {"format": _FORMAT, **asdict(manifest)}
    pairs = ",\n".join("    " + json.dumps(entry) for entry in head.pop("pairs"))
    return json.dumps(head, indent=2)[:-2] + f',\n  "pairs": [\n{pairs}\n  ]\n}}\n'


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest; the files that it names are not looked at.

    Raises:
        DataError: not a manifest, a path that leaves the dataset, a pair twice, or a photo in two splits.
    """
    try:
        values = json.loads(path.read_text())
        manifest = _structured(values)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{path}: not a split's manifest ({_reason(error)}); make one with: faceparse data split"
        ) from error
    _refuse_doubles(path, manifest)
    refuse_leaks(manifest.pairs, str(path))
    return manifest


def refuse_leaks(pairs: Iterable[Entry], shown: str) -> None:
    """Refuse a split that has the same photo, or a copy of it, on two sides.

    Raises:
        DataError: which pairs, by name.
    """
    sides: dict[str, Entry] = {}
    leaks = []
    for entry in pairs:
        for key in {entry.photo, entry.group}:
            first = sides.setdefault(key, entry)
            if first.split != entry.split:
                leaks.append(f"{first.image} in {first.split} is {entry.image} in {entry.split}")
                break
    if leaks:
        more = f" and {len(leaks) - _SHOWN} more" if len(leaks) > _SHOWN else ""
        raise DataError(
            f"{shown}: the split leaks, {len(leaks)} photo(s) are on two sides: {'; '.join(leaks[:_SHOWN])}{more}; "
            "keep one of each, or let faceparse data split put them on the same side"
        )


def place_of(path: Path) -> tuple[Path, str | None] | None:
    """The manifest that a path names, and the split: `split.json`, `split.json/train`; None for any other path."""
    if path.suffix == ".json" and path.is_file():
        return path, None
    if path.parent.suffix == ".json" and path.parent.is_file():
        return path.parent, path.name
    return None


def split_paths(path: Path, split: str | None) -> dict[str, Path]:
    """The splits of a manifest as paths (`split.json/train`), or the one that is named.

    Raises:
        DataError: not a manifest, or it leaks.
        UsageError: it has no such split.
    """
    found = read_manifest(path).splits()
    if split is None:
        return {name: path / name for name in found}
    if split not in found:
        raise UsageError(f"{path}: has no split '{split}'; it has: {', '.join(found)}")
    return {split: path / split}


def verified_entries(path: Path, split: str) -> list[tuple[Entry, Path, Path]]:
    """The pairs of a manifest's split, with image and mask, whose bytes are those that they were.

    Raises:
        DataError: as for `read_manifest`, or files are missing or have changed; they are named.
        UsageError: it has no such split.
    """
    manifest = read_manifest(path)
    found = manifest.splits()
    if split not in found:
        raise UsageError.unknown("split", split, found)
    return _verified(path, found[split], path.parent / manifest.dataset)


def check_folder(folder: Path, images: Sequence[Path]) -> None:
    """Check a split's folder against the `split.json` of its dataset, where there is one.

    Raises:
        DataError: files are missing, changed or were added, or the manifest splits them otherwise.
    """
    for place in (folder.parent, folder):
        path = place / MANIFEST
        if not path.is_file():
            continue
        manifest = read_manifest(path)
        if (place / manifest.dataset).resolve() != place.resolve():
            continue
        entries = {entry.image: entry for entry in manifest.pairs}
        names = [image.relative_to(place).as_posix() for image in images]
        added = [name for name in names if name not in entries]
        elsewhere = [name for name in names if name in entries and entries[name].split != folder.name]
        if elsewhere:
            raise DataError(
                f"{path}: puts {len(elsewhere)} pair(s) of {folder.name}/ in other splits ({some_names(elsewhere)}); "
                "give this file itself as the dataset, or take it away"
            )
        if added:
            raise DataError(f"{path}: has not {len(added)} file(s) that are there ({some_names(added)}); split anew")
        _verified(path, [entry for entry in manifest.pairs if entry.split == folder.name], place)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verified(path: Path, entries: list[Entry], dataset: Path) -> list[tuple[Entry, Path, Path]]:
    """The entries with their files, which are hashed."""
    digests = {name: digest for e in entries for name, digest in ((e.image, e.image_sha256), (e.mask, e.mask_sha256))}
    # hashing does not hold the interpreter, so threads are enough
    with ThreadPoolExecutor(num_cores()) as pool:
        found = list(progress(pool.map(_digest, (dataset / name for name in digests)), "verifying", len(digests)))
    now = dict(zip(digests, found, strict=True))
    missing = [name for name in digests if now[name] is None]
    if digests and len(missing) == len(digests):
        raise DataError(f"{path}: none of its files is in {dataset}; put the dataset there, or split it anew")
    changed = [name for name, digest in digests.items() if now[name] not in (None, digest)]
    faults = [
        f"{len(n)} file(s) {what} ({some_names(n)})" for what, n in (("missing", missing), ("changed", changed)) if n
    ]
    if faults:
        raise DataError(f"{path}: {' and '.join(faults)} since the split was made; restore them, or split anew")
    return [(entry, dataset / entry.image, dataset / entry.mask) for entry in entries]


def _digest(path: Path) -> str | None:
    """None where the file cannot be read."""
    try:
        return hash_file(path)
    except OSError:
        return None


def _structured(values: Any) -> Manifest:
    if values["format"] != _FORMAT:
        raise ValueError(f"format {values['format']}, where {_FORMAT} is known")
    if not all(isinstance(value, str) and value for entry in values["pairs"] for value in entry.values()):
        raise ValueError("a pair's values must be text")
    pairs = tuple(Entry(**entry) for entry in values["pairs"])
    for entry in pairs:
        for name in (entry.image, entry.mask, entry.split):
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\0" in name:
                raise ValueError(f"the path {name!r} leaves the dataset")
        # both become names of files and folders that others write
        if PurePosixPath(entry.split).parts != (entry.split,) or entry.name != PurePosixPath(entry.image).stem:
            raise ValueError(f"{entry.image!r} has the name {entry.name!r} and the split {entry.split!r}")
    if not pairs:
        raise ValueError("it has no pairs")
    fractions = {str(name): float(share) for name, share in values["fractions"].items()}
    if not (
        isinstance(values["dataset"], str) and isinstance(values["method"], str) and isinstance(values["seed"], int)
    ):
        raise TypeError("dataset and method must be text and seed a number")
    return Manifest(values["dataset"], values["method"], values["seed"], fractions, pairs)


def _refuse_doubles(path: Path, manifest: Manifest) -> None:
    times = Counter(shown for e in manifest.pairs for shown in (e.image, f"{e.name} in {e.split}"))
    if twice := [shown for shown, count in times.items() if count > 1]:
        raise DataError(f"{path}: has {twice[0]} twice; make it anew with: faceparse data split")


def _reason(error: BaseException) -> str:
    return f"the field {error} is missing" if isinstance(error, KeyError) else " ".join(str(error).split())[:200]
