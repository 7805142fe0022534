"""A picture per part, as raw CelebAMask-HQ has: `NAME_l_eye.png`, non-zero where the part is."""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from faceparse.classes import CLASSES, IGNORE_LABEL
from faceparse.data.conversions.pictures import write_grey
from faceparse.errors import DataError
from faceparse.images import read_grey
from faceparse.types import Labels

_IDS = {c.suffix: c.id for c in CLASSES if c.suffix}
_PART = re.compile(rf"(.+)_({'|'.join(_IDS)})\.png", re.IGNORECASE)
_EMPTY = "skin"
"""A map without any part still gets this one, empty, so that it is not lost."""


def list_parts(folder: Path) -> dict[str, list[Path]]:
    """The parts of each name, in the folder and in the folders within it (raw CelebAMask-HQ has `0/` to `14/`).

    Raises:
        DataError: two folders hold the same part.
    """
    found: dict[str, dict[str, Path]] = {}
    for path in sorted([*folder.glob("*.png"), *folder.glob("*/*.png")]):
        match = _PART.fullmatch(path.name)
        if match is None or path.name.startswith("."):
            continue
        parts = found.setdefault(match[1], {})
        if match[2] in parts:
            raise DataError(f"{parts[match[2]]} and {path}: the same part twice; take one of them away")
        parts[match[2]] = path
    return {name: list(parts.values()) for name, parts in sorted(found.items())}


def read_parts(paths: Iterable[Path]) -> Labels:
    """One label map from a picture per part, painted in the order of the ids, later over earlier.

    Raises:
        DataError: a picture is damaged, or they differ in size.
    """
    labels: Labels | None = None
    for id, path in sorted((_IDS[_suffix(path)], path) for path in paths):
        part = read_grey(path)
        if labels is None:
            labels = np.zeros(part.shape, dtype=np.uint8)
        if part.shape != labels.shape:
            (height, width), (rows, columns) = labels.shape, part.shape
            raise DataError(f"{path}: {columns}×{rows}, where this photo's other parts are {width}×{height}")
        labels[part > 0] = id
    assert labels is not None
    return labels


def write_parts(folder: Path, name: str, labels: Labels) -> None:
    """Write a picture (0 and 255) for each part that a map has.

    Raises:
        DataError: the map has ignored pixels (255), for which there is no part.
    """
    if (labels == IGNORE_LABEL).any():
        raise DataError(f"{name}: has ignored pixels (255), which a picture per part cannot hold")
    for suffix, id in _IDS.items():
        part = labels == id
        if part.any() or (suffix == _EMPTY and not labels.any()):
            write_grey(folder / f"{name}_{suffix}.png", part * np.uint8(255))


def _suffix(path: Path) -> str:
    match = _PART.fullmatch(path.name)
    assert match is not None
    return match[2].lower()
