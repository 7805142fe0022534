"""What the numbers or colours of a set's masks mean, decided by looking at some of them, and masks read accordingly.

No file says which label order it has, and BiSeNet's ids look like CelebAMask-HQ's. Faces are alike, though: brows lie
above eyes, eyes above the nose, and so on. Of the orders that explain all ids (of the palettes that explain all
colours) that one is taken in which the faces come out as faces. The layout's own order is left only for one that is
better by far, and left and right are exchanged only where most of the set has them the viewer's way: single pairs that
disagree are the doctor's business.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from faceparse.classes import IGNORE_LABEL, NUM_CLASSES, mirror_lookup
from faceparse.data.conversions.colors import labels_from_colors
from faceparse.data.conversions.orders import ORDERS, UNKNOWN, relabel
from faceparse.data.conversions.palettes import PALETTES, Palette
from faceparse.data.conversions.sides import calls_image_left_left
from faceparse.data.ingest.anatomy import Places, places, plausibility
from faceparse.errors import DataError
from faceparse.images import read_image, read_labels
from faceparse.types import Labels

NUM_LOOKED_AT = 64
"""So many masks, spread evenly over the set, are looked at before any is taken."""

_SIDE_LOOKED_AT = 512
"""Of larger masks every second pixel (third, ...) is looked at."""

_BETTER_BY = 0.25
_MOST, _FEWEST = 0.8, 8
"""Sides are exchanged where this share, and so many, of the masks that tell have them the viewer's way. Where they
have less than this share of what is so in faces, their order is doubted: real ones have .99, misread ones .7."""

Stored = UInt8[np.ndarray, "height width"] | UInt8[np.ndarray, "height width 3"]
"""Ids in some order, or RGB."""


@dataclass(frozen=True)
class Reading:
    """How a set's masks become label maps of ours."""

    order: str = "celebamask"
    palette: str | None = None
    exchanged: bool = False
    """Left and right, which the set has the viewer's way."""

    @property
    def changes_ids(self) -> bool:
        """Whether even a mask of ids must be rewritten."""
        return self.exchanged or self.order != "celebamask"

    def labels(self, stored: Stored, name: str) -> Labels:
        """Ids or colours as a label map of ours.

        Raises:
            DataError: an id or a colour that the order or palette has not.
        """
        if stored.ndim == 2:
            labels = relabel(stored, ORDERS[self.order], ORDERS["celebamask"], name)
        else:
            labels = labels_from_colors(stored, name, PALETTES[self.palette] if self.palette else None)
        return mirror_lookup()[labels] if self.exchanged else labels


def read_stored(content: bytes, name: str) -> tuple[Stored, bool]:
    """A mask's ids where it has any, otherwise its colours; and whether the file is a label map as it stands.

    RGB of three equal channels is ids as well.

    Raises:
        DataError: damaged, not a PNG, or grey that cannot be ids.
    """
    if content.startswith(b"\xff\xd8\xff"):
        raise DataError(
            f"{name}: a JPEG, which changes ids and colours; faceparse data relabel --tolerance 12 mends it"
        )
    try:
        return read_labels(content, name), True
    except DataError:
        if not content.startswith(b"\x89PNG") or content[25:26] not in (b"\2", b"\3", b"\6"):
            # grey of 16 bits or of two: whatever it means, scaled to 8 bits it would mean something else
            raise
    image = read_image(content, name)
    if (image == image[..., :1]).all():
        return _require_ids(image[..., 0], name), False
    return image, False


def _require_ids(ids: Labels, name: str) -> Labels:
    wrong = ids[(ids >= NUM_CLASSES) & (ids != IGNORE_LABEL)]
    if wrong.size:
        raise DataError(f"{name}: grey of {int(wrong.max())} and more, where a mask has ids up to 18, or colours")
    return ids


def look(masks: Sequence[Callable[[], Stored]], orders: Sequence[str]) -> tuple[Reading, list[str]]:
    """Decide how a set's masks are to be read; and what to tell of it, a sentence each.

    The same set always gives the same, so that a run that was killed goes on as it began.

    Args:
        masks: read one each.
        orders: that the layout may have, the likeliest first.

    Raises:
        DataError: they are coloured, in no palette that is known.
    """
    ids, colored = [], []
    for read in masks[:: max(1, len(masks) // NUM_LOOKED_AT)]:
        try:
            stored = read()
        except DataError:
            continue
        step = max(1, max(stored.shape) // _SIDE_LOOKED_AT)
        (ids if stored.ndim == 2 else colored).append(stored[::step, ::step].copy())
    order, palette, notes = orders[0], None, []
    if ids:
        order = _order_of(ids, orders)
        if order != orders[0]:
            notes.append(f"masks are in the label order '{order}', by where the parts lie: relabelled")
    if colored:
        palette = _palette_of(colored)
        notes.append(f"masks are coloured, in the palette '{palette}': made ids")
        order = order if ids else PALETTES[palette].order.name
    reading = Reading(order, palette)
    maps = [reading.labels(stored, "") for stored in (*ids, *colored) if _fits(stored, reading)]
    exchanged, note = _sides(maps)
    return Reading(order, palette, exchanged), notes + [one for one in (note, _doubt(maps, order)) if one]


def _order_of(ids: Sequence[Labels], orders: Sequence[str]) -> str:
    """The order in which the faces are most plausible, among those that have all the ids."""
    found = np.unique(np.concatenate([np.unique(one) for one in ids]))
    possible = [name for name in orders if (ORDERS[name].to_ours[found] != UNKNOWN).all()]
    seen = [places(one) for one in ids]
    return _most_plausible([(name, ORDERS[name].to_ours) for name in possible], seen) if possible else orders[0]


def _palette_of(colored: Sequence[UInt8[np.ndarray, "height width 3"]]) -> str:
    counts: dict[str, int] = {}
    for name, palette in PALETTES.items():
        counts[name] = sum(_explains(palette, image) for image in colored)
    most = max(counts.values())
    if not most:
        colors = np.unique(colored[0].reshape(-1, 3), axis=0)
        raise DataError(
            f"masks are coloured ({len(colors)} colours in one, such as {tuple(colors[-1].tolist())}), in no palette "
            f"that is known ({', '.join(PALETTES)}); see: faceparse data relabel --help"
        )
    # of two that explain as much, the masks have no colour in which they differ
    return max(counts, key=lambda name: counts[name])


def _explains(palette: Palette, image: UInt8[np.ndarray, "height width 3"]) -> bool:
    try:
        labels_from_colors(image, "", palette)
    except DataError:
        return False
    return True


def _fits(stored: Stored, reading: Reading) -> bool:
    try:
        reading.labels(stored, "")
    except DataError:
        return False
    return True


def _most_plausible(tables: Sequence[tuple[str, UInt8[np.ndarray, "256"]]], seen: Sequence[Places]) -> str:
    scores = {name: _mean(plausibility(one.relabelled(table)) for one in seen) for name, table in tables}
    expected = tables[0][0]
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > scores[expected] + _BETTER_BY else expected


def _mean(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else 0.0


def _doubt(maps: Sequence[Labels], order: str) -> str:
    """What to tell of masks that show no faces in the order taken: it is perhaps one that the layout never has."""
    shares = [share for labels in maps if (share := plausibility(places(labels))) is not None]
    if len(shares) < _FEWEST or np.mean(shares) >= _MOST:
        return ""
    return (
        f"read in the order '{order}' the parts do not lie as in faces, so it is perhaps another one: look at them, "
        "and see faceparse data relabel"
    )


def _sides(maps: Sequence[Labels]) -> tuple[bool, str]:
    """Whether left and right are to be exchanged, and what to tell."""
    told = [wrong for labels in maps if (wrong := calls_image_left_left(labels)) is not None]
    share = sum(told) / len(told) if told else 0.0
    seen = f"the left parts lie on the image's left in {sum(told)} of {len(told)} masks looked at"
    if share >= _MOST and len(told) >= _FEWEST:
        return True, f"{seen}: left and right are the viewer's, and were exchanged to be the subject's"
    if share > 1 - _MOST:
        return False, f"{seen}, where the subject's left is on the image's right: see faceparse data doctor"
    return False, ""
