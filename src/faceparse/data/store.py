"""A dataset as one tensor: every pair decoded once into memory-mapped arrays, then indexed by batch.

A store is a folder with `images.npy` (uint8 n s s 3), `labels.npy` (uint8 n s s) and `index.json`. It lies in
`.faceparse/` beside the dataset, or in the user's cache folder where that cannot be written, and is built again
when a file was added, removed or changed.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from faceparse.classes import IGNORE_LABEL
from faceparse.console import log, progress
from faceparse.cores import num_cores
from faceparse.data.dataset import Pair, read_pair
from faceparse.errors import FaceparseError
from faceparse.files import folder_written_whole
from faceparse.types import Image, Images, LabelMaps, Labels

STORES = ".faceparse"
"""Folder of a dataset's stores, beside its splits."""

_FORMAT = 1
"""Raised when what a store holds changes, so that old ones are built again."""


@dataclass(frozen=True)
class Store:
    """Pairs at one square size, in the order of `names`."""

    names: tuple[str, ...]
    images: Images
    labels: LabelMaps

    def __len__(self) -> int:
        return len(self.names)


def open_store(pairs: Sequence[Pair], folder: Path, size: int) -> Store:
    """The store of these pairs at `size`, built with a progress bar unless one stands that still fits.

    Args:
        pairs: labelled pairs, in the order of the store.
        folder: the dataset's root, beside which the store lies, or its manifest.

    Raises:
        DataError: a picture cannot be read, or a mask's size is not its photo's.
    """
    fingerprint = _fingerprint(pairs, size)
    path = _place(folder) / f"store-{size}-{fingerprint[:16]}"
    if not _fits(path, fingerprint):
        _remove_stale(path, size, pairs)
        try:
            _build(path, pairs, size, fingerprint)
        except FaceparseError:
            # another run may have built the same one meanwhile
            if not _fits(path, fingerprint):
                raise
    else:
        log.info("using the store of %d pairs at %d×%d", len(pairs), size, size)
    names = tuple(pair.name for pair in pairs)
    return Store(names, np.load(path / "images.npy", mmap_mode="r"), np.load(path / "labels.npy", mmap_mode="r"))


def _fingerprint(pairs: Sequence[Pair], size: int) -> str:
    """Changes when any file's name, length or time of change does."""
    digest = hashlib.sha256(f"{_FORMAT} {size}".encode())
    for pair in pairs:
        for path in (pair.image, pair.mask):
            assert path is not None, "a store is made of labelled pairs"
            status = path.stat()
            digest.update(f"{path.resolve()} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _place(folder: Path) -> Path:
    while not folder.is_dir():  # a manifest, or a split of one
        folder = folder.parent
    beside = folder / STORES
    if os.access(beside if beside.exists() else folder, os.W_OK):
        return beside
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # a user without a home, as in some containers
        cache = Path(tempfile.gettempdir())
    return cache / "faceparse" / hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]


def _fits(path: Path, fingerprint: str) -> bool:
    try:
        return json.loads((path / "index.json").read_text())["fingerprint"] == fingerprint
    except (OSError, ValueError, KeyError):
        return False


def _reserve(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """A new memory-mapped array whose space is taken at once: a disk that fills up under a map kills the process."""
    array = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def _splits(pairs: Sequence[Pair]) -> list[str]:
    """The folders that the photos are in."""
    return sorted({str(pair.image.parent) for pair in pairs})


def _remove_stale(path: Path, size: int, pairs: Sequence[Pair]) -> None:
    """Drop stores of the same size and splits: they are of files that have since changed."""
    for other in path.parent.glob(f"store-{size}-*"):
        try:
            stale = json.loads((other / "index.json").read_text())["splits"] == _splits(pairs)
        except (OSError, ValueError, KeyError):
            stale = True
        if stale:
            log.info("the store of other pairs, or of pairs that have changed, makes room")
            shutil.rmtree(other, ignore_errors=True)


def _build(path: Path, pairs: Sequence[Pair], size: int, fingerprint: str) -> None:
    num = len(pairs)
    with folder_written_whole(path) as temporary:
        images = _reserve(temporary / "images.npy", (num, size, size, 3))
        labels = _reserve(temporary / "labels.npy", (num, size, size))

        def decode(index: int) -> None:
            images[index], labels[index] = fit(*read_pair(pairs[index]), size)

        # Pillow decodes without holding the interpreter, so threads are enough
        with ThreadPoolExecutor(num_cores()) as pool:
            for _ in progress(pool.map(decode, range(num)), "building the store", total=num):
                pass
        images.flush()
        labels.flush()
        index = {"fingerprint": fingerprint, "splits": _splits(pairs), "names": [pair.name for pair in pairs]}
        (temporary / "index.json").write_text(json.dumps(index))


def fit(
    image: Image, labels: Labels, size: int
) -> tuple[UInt8[np.ndarray, "{size} {size} 3"], UInt8[np.ndarray, "{size} {size}"]]:
    """Scale a pair into a square, keeping its proportions; the margin is black and ignored (255)."""
    height, width = labels.shape
    if (height, width) == (size, size):
        return image, labels
    scale = size / max(height, width)
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    top, left = (size - shape[1]) // 2, (size - shape[0]) // 2
    square = np.zeros((size, size, 3), np.uint8)
    ids = np.full((size, size), IGNORE_LABEL, np.uint8)
    inside = np.s_[top : top + shape[1], left : left + shape[0]]
    square[inside] = cv2.resize(image, shape, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    ids[inside] = cv2.resize(labels, shape, interpolation=cv2.INTER_NEAREST_EXACT)
    return square, ids
