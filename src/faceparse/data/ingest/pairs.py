"""A photo and its mask, checked, and copied byte for byte where nothing has to be changed."""

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from PIL import Image as PillowImage

from faceparse.data.ingest.masks import Reading, Stored, read_stored
from faceparse.data.ingest.source import Source
from faceparse.errors import DataError
from faceparse.images import encode_image, encode_labels, read_grey, read_image, read_size


@dataclass(frozen=True)
class Pair:
    """A photo, with a mask or (in a split of photos alone) without one."""

    split: str
    name: str
    image: str
    mask: str | None
    reading: Reading = field(default_factory=Reading)

    @property
    def targets(self) -> tuple[str, ...]:
        image = f"{self.split}/images/{self.name}.{self.image.rpartition('.')[2]}"
        return (image, f"{self.split}/masks/{self.name}.png") if self.mask else (image,)

    def read_as(self, reading: Reading) -> "Pair":
        return replace(self, reading=reading)

    def stored(self, source: Source) -> Stored:
        assert self.mask
        return read_stored(source.read(self.mask), f"{source.path}/{self.mask}")[0]

    def contents(self, source: Source) -> tuple[bytes, ...]:
        photo, shown = source.read(self.image), f"{source.path}/{self.image}"
        if not self.mask:
            read_image(photo, shown)
            return (photo,)
        mask, shown_mask = source.read(self.mask), f"{source.path}/{self.mask}"
        stored, is_label_map = read_stored(mask, shown_mask)
        labels = self.reading.labels(stored, shown_mask)
        photo = fitted_photo(photo, shown, labels.shape)
        return photo, mask if is_label_map and not self.reading.changes_ids else encode_labels(labels)


@dataclass(frozen=True)
class SoftPair:
    """A photo of Smith et al.'s Helen, with a grey picture per class that says how much a pixel belongs to it."""

    split: str
    name: str
    image: str
    parts: tuple[str, ...]
    """By id."""
    reading: Reading = field(default_factory=partial(Reading, "helen"))

    @property
    def targets(self) -> tuple[str, ...]:
        return f"{self.split}/images/{self.name}.jpg", f"{self.split}/masks/{self.name}.png"

    def read_as(self, reading: Reading) -> "SoftPair":
        return replace(self, reading=reading)

    def stored(self, source: Source) -> Stored:
        """The id of the class that each pixel belongs to most; the lowest of equals."""
        most, ids = None, None
        for id, part in enumerate(self.parts):
            grey = read_grey(source.read(part), f"{source.path}/{part}")
            if most is None or ids is None:
                most, ids = grey, np.zeros_like(grey)
            elif grey.shape != most.shape:
                raise DataError(f"{source.path}/{part}: {grey.shape}, where the other classes have {most.shape}")
            else:
                ids = np.where(grey > most, np.uint8(id), ids)
                most = np.maximum(most, grey)
        assert ids is not None
        return ids

    def contents(self, source: Source) -> tuple[bytes, ...]:
        labels = self.reading.labels(self.stored(source), f"{source.path}/{self.name}")
        photo = fitted_photo(source.read(self.image), f"{source.path}/{self.image}", labels.shape)
        return photo, encode_labels(labels)


def fitted_photo(content: bytes, name: str, shape: tuple[int, ...]) -> bytes:
    """A photo's file at its label map's size: as it is, or made smaller where it is a whole multiple of that.

    Raises:
        DataError: it cannot be decoded, or has another size.
    """
    height, width = shape
    stored = read_size(content, name)
    # large enough however EXIF turns it
    image = read_image(content, name, at_least=(max(shape), max(shape)))
    full = stored if (stored[0] < stored[1]) == (image.shape[1] < image.shape[0]) else stored[::-1]
    times = full[0] // width
    if times < 1 or full != (times * width, times * height):
        raise DataError(f"{name}: {full[0]}×{full[1]}, where its mask is {width}×{height}; make them one size")
    if times == 1:
        return content
    if image.shape[:2] != shape:
        # the mean over each pixel's square: nothing is sharpened and nothing aliases
        image = np.asarray(PillowImage.fromarray(image).resize((width, height), PillowImage.Resampling.BOX))
    return encode_image(image, "." + name.rpartition(".")[2])
