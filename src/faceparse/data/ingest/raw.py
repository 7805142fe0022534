"""Raw CelebAMask-HQ: photos of 1024² and a picture per part become photos and label maps of 512²."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from faceparse.classes import CLASSES
from faceparse.console import log
from faceparse.data.celeba import official_splits
from faceparse.data.ingest.pairs import fitted_photo
from faceparse.data.ingest.part_png import read_part
from faceparse.data.ingest.source import Source
from faceparse.errors import DataError
from faceparse.images import encode_labels
from faceparse.types import Labels

IMAGE = re.compile(r"((?:.*/)?)CelebA-HQ-img/(\d+)\.jpg")
"""Wrapping folder, index."""
PART = re.compile(r"((?:.*/)?)CelebAMask-HQ-mask-anno/(?:[^/]+/)?(\d+)_(\w+)\.png")
"""Wrapping folder, index, suffix."""

_MAPPING = "CelebA-HQ-to-CelebA-mapping.txt"

_IDS_BY_SUFFIX = {c.suffix: c.id for c in CLASSES if c.suffix}


@dataclass(frozen=True)
class PaintedPair:
    """A photo of the raw data set with its parts, ordered by id."""

    image: str
    parts: tuple[tuple[int, str], ...]
    split: str
    name: str

    @property
    def targets(self) -> tuple[str, ...]:
        return f"{self.split}/images/{self.name}.jpg", f"{self.split}/masks/{self.name}.png"

    def contents(self, source: Source) -> tuple[bytes, ...]:
        if not self.parts:
            raise DataError(f"{source.path}/{self.image}: has no parts in CelebAMask-HQ-mask-anno")
        labels = paint_parts((id, f"{source.path}/{name}", source.read(name)) for id, name in self.parts)
        photo = fitted_photo(source.read(self.image), f"{source.path}/{self.image}", labels.shape)
        return photo, encode_labels(labels)


def paint_parts(parts: Iterable[tuple[int, str, bytes]]) -> Labels:
    """One label map from a picture per part, painted in the order given.

    Args:
        parts: class id, name for messages, and PNG whose non-zero pixels are the part.

    Raises:
        DataError: a picture is damaged, or they differ in size.
    """
    labels: Labels | None = None
    for id, name, content in parts:
        part = read_part(content, name)
        if labels is None:
            labels = np.zeros(part.shape, np.uint8)
        if part.shape != labels.shape:
            (height, width), (rows, columns) = labels.shape, part.shape
            raise DataError(f"{name}: {columns}×{rows}, where this photo's other parts are {width}×{height}")
        rows, columns = part.inside.shape
        labels[part.top : part.top + rows, part.left : part.left + columns][part.inside] = id
    assert labels is not None
    return labels


def plan(source: Source, images: dict[str, tuple[str, ...]], parts: dict[str, tuple[str, ...]]) -> list[PaintedPair]:
    parts_by_index: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for name, (index, suffix) in parts.items():
        if suffix in _IDS_BY_SUFFIX:
            parts_by_index[int(index)].append((_IDS_BY_SUFFIX[suffix], name))
    names = {int(index): name for name, (index,) in images.items()}
    widowed = parts_by_index.keys() - names.keys()
    if widowed:
        log.warning("parts of %d photo(s) that are not in CelebA-HQ-img are passed over", len(widowed))
    split_of = official_split(source)
    if split_of is None:
        log.warning("no %s: without the official split everything goes into train", _MAPPING)
    splits = {index: split_of(index) if split_of else "train" for index in names}
    return [
        PaintedPair(names[index], tuple(sorted(parts_by_index[index])), splits[index], str(index))
        for index in sorted(names)
    ]


def official_split(source: Source) -> Callable[[int], str] | None:
    """The official split of a photo by its index, if the source has the mapping file.

    Raises:
        DataError: the mapping file cannot be read; the function raises it for a photo that has no row.
    """
    mapping = next((name for name in source.names if name.rpartition("/")[2] == _MAPPING), None)
    if mapping is None:
        return None
    splits = official_splits(source.read(mapping).decode(errors="replace"))

    def split_of(index: int) -> str:
        if index not in splits:
            raise DataError(f"{source.path}/{mapping}: has no row for photo {index}; get the whole file")
        return splits[index]

    return split_of
