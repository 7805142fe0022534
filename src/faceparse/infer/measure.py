"""What a label map says in numbers: area, box, mean colour and contours of each part, for JSON and tables."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from faceparse.classes import NAMES, NUM_CLASSES
from faceparse.infer.contours import Polygon, trace
from faceparse.types import Image, Labels

COLUMNS = ("name", "part", "pixels", "share", "red", "green", "blue", "left", "top", "right", "bottom")
"""The header of a table of parts."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A part of a photo in numbers."""

    name: str
    pixels: int
    share: float
    """Of the whole photo, in [0, 1]."""
    color: tuple[float, float, float]
    """Mean red, green and blue of the part's pixels, 0-255."""
    box: tuple[int, int, int, int]
    """Left, top, right, bottom: the part lies in columns left to right - 1 and rows top to bottom - 1."""


def measure(image: Image, labels: Labels) -> list[Measured]:
    """Every part that a photo shows, in the table's order, background left out."""
    flat = labels.ravel()
    counts = np.bincount(flat, minlength=NUM_CLASSES)
    sums = [np.bincount(flat, weights=image[..., channel].ravel(), minlength=NUM_CLASSES) for channel in range(3)]
    rows = _extents(labels)
    columns = _extents(labels.T)
    found = []
    for index in range(1, NUM_CLASSES):
        if not counts[index]:
            continue
        red, green, blue = (float(total[index] / counts[index]) for total in sums)
        (top, bottom), (left, right) = rows[index], columns[index]
        found.append(
            Measured(
                name=NAMES[index],
                pixels=int(counts[index]),
                share=float(counts[index] / labels.size),
                color=(red, green, blue),
                box=(left, top, right, bottom),
            )
        )
    return found


def _extents(labels: np.ndarray) -> dict[int, tuple[int, int]]:
    """First row of each class, and the one after its last."""
    extents: dict[int, tuple[int, int]] = {}
    for row, line in enumerate(labels):
        for index in np.flatnonzero(np.bincount(line)).tolist():
            extents[index] = (extents.get(index, (row, row))[0], row + 1)
    return extents


def as_json(name: str, image: Image, labels: Labels) -> dict[str, object]:
    """A photo's parts as what JSON can hold: sizes, and for each part its numbers and its polygons of [x, y]."""
    return {
        "name": name,
        "width": labels.shape[1],
        "height": labels.shape[0],
        "parts": {
            part.name: {
                "pixels": part.pixels,
                "share": part.share,
                "color": list(part.color),
                "box": list(part.box),
                "contours": [polygon.tolist() for polygon in contours(labels, part.name)],
            }
            for part in measure(image, labels)
        },
    }


def contours(labels: Labels, part: str) -> list[Polygon]:
    """The polygons of a part by its name in the table: see `faceparse.infer.contours.trace`."""
    return trace(labels == NAMES.index(part))


def as_csv(name: str, parts: Sequence[Measured]) -> str:
    """A photo's parts as a table with a header, a line each."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for part in parts:
        color = (f"{channel:.2f}" for channel in part.color)
        table.writerow((name, part.name, part.pixels, f"{part.share:.6f}", *color, *part.box))
    return text.getvalue()
