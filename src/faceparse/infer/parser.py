"""Parse photos in Python: `Parser.load()`, then `parser(photo)`."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from PIL import Image as PillowImage

from faceparse import images
from faceparse.classes import NAMES, NUM_CLASSES, class_id
from faceparse.errors import UsageError
from faceparse.infer import measure, render, weights
from faceparse.infer.contours import Polygon, trace
from faceparse.infer.enlarge import enlarged_labels
from faceparse.infer.onnx import Device, OnnxNetwork
from faceparse.tta import Views, averaged, parse_views
from faceparse.types import Bool, Float, Float32, Image, Labels, Probabilities, UInt8

if TYPE_CHECKING:
    from faceparse.infer.wild.faces import ParsedFaces

LONGEST_SIDE = 1024
"""The network sees no photo larger than this: it works at a fixed size inside, and memory stays bounded."""

Photo = str | Path | PillowImage.Image | np.ndarray

Seen = Float32[np.ndarray, "19 seen_height seen_width"]
"""Probabilities at the size that the network saw, which for a large photo is not the photo's own."""

_STRIP_ROWS = 64
_BILINEAR = PillowImage.Resampling.BILINEAR


_FEATURES = ("nose", "left eye", "right eye", "left brow", "right brow", "mouth", "upper lip", "lower lip")


class Parsed:
    """A photo's parts, at the photo's own size (upright, where EXIF turns it).

    Attributes:
        image: the photo, RGB.
        labels: the class id of every pixel.
    """

    def __init__(self, image: Image, labels: Labels, see: Callable[[], Seen]):
        self.image = image
        self.labels = labels
        self._see = see

    @cached_property
    def _seen(self) -> Seen:
        """Probabilities at the size that the network saw; labels alone take it half the time, so these may wait."""
        return self._see()

    @cached_property
    def probabilities(self) -> Probabilities:
        """Per class, in [0, 1], summing to 1 at each pixel; 76 bytes a pixel, computed when first asked for."""
        return self.probabilities_as(np.float32)

    def probabilities_as(self, dtype: type[np.floating]) -> Float[np.ndarray, "19 height width"]:
        """The probabilities in another precision, without holding them in float32 first."""
        height, width = self.labels.shape
        if self._seen.shape[1:] == (height, width):
            return self._seen.astype(dtype, copy=False)
        full = np.empty((NUM_CLASSES, height, width), dtype=dtype)
        for rows, strip in _enlarged_strips(self._seen, width, height):
            full[:, rows] = strip
        return full

    def part(self, name: str) -> Bool[np.ndarray, "height width"]:
        """Where a part is, by class name: `left eye` or `left_eye`; left is the person's own left.

        Raises:
            UsageError: no class has this name; the nearest one is named.
        """
        return self.labels == class_id(name)

    @property
    def parts(self) -> list[str]:
        """Names of the parts that the photo shows, in the table's order, background left out."""
        present = np.bincount(self.labels.ravel(), minlength=NUM_CLASSES)
        return [name for index, name in enumerate(NAMES) if index > 0 and present[index]]

    @property
    def has_features(self) -> bool:
        """Whether there are eyes, brows, a nose or a mouth; walls and meadows are taken for skin and hair."""
        return any((self.labels == class_id(name)).any() for name in _FEATURES)

    def contours(self, name: str) -> list[Polygon]:
        """A part's borders: closed polygons of pixel corners (x, y), which the even-odd rule fills to the part again.

        Raises:
            UsageError: no class has this name.
        """
        return trace(self.part(name))

    def measure(self) -> list[measure.Measured]:
        """Area, box and mean colour of each part that the photo shows."""
        return measure.measure(self.image, self.labels)

    def color(self) -> Image:
        """The official colour of every pixel's class."""
        return render.color(self.labels)

    def overlay(self) -> Image:
        """The photo with its parts tinted and outlined."""
        return render.overlay(self.image, self.labels)

    def cut_out(self, name: str) -> UInt8[np.ndarray, "height width 4"]:
        """A part as RGBA with soft edges: half opaque where its lead over the next class, or its arrears, is nil.

        Raises:
            UsageError: no class has this name.
        """
        index = class_id(name)
        lead = self._seen[index] - np.delete(self._seen, index, axis=0).max(axis=0)
        opacity = PillowImage.fromarray(np.rint(np.clip(lead + 0.5, 0, 1) * 255).astype(np.uint8))
        height, width = self.labels.shape
        return render.cut_out(self.image, np.asarray(opacity.resize((width, height), _BILINEAR)))


@runtime_checkable
class FaceNetwork(Protocol):
    """What a parser asks of a network: `OnnxNetwork`, or anything that does the same."""

    def labels(self, images: np.ndarray) -> np.ndarray: ...
    def probabilities(self, images: np.ndarray, scale: float = 1.0) -> np.ndarray: ...


class Parser:
    """Finds the parts of a face in a photo: a numpy face over a network in an ONNX file.

    Source of the classes: CelebAMask-HQ (Lee et al., CVPR 2020). The photo should show one face, upright, about as
    large as in a portrait.
    """

    def __init__(self, network: FaceNetwork, views: Views | None = None):
        """Use any network that does what `OnnxNetwork` does, and average some views of each photo.

        Raises:
            UsageError: views at other scales, of a network that cannot be asked for them.
        """
        self.network = network
        self.views = views or Views()
        if self.views.scales != (1.0,) and not getattr(network, "takes_scales", False):
            asked = ", ".join(f"{scale:g}" for scale in self.views.scales)
            raise UsageError(
                f"--tta {asked}: this ONNX file sees photos at one size; take --tta flip, or write the file anew from "
                "a model that has a working size, with: faceparse export"
            )

    @classmethod
    def load(cls, model: str | Path = "compact", device: Device = "auto", tta: str = "") -> "Parser":
        """A parser with a model: a shipped name, a run or checkpoint folder that was exported, or an `.onnx` file.

        Args:
            tta: `flip` parses the mirrored photo as well, for twice the time, and averages; scales, as in
                `flip,0.75,1,1.25`, parse at so many times the usual size.

        Raises:
            FaceparseError: no such model, not exported, not a face parser, or no such device; one line says which.
        """
        return cls(OnnxNetwork(weights.find_onnx(model), device), parse_views(tta))

    def __call__(self, image: Photo) -> Parsed:
        """Parse one photo: a path, a Pillow picture, or an RGB array (height, width, 3) of uint8.

        Raises:
            DataError: a file that is not there, damaged, too large, or no picture.
            UsageError: an array of another type or shape.
        """
        return self.batch([image])[0]

    def batch(self, photos: Sequence[Photo]) -> list[Parsed]:
        """Parse several photos; the network sees those of one size together, which is faster on a GPU.

        Args:
            photos: each a path, a Pillow picture or an array; memory holds all of them at once.

        Raises:
            DataError, UsageError: as for one photo; none is parsed then.
        """
        read = [_as_rgb(photo) for photo in photos]
        reduced = [_reduced(photo) for photo in read]
        by_size: dict[tuple[int, ...], list[int]] = {}
        for index, seen in enumerate(reduced):
            by_size.setdefault(seen.shape, []).append(index)
        parsed: dict[int, Parsed] = {}
        for indices in by_size.values():
            group = self._parse_alike([read[index] for index in indices], [reduced[index] for index in indices])
            parsed.update(zip(indices, group, strict=True))
        return [parsed[index] for index in range(len(read))]

    def parse_faces(self, photo: Photo) -> "ParsedFaces":
        """Parse every face of a photo, of any size and at any angle; all background where there is none.

        A photo that one face fills as it does a portrait is parsed as `parser(photo)` does, and needs no detector.

        Raises:
            MissingExtraError: there is more to search, and the detector's package is not installed.
            DataError, UsageError: as for `parser(photo)`.
        """
        from faceparse.infer.wild import detect, faces

        image = _as_rgb(photo)
        small = _reduced(image)
        face = faces.fills(self.see(small))
        if face is not None:
            whole = self.batch([image])[0]
            return faces.the_only(face, whole, image.shape[1] / small.shape[1], partial(self.see, small))
        framings = faces.find(image, self.see, detect.load_detector())
        return faces.parse(image, framings, self.see, (small.shape[1], small.shape[0]))

    def _parse_alike(self, photos: list[np.ndarray], reduced: list[np.ndarray]) -> list[Parsed]:
        """Photos that the network sees at one size, which for large ones is not their own."""
        own_size = all(photo is seen for photo, seen in zip(photos, reduced, strict=True))
        if own_size and self.views.single:
            labels = self.network.labels(np.stack(photos))
            # a closure a photo, so that a result holds no photo but its own
            return [Parsed(photo, found, partial(self.see, photo)) for photo, found in zip(photos, labels, strict=True)]
        if self.views.single:
            all_seen = self.network.probabilities(np.stack(reduced))
        else:
            all_seen = np.stack([self.see(image) for image in reduced])
        return [
            Parsed(photo, enlarged_labels(seen, photo.shape[1], photo.shape[0]), partial(np.asarray, seen))
            for photo, seen in zip(photos, all_seen, strict=True)
        ]

    def see(self, image: Image) -> Seen:
        """Probabilities of a picture of no more than `LONGEST_SIDE` pixels a side, at its size."""
        if self.views.single:
            return self.network.probabilities(image[None])[0]
        return averaged(self._seen_at, self.views)(image)

    def _seen_at(self, view: Image, scale: float) -> Seen:
        # networks that see one size are asked without a scale
        options = {} if scale == 1 else {"scale": scale}
        return self.network.probabilities(view[None], **options)[0]


def _as_rgb(image: Photo) -> Image:
    if isinstance(image, str | Path):
        return images.read_image(Path(image))
    if isinstance(image, PillowImage.Image):
        return images.to_rgb(image)
    if not isinstance(image, np.ndarray):
        raise UsageError(f"a photo is a path, a Pillow picture or a uint8 RGB array, not {type(image).__name__}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise UsageError(
            f"an array of {image.dtype} {image.shape}, where a photo is uint8 (height, width, 3), RGB from 0 to 255"
        )
    return np.ascontiguousarray(image)


def _reduced(photo: Image) -> UInt8[np.ndarray, "seen_height seen_width 3"]:
    """The photo itself, or one whose longer side is `LONGEST_SIDE`, each pixel an average of those it replaces."""
    height, width = photo.shape[:2]
    scale = LONGEST_SIDE / max(height, width)
    if scale >= 1:
        return photo
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(PillowImage.fromarray(photo).resize(size, _BILINEAR, reducing_gap=2.0))


def _enlarged_strips(
    seen: Seen, width: int, height: int
) -> Iterator[tuple[slice, Float32[np.ndarray, "19 rows columns"]]]:
    """Probabilities at another size, some rows at a time: bilinear between pixel centres, as one resize would give."""
    seen_height, seen_width = seen.shape[1:]
    planes = [PillowImage.fromarray(plane) for plane in seen]
    for top in range(0, height, _STRIP_ROWS):
        bottom = min(height, top + _STRIP_ROWS)
        box = (0, top * seen_height / height, seen_width, bottom * seen_height / height)
        size = (width, bottom - top)
        yield slice(top, bottom), np.stack([np.asarray(plane.resize(size, _BILINEAR, box=box)) for plane in planes])
