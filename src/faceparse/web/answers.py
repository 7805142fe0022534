"""What the server says of a photo: its label map, pictures of it, and its parts in numbers."""

import base64
from typing import Any

import numpy as np

from faceparse import images
from faceparse.classes import CLASSES, NUM_CLASSES
from faceparse.errors import UsageError
from faceparse.infer.parser import Parsed
from faceparse.infer.wild.faces import ParsedFaces
from faceparse.infer.wild.measure import face_as_json

PICTURES = {
    "ids": lambda parsed: images.encode_labels(parsed.labels),
    "color": lambda parsed: images.encode_image(parsed.color(), ".png"),
    "overlay": lambda parsed: images.encode_image(parsed.overlay(), ".png"),
}
"""PNGs by what `?write=` calls them, which is what `faceparse predict --write` does."""

KINDS = (*PICTURES, "json")


def check_kind(kind: str) -> str:
    """The kind itself.

    Raises:
        UsageError: none of `KINDS`; the nearest is named.
    """
    if kind not in KINDS:
        raise UsageError.unknown("output", kind, KINDS)
    return kind


def describe(parsed: Parsed) -> dict[str, Any]:
    """A photo's size, its parts and its label map, ready for JSON.

    Every part has `id`, `name`, `color` (#rrggbb), `pixels`, `share` (of the photo, 0-1) and `box` (left, top, width,
    height); background is among them. `has_features` is false where there are no eyes, brows, nose or mouth, and so
    perhaps no face. `ids` is the PNG of ids in base64. Where faces were searched, `faces` has for each its `id` (1 is
    the largest), `sureness`, `angle` (degrees, clockwise) and `square` (its corners in the photo).
    """
    height, width = parsed.labels.shape
    counts = np.bincount(parsed.labels.ravel(), minlength=NUM_CLASSES)
    parts = [
        {
            "id": row.id,
            "name": row.name,
            "color": row.hex_color,
            "pixels": int(counts[row.id]),
            "share": float(counts[row.id] / parsed.labels.size),
            "box": _box(parsed.labels == row.id),
        }
        for row in CLASSES
        if counts[row.id]
    ]
    ids = base64.b64encode(PICTURES["ids"](parsed)).decode()
    faces = {"faces": [face_as_json(face) for face in parsed.faces]} if isinstance(parsed, ParsedFaces) else {}
    has_features = parsed.has_features
    return {"width": width, "height": height, "parts": parts, "has_features": has_features, **faces, "ids": ids}


def cut_out(parsed: Parsed, name: str) -> bytes:
    """A part as a PNG with transparency and soft edges.

    Raises:
        UsageError: no class has this name, or the photo does not show it.
    """
    if not parsed.part(name).any():
        shown = ", ".join(parsed.parts) or "no part of a face"
        raise UsageError(f"the photo shows no {name.replace('_', ' ')}; it shows: {shown}")
    return images.encode_image(parsed.cut_out(name), ".png")


def _box(part: np.ndarray) -> list[int]:
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    return [int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1]
