"""A dataset examined: every file read once, what is wrong with each, and which photos are copies of others."""

import filecmp
import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from faceparse.data.doctor.duplicates import Fingerprint, fingerprint, match
from faceparse.data.doctor.faults import KINDS, Fault
from faceparse.data.doctor.inventory import Entry, list_entries
from faceparse.data.doctor.masks import read_mask
from faceparse.data.doctor.orders import find_other_orders
from faceparse.data.doctor.plausible import describe_empty, find_oddities
from faceparse.data.doctor.sides import find_side_faults
from faceparse.data.parallel import in_processes
from faceparse.errors import DataError
from faceparse.images import IMAGE_SUFFIXES, read_image
from faceparse.types import Labels

MAX_FILE_BYTES = 256 * 2**20
"""A file that is larger is no photo and no mask, and is not opened."""

Key = tuple[str, str]
"""Split and name."""


@dataclass(frozen=True)
class Examination:
    """What is wrong with a dataset."""

    num_images: int
    """Photos found, readable or not."""
    faults: tuple[Fault, ...]
    """By kind in the order of `KINDS`, then by split and name."""
    entries: Mapping[Key, Entry]
    """Every name's files."""
    copies: tuple[tuple[Key, ...], ...]
    """Groups of photos that show the same, in the order of the splits."""

    def as_dict(self) -> dict[str, object]:
        """The object of `--json`."""
        return {"num_images": self.num_images, "faults": [fault.as_dict() for fault in self.faults]}


@dataclass(frozen=True)
class _Finding:
    faults: list[Fault]
    print: Fingerprint | None
    """None where there is no photo that can be read."""


def protection(split: str) -> int:
    """Of a photo in two splits, which keeps it: `test` before `val` before those that are trained on.

    What scores are measured on stays as it was, so that they can be compared with earlier ones.
    """
    return {"test": 2, "val": 1}.get(split, 0)


def examine(dataset: Path, num_processes: int | None = None) -> Examination:
    """Look for faults in all splits of a dataset, or in one split's folder. Nothing is changed.

    Raises:
        DataError: not a dataset, nothing in it, or a folder cannot be listed. Broken files raise nothing: they are
            faults.
        UsageError: a split's manifest, not a folder.
    """
    entries = list_entries(dataset)
    findings = list(in_processes(_prepare, entries, "examining", num_processes))
    faults = [fault for finding in findings for fault in finding.faults]
    seen = [(entry, finding.print) for entry, finding in zip(entries, findings, strict=True)]
    copies, of_copies = _compare([(entry, print) for entry, print in seen if print is not None])
    order = {kind: place for place, kind in enumerate(KINDS)}
    return Examination(
        num_images=sum(entry.image is not None for entry in entries),
        faults=tuple(sorted([*faults, *of_copies], key=lambda fault: order[fault.kind])),
        entries={entry.key: entry for entry in entries},
        copies=copies,
    )


def _prepare() -> Callable[[Entry], _Finding]:
    cv2.setNumThreads(1)
    return _examine_entry


def _examine_entry(entry: Entry) -> _Finding:
    fault = functools.partial(Fault, name=entry.name, split=entry.split)
    faults = [fault(kind="missing_partner", detail=detail) for detail in _partner_faults(entry)]
    image = size = None
    if entry.image:
        try:
            _refuse_large(entry.image)
            if entry.image.suffix.lower() not in IMAGE_SUFFIXES:
                raise DataError(f"named {entry.image.suffix}, where {', '.join(IMAGE_SUFFIXES)} are read; convert it")
            image = read_image(entry.image, "photo")
            size = image.shape[1], image.shape[0]
        except DataError as error:
            faults.append(fault(kind="unreadable_image", detail=str(error).removeprefix("photo: ")))
    if entry.mask:
        faults += _mask_faults(entry.mask, size, fault)
    return _Finding(faults, None if image is None else fingerprint(image))


def _partner_faults(entry: Entry) -> Iterable[str]:
    if entry.labelled and entry.mask is None:
        yield "a photo without a mask"
    if entry.image is None:
        yield "a mask without a photo"
    for folder in ("images", "masks"):
        names = [path.name for path in entry.files if path.parent.name == folder]
        if len(names) > 1:
            yield f"{folder}/ has {' and '.join(names)}: which one is meant?"


def _mask_faults(mask: Path, photo_size: tuple[int, int] | None, fault: Callable[..., Fault]) -> list[Fault]:
    try:
        _refuse_large(mask)
    except DataError as error:
        return [fault(kind="unreadable_mask", detail=str(error))]
    reading = read_mask(mask)
    faults = [fault(kind=reading.kind, detail=reading.detail)] if reading.kind else []
    if mask.suffix.lower() != ".png" and reading.kind != "unreadable_mask":
        faults.append(fault(kind="unreadable_mask", detail=f"named {mask.name}, where masks are NAME.png"))
    if photo_size and reading.size and reading.size != photo_size:
        faults.append(fault(kind="wrong_size", detail=_describe_sizes(reading.size, photo_size)))
    if reading.labels is not None:
        faults += [fault(kind=kind, detail=detail, classes=names) for kind, detail, names in _judge(reading.labels)]
    return faults


def _judge(labels: Labels) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """Kind, detail and classes of what is wrong with a map of good ids."""
    empty = describe_empty(labels)
    if empty:
        yield "empty_mask", empty, ()
        return
    oddities = find_oddities(labels)
    orders = find_other_orders(labels) if oddities else []
    if orders:
        # its sides and oddities are those of a map misread
        named = " or ".join(orders)
        detail = f"no face in our label order, but one in that of {named}; faceparse data relabel makes it ours"
        yield "wrong_ids", detail, ()
        return
    sides = find_side_faults(labels)
    for side in sides:
        yield side.kind, side.detail, side.classes
    # a left eye on each side is one fault, not two
    told = {name for side in sides if side.kind == "wrong_side" for name in side.classes}
    oddities = [oddity for oddity in oddities if not told & set(oddity.classes)]
    if oddities:
        names = {name: None for oddity in oddities for name in oddity.classes}
        yield "implausible", "; ".join(oddity.detail for oddity in oddities), tuple(names)


def _describe_sizes(mask: tuple[int, int], photo: tuple[int, int]) -> str:
    detail = f"the mask is {mask[0]}×{mask[1]}, its photo {photo[0]}×{photo[1]}"
    if mask[0] * photo[1] == mask[1] * photo[0]:
        return detail + "; of the same shape: --fix brings the mask to the photo's size"
    return detail


def _refuse_large(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError:
        return  # reading it tells why
    if size > MAX_FILE_BYTES:
        raise DataError(f"{size / 2**20:.0f} MB, where {MAX_FILE_BYTES // 2**20} are the limit; no photo is that large")


def _compare(seen: Sequence[tuple[Entry, Fingerprint]]) -> tuple[tuple[tuple[Key, ...], ...], list[Fault]]:
    """Groups of photos that are copies, and the faults that these are."""
    prints = np.array([print for _, print in seen], dtype=np.uint8).reshape(-1, 64, 64)
    groups: dict[int, dict[int, bool]] = defaultdict(dict)
    for copy in match(prints):
        groups[copy.first][copy.first] = False
        groups[copy.first][copy.second] = copy.mirrored
    faults: list[Fault] = []
    for members in groups.values():
        first_of: dict[str, int] = {}
        for index in sorted(members):
            first = first_of.setdefault(seen[index][0].split, index)
            if first != index:
                faults.append(_copy_fault("duplicate", seen, index, first, members))
        kept = max(first_of, key=protection)
        faults += [
            _copy_fault("leak", seen, first_of[split], first_of[kept], members) for split in first_of if split != kept
        ]
    return tuple(tuple(seen[index][0].key for index in sorted(members)) for members in groups.values()), faults


def _copy_fault(kind: str, seen: Sequence[tuple[Entry, Fingerprint]], one: int, other: int, mirrored: Mapping) -> Fault:
    this, that = seen[one][0], seen[other][0]
    assert this.image
    assert that.image
    if mirrored[one] != mirrored[other]:
        how = "a mirrored copy of"
    elif filecmp.cmp(this.image, that.image, shallow=False):
        how = "the same file as"
    else:
        how = "a copy (another size, quality, brightness or framing) of"
    where = f"{that.split}/{that.name}"
    return Fault(kind=kind, name=this.name, split=this.split, detail=f"{how} {where}", other=where)
