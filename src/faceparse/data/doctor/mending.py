"""A mended copy of a dataset: what can be put right is, what cannot is set aside, all else stays byte for byte."""

import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from faceparse.console import log, progress
from faceparse.data.doctor.examination import MAX_FILE_BYTES, Examination, Key, protection
from faceparse.data.doctor.faults import Fault
from faceparse.data.doctor.inventory import Entry, find_splits
from faceparse.data.doctor.masks import read_mask
from faceparse.data.doctor.sides import find_side_faults, mend_sides
from faceparse.data.manifest import MANIFEST
from faceparse.errors import UsageError
from faceparse.files import folder_written_whole, write_atomically
from faceparse.images import read_image, write_labels
from faceparse.types import Labels

LOG = "doctor.json"
QUARANTINE = "quarantine"

_HOPELESS = {"unreadable_image", "unreadable_mask", "missing_partner", "wrong_ids", "empty_mask"}
_SIDES = {"mirrored_labels": "left and right ids exchanged", "wrong_side": "given the id of the side that it is on"}
_SIZES = {"wrong_size": "brought to its photo's size by nearest neighbour"}
_FORMS = {"wrong_mode": "written as 8-bit ids", "wrong_palette": "written with the ids of its colours"}


@dataclass(frozen=True)
class Treatment:
    """What was done about one pair."""

    split: str
    name: str
    action: str
    """`mended`, `quarantined`, or `kept` where a person has to decide."""
    why: tuple[str, ...]
    """Its faults, and what was done about each that was mended."""

    def as_dict(self) -> dict[str, object]:
        """An entry of the log."""
        return {"split": self.split, "name": self.name, "action": self.action, "why": list(self.why)}


def check_target(dataset: Path, out: Path) -> None:
    """Refuse a folder that a mended copy cannot be written to.

    Raises:
        UsageError: it has something in it, or is inside the dataset or around it.
    """
    source, target = dataset.resolve(), out.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise UsageError(f"--fix {out}: overlaps with the dataset, which is never changed; choose a folder beside it")
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise UsageError(f"--fix {out}: is there already; give a new or empty folder")


def mend(dataset: Path, examination: Examination, out: Path) -> list[Treatment]:
    """Write a mended copy of a dataset: photos, masks and the files beside their folders.

    Exchanged ids are put right and masks of another form become ids. Pairs that cannot be mended, later copies of a
    photo, and what leaked from one split to another go to `quarantine/SPLIT/`: of photos in several splits that of
    `test`, then of `val`, stays. `doctor.json` tells what was done. OUT appears when it is complete.

    Raises:
        UsageError: OUT has something in it, or overlaps with the dataset.
        FaceparseError: it cannot be written.
    """
    check_target(dataset, out)
    faults: dict[Key, list[Fault]] = defaultdict(list)
    for fault in examination.faults:
        faults[fault.split, fault.name].append(fault)
    with folder_written_whole(out) as folder:
        places = _make_folders(dataset, folder)
        treatments: dict[Key, Treatment] = {}
        for key, entry in progress(examination.entries.items(), "mending", total=len(examination.entries)):
            treatment = _treat(entry, faults[key], places[entry.split])
            if treatment:
                treatments[key] = treatment
        for key, reason in _surplus(examination, treatments):
            before = treatments[key].why if key in treatments else ()
            treatments[key] = Treatment(*key, "quarantined", (*before, reason))
        for key, treatment in treatments.items():
            if treatment.action == "quarantined":
                _set_aside(examination.entries[key], places[treatment.split], folder / QUARANTINE / treatment.split)
        _write_log(folder / LOG, dataset, examination, list(treatments.values()))
    return list(treatments.values())


def _make_folders(dataset: Path, folder: Path) -> dict[str, Path]:
    """The splits' folders in the copy, with the files that lie beside images/ and masks/."""
    alone = (dataset / "images").is_dir()
    places = {}
    for split, source in find_splits(dataset).items():
        places[split] = folder if alone else folder / split
        (places[split] / "images").mkdir(parents=True)
        if (source / "masks").is_dir():
            (places[split] / "masks").mkdir()
        _copy_notes(source, places[split])
    if not alone:
        _copy_notes(dataset, folder)
    return places


def _copy_notes(source: Path, target: Path) -> None:
    for path in source.iterdir():
        if not path.is_file() or path.is_symlink() or path.name.startswith(".") or path.name == LOG:
            continue
        if path.name == MANIFEST:
            log.warning("%s: not copied, as its hashes are those of the files before; split the mended copy anew", path)
            continue
        shutil.copyfile(path, target / path.name)


def _treat(entry: Entry, faults: Sequence[Fault], place: Path) -> Treatment | None:
    """Write what of a pair is kept; copies are looked at afterwards, as a pair that is quarantined is no copy."""
    own = [fault for fault in faults if fault.kind not in ("duplicate", "leak")]
    why = tuple(f"{fault.kind}: {fault.detail}" for fault in own)
    kinds = {fault.kind for fault in own}
    if kinds & _HOPELESS:
        return Treatment(*entry.key, "quarantined", why)
    done = {kind: what for kind, what in (_FORMS | _SIDES | _SIZES).items() if kind in kinds}
    labels = None
    if done:
        assert entry.mask
        assert entry.image
        labels = _mended(entry.mask, entry.image, kinds)
        if labels is None:
            return Treatment(*entry.key, "quarantined", (*why, "could not be put right"))
    for path in entry.files:
        target = place / path.parent.name / path.name
        if path == entry.mask and labels is not None:
            write_labels(target, labels)
        else:
            shutil.copyfile(path, target)
    if not own:
        return None
    mended = tuple(f"{fault.kind}: {fault.detail}; {done.get(fault.kind, 'not changed: look at it')}" for fault in own)
    return Treatment(*entry.key, "mended" if done else "kept", mended)


def _mended(mask: Path, image: Path, kinds: set[str]) -> Labels | None:
    """The ids as they should be, at the photo's size; None where they cannot be told."""
    labels = read_mask(mask).labels
    if labels is None:
        return None
    if kinds & _SIDES.keys():
        labels = mend_sides(labels)
        if find_side_faults(labels):
            return None
    if kinds & _SIZES.keys():
        height, width = read_image(image).shape[:2]
        if labels.shape[1] * height != labels.shape[0] * width:
            return None
        labels = np.asarray(cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT))
    return labels


def _surplus(examination: Examination, treatments: dict[Key, Treatment]) -> Iterable[tuple[Key, str]]:
    """Photos that are copies of one that is kept, and why they are not."""
    gone = {key for key, treatment in treatments.items() if treatment.action == "quarantined"}
    for group in examination.copies:
        left = [key for key in group if key not in gone]
        if not left:
            continue
        # the earliest of the best protected split; max() takes the first of equals
        kept = max(left, key=lambda key: protection(key[0]))
        for key in left:
            if key != kept:
                yield (
                    key,
                    f"{'duplicate' if key[0] == kept[0] else 'leak'}: a copy of {kept[0]}/{kept[1]}, which is kept",
                )


def _set_aside(entry: Entry, place: Path, quarantine: Path) -> None:
    for path in entry.files:
        (place / path.parent.name / path.name).unlink(missing_ok=True)
        # what is no file (a folder, a pipe), may not be read or is far too large for a picture stays where it is
        if path.is_file() and os.access(path, os.R_OK) and path.stat().st_size <= MAX_FILE_BYTES:
            target = quarantine / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _write_log(path: Path, dataset: Path, examination: Examination, treatments: Sequence[Treatment]) -> None:
    counts = Counter(treatment.action for treatment in treatments)
    written = {
        "dataset": dataset.resolve().name,
        "num_images": examination.num_images,
        "num_unchanged": len(examination.entries) - len(treatments),
        **{f"num_{action}": counts[action] for action in ("mended", "quarantined", "kept")},
        "treatments": [treatment.as_dict() for treatment in treatments],
    }
    write_atomically(path, json.dumps(written, indent=2) + "\n")
