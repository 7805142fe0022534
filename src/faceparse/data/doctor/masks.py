"""A mask as it was meant: its ids, and what stood in the way of reading them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image as PillowImage

from faceparse.classes import IGNORE_LABEL, NUM_CLASSES, PALETTE
from faceparse.data.conversions.colors import labels_from_colors
from faceparse.errors import DataError
from faceparse.images import MAX_PIXELS, read_image, read_labels
from faceparse.types import Labels

_OFFICIAL = {tuple(color): id for id, color in enumerate(PALETTE.tolist())}
_LUMINANCES = np.asarray(PillowImage.fromarray(PALETTE[None].copy()).convert("L"))[0].tolist()
"""What `convert("L")` makes of each official colour: 1, 2 and 13 become 61, 113 and 23."""


@dataclass(frozen=True)
class Reading:
    """What a mask file holds."""

    labels: Labels | None
    """Its ids; None where they cannot be told."""
    size: tuple[int, int] | None
    """Width and height, where it is a picture at all."""
    kind: str | None = None
    """The kind of its fault; None where there is none."""
    detail: str = ""


def read_mask(path: Path) -> Reading:
    """Read a mask, and get its ids from its colours where those are what it holds. Never raises for a bad file."""
    try:
        labels = read_labels(path, "mask")
    except DataError as error:
        return _diagnose(path, str(error))
    size = labels.shape[1], labels.shape[0]
    by_color = _by_palette(labels, _palette(path))
    if by_color is not None:
        return Reading(by_color, size, "wrong_palette", _permuted(labels, by_color))
    return Reading(labels, size)


def _diagnose(path: Path, reason: str) -> Reading:
    """Why `read_labels` refused a file."""
    try:
        with PillowImage.open(path, formats=["PNG"]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return Reading(None, None, "unreadable_mask", reason)
            mode, size = picture.mode, picture.size
            bits = str(picture.tile[0][3]).partition(";")[2] if mode == "L" else ""
            palette = _palette(path)
            picture.load()
            values = np.array(picture)
    except Exception:
        # Pillow's readers raise anything for bytes that nobody checked; `read_labels` has told the reason in our words
        return Reading(None, None, "unreadable_mask", reason.removeprefix("mask: "))
    if mode not in ("L", "P") or bits:
        return _wrong_mode(path, f"{bits}-bit grey" if bits else f"mode {mode}", size, values)
    by_color = _by_palette(values, palette)
    if by_color is not None:
        return Reading(by_color, size, "wrong_palette", _permuted(values, by_color))
    return Reading(None, size, "wrong_ids", _wrong_ids(values))


def _wrong_mode(path: Path, mode: str, size: tuple[int, int], values: np.ndarray) -> Reading:
    if values.ndim == 2 and "bit grey" not in mode:
        # 16 bits, or 1: whether these are ids shows in the values
        if values.dtype != bool and values.max(initial=0) < NUM_CLASSES:
            detail = f"{mode}, where one 8-bit channel is expected; its values are ids"
            return Reading(values.astype(np.uint8), size, "wrong_mode", detail)
        return Reading(None, size, "wrong_mode", f"{mode}, where one 8-bit channel of ids is expected")
    try:
        rgb = read_image(path)
    except DataError as error:
        return Reading(None, size, "wrong_mode", f"{mode}: {error}")
    if values.ndim == 3 and (rgb == rgb[..., :1]).all() and _are_ids(rgb[..., 0]):
        return Reading(rgb[..., 0].copy(), size, "wrong_mode", f"{mode}: ids, the same in each channel")
    try:
        labels = labels_from_colors(rgb, "mask")
    except DataError as error:
        reason = str(error).removeprefix("mask: ").partition(";")[0]
        return Reading(None, size, "wrong_mode", f"{mode} instead of ids, and {reason}")
    detail = f"{mode}: the official colours instead of ids; faceparse data relabel makes them ids"
    return Reading(labels, size, "wrong_mode", detail)


def _are_ids(values: np.ndarray) -> bool:
    return bool(((values < NUM_CLASSES) | (values == IGNORE_LABEL)).all())


def _wrong_ids(values: np.ndarray) -> str:
    """Which values are no ids, and what was probably done to the mask."""
    found, counts = np.unique(values, return_counts=True)
    wrong = (found >= NUM_CLASSES) & (found != IGNORE_LABEL)
    shown = ", ".join(str(value) for value in found[wrong][:8].tolist()) + (", …" if wrong.sum() > 8 else "")
    detail = f"{int(counts[wrong].sum())} pixels hold {shown}, where ids are 0 to {NUM_CLASSES - 1} (or 255, ignored)"
    if set(found.tolist()) <= set(_LUMINANCES):
        return detail + '; these are the official colours turned grey, as convert("L") does: convert("P") keeps the ids'
    if wrong.sum() > NUM_CLASSES and not np.isin(found, _LUMINANCES).all():
        return detail + "; so many values come of a photo, of JPEG, or of smooth resizing: masks take nearest neighbour"
    return detail + "; another label order becomes this one with: faceparse data relabel"


def _palette(path: Path) -> UInt8[np.ndarray, "entries 3"] | None:
    """The palette of a PNG in mode P."""
    with PillowImage.open(path, formats=["PNG"]) as picture:
        colors = picture.getpalette("RGB") if picture.mode == "P" else None
    return None if not colors else np.array(colors, dtype=np.uint8).reshape(-1, 3)


def _by_palette(values: UInt8[np.ndarray, "height width"], palette: np.ndarray | None) -> Labels | None:
    """The ids of the official colours shown, where a mask shows nothing else and its values are other ids.

    Quantising a coloured mask gives such files. Other palettes (that of 2025, greys) say nothing of the ids.
    """
    used = np.unique(values).tolist()
    if palette is None or used[-1] >= len(palette):
        return None
    ids = [_OFFICIAL.get(tuple(palette[value].tolist())) for value in used]
    # black alone is background in any palette
    if ids == used or set(ids) == {0}:
        return None
    table = np.zeros(256, dtype=np.uint8)
    for value, id in zip(used, ids, strict=True):
        if id is None:
            return None
        table[value] = id
    return table[values]


def _permuted(values: np.ndarray, labels: Labels) -> str:
    pairs = np.unique(np.stack([values[values != labels], labels[values != labels]], axis=-1), axis=0).tolist()
    shown = ", ".join(f"{value} shows the colour of {id}" for value, id in pairs[:4]) + (
        ", …" if len(pairs) > 4 else ""
    )
    return f"its palette has the official colours under other ids: {shown}"
