"""How much a label map looks like a face, told by where its classes lie; the wrong label order puts them elsewhere."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, UInt8

from faceparse.classes import class_id
from faceparse.types import Labels

_GROUPS = {
    "brows": ("left brow", "right brow"),
    "eyes": ("left eye", "right eye"),
    "ears": ("left ear", "right ear"),
}
_ABOVE = (
    ("brows", "eyes"),
    ("eyes", "nose"),
    ("nose", "upper lip"),
    ("upper lip", "lower lip"),
    ("lower lip", "neck"),
    ("neck", "cloth"),
    ("hat", "nose"),
    ("ears", "neck"),
)
_LARGER = (("skin", "nose"), ("skin", "brows"), ("nose", "eyes"), ("nose", "upper lip"), ("hair", "brows"))


@dataclass(frozen=True)
class Places:
    """Of each value of a label map: how many pixels, and the sum of their rows."""

    pixels: Float64[np.ndarray, "256"]
    rows: Float64[np.ndarray, "256"]

    def relabelled(self, table: UInt8[np.ndarray, "256"]) -> "Places":
        """The same of the map that `table` makes of it."""
        return Places(np.bincount(table, self.pixels, 256), np.bincount(table, self.rows, 256))


def places(labels: Labels) -> Places:
    """Count a label map in any order."""
    pixels, rows = np.zeros(256), np.zeros(256)
    for index, row in enumerate(labels):
        counts = np.bincount(row, minlength=256)
        pixels += counts
        rows += index * counts
    return Places(pixels, rows)


def plausibility(face: Places) -> float | None:
    """The share of what is so in faces (brows above eyes, a nose larger than an eye) that is so here, 0 to 1.

    Args:
        face: in our order.

    Returns:
        None where the map has no two classes to compare.
    """
    said = []
    for upper, lower in _ABOVE:
        (many, high), (few, low) = _of(face, upper), _of(face, lower)
        if many and few:
            said.append(high < low)
    for large, small in _LARGER:
        many, few = _of(face, large)[0], _of(face, small)[0]
        if many or few:
            said.append(many > few)
    return sum(said) / len(said) if said else None


def _of(face: Places, name: str) -> tuple[float, float]:
    """Pixels of a class or group, and their mean row."""
    ids = [class_id(one) for one in _GROUPS.get(name, (name,))]
    pixels = float(face.pixels[ids].sum())
    return pixels, float(face.rows[ids].sum()) / pixels if pixels else 0.0
