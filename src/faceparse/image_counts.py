"""What each image of an evaluation contributes to the scores, kept so that runs can be compared image by image.

Every score follows from three numbers an image and class: pixels that are right, in the truth, and in the prediction.
A thousand images take half a megabyte, compressed a tenth of that.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

from faceparse.classes import NAMES, NUM_CLASSES
from faceparse.errors import DataError
from faceparse.files import write_atomically

FILE_NAME = "evaluation.npz"
"""Where a run's folder keeps those of its best checkpoint."""

_LARGEST_FILE = 1 << 30
"""Bytes that such a file may take once it is unpacked: some two million images."""

_EPSILON = 1e-7
"""As in `metrics`: in every denominator of the 2025 score."""


@dataclass(frozen=True)
class ImageCounts:
    """Pixels of each image and class."""

    names: tuple[str, ...]
    """Of the images, each once."""
    counts: Int64[np.ndarray, "num 3 19"]
    """Pixels that are right, in the truth, and in the prediction."""

    def save(self, path: Path) -> None:
        """Write an `.npz` of plain arrays: `names` (UTF-8, one a line), `counts`, `classes`."""
        buffer = io.BytesIO()
        names = np.frombuffer("\n".join(self.names).encode(errors="surrogateescape"), np.uint8)
        classes = np.frombuffer("\n".join(NAMES).encode(), np.uint8)
        np.savez_compressed(buffer, names=names, counts=self.counts, classes=classes)
        write_atomically(path, buffer.getvalue())

    def of(self, names: Sequence[str]) -> "ImageCounts":
        """Those of some images, in the given order; every one of them must be here."""
        at = {name: index for index, name in enumerate(self.names)}
        return ImageCounts(tuple(names), self.counts[[at[name] for name in names]])

    def per_class(self) -> dict[str, tuple[float, float, float]]:
        """IoU, accuracy and F1 of each class over all images, as `metrics.ClassScore` defines them."""
        right, truth, prediction = self.counts.sum(axis=0).astype(np.float64)
        parts = ((right, truth + prediction - right), (right, truth), (2 * right, truth + prediction))
        columns = [np.divide(part, whole, out=np.full(NUM_CLASSES, np.nan), where=whole > 0) for part, whole in parts]
        return {name: tuple(row) for name, row in zip(NAMES, np.stack(columns, axis=1).tolist(), strict=True)}

    @property
    def fscores(self) -> Float64[np.ndarray, "num"]:
        """`fscore_2025` of each image; NaN where its truth holds no class."""
        right, truth, prediction = np.moveaxis(self.counts.astype(np.float64), 1, 0)
        precision, recall = right / (prediction + _EPSILON), right / (truth + _EPSILON)
        f = np.where(truth > 0, 2 * precision * recall / (precision + recall + _EPSILON), 0)
        num = (truth > 0).sum(axis=1)
        return np.where(num > 0, f.sum(axis=1) / np.maximum(num, 1), np.nan)


def load_image_counts(path: Path) -> ImageCounts:
    """Read what `ImageCounts.save` wrote; nothing is unpickled.

    Raises:
        DataError: no such file, damaged, too large, or something else.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(item.file_size for item in packed.infolist()) > _LARGEST_FILE:
                raise DataError(f"{path}: larger than any evaluation is once it is unpacked; make it anew")
        with np.load(path, allow_pickle=False) as arrays:
            names = tuple(arrays["names"].tobytes().decode(errors="surrogateescape").split("\n"))
            counts, classes = arrays["counts"], arrays["classes"].tobytes().decode(errors="replace")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot be read as an evaluation's counts ({error}); make it anew") from error
    if tuple(classes.split("\n")) != NAMES or counts.dtype != np.int64:
        raise DataError(f"{path}: counts other classes than the {NUM_CLASSES} of this program; make it anew")
    if counts.shape != (len(names), 3, NUM_CLASSES) or len(set(names)) < len(names) or counts.min(initial=0) < 0:
        raise DataError(f"{path}: holds {counts.shape} counts for {len(names)} images; make it anew")
    return ImageCounts(names, counts)
