"""Data sets as they are handed out, made into a dataset folder: `faceparse data ingest`.

What a source holds is found by looking, in a folder, a zip or a folder of zips, under any wrapping folders:

- raw CelebAMask-HQ: `CelebA-HQ-img/K.jpg` (1024²) and a PNG per part, `CelebAMask-HQ-mask-anno/*/KKKKK_SUFFIX.png`
  (512²). A label map is built by painting the parts in the order of their ids, later over earlier, and the photo is
  made as small. `CelebA-HQ-to-CelebA-mapping.txt` gives the official split; without it everything is `train`.
- Helen with a picture per class: `helen.py`. Everything with a photo and a mask of one name: `layouts.py`.

What the masks' numbers or colours mean is looked at as well (`masks.py`). A file that is good already is copied byte
for byte; a pair that cannot be read is left out and named. Every file is written whole or not at all, and kept where it
is there already, so running an ingest again finishes one that was killed.
"""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from faceparse.data.conversions.orders import ORDERS
from faceparse.data.dataset import SPLITS
from faceparse.data.ingest import helen, raw
from faceparse.data.ingest.layouts import find_pairs
from faceparse.data.ingest.masks import look
from faceparse.data.ingest.pairs import Pair, SoftPair
from faceparse.data.ingest.source import Source
from faceparse.data.ingest.writing import Settler, Written, only_writer, write_unfinished
from faceparse.data.parallel import in_processes
from faceparse.errors import DataError, UsageError, some_names
from faceparse.files import UNFINISHED
from faceparse.images import read_labels

_Job = Pair | SoftPair | raw.PaintedPair
"""Files to write (`targets`, below the dataset's folder) and what is to be in them (`contents`)."""


@dataclass(frozen=True)
class Ingested:
    """What an ingest found and did."""

    layout: str
    order: str
    """The masks' label order, a name of `conversions.orders.ORDERS`."""
    num_images: dict[str, int]
    """Photos of each split that are in the dataset now."""
    unlabelled: list[str]
    """Splits of photos alone."""
    lacking: list[str]
    """Classes that no mask of this order can have."""
    merged: list[str]
    """What this order has as one and ours as several, a sentence each."""
    notes: list[str] = field(default_factory=list)
    """What was decided by looking at the masks, a sentence each."""
    left_out: list[str] = field(default_factory=list)
    """Files and pairs that could not be taken, and why."""
    num_written: int = 0
    num_kept: int = 0
    """Files that were there, known by their names alone."""


@dataclass(frozen=True)
class _Plan:
    layout: str
    jobs: Sequence[_Job]
    order: str = "celebamask"
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def ingest(source: Path, out: Path) -> Ingested:
    """Make a dataset folder of what others hold.

    Args:
        source: folder, zip or folder of zips.
        out: the dataset's folder; gets `train/`, `val/` and `test/`, as far as the source has them.

    Raises:
        DataError: the source is of no known layout or unsafe, nothing in it could be taken, or `out` holds other files.
        FaceparseError: another ingest is writing to `out`, or it cannot be written.
    """
    _refuse_overlap(source, out)
    plan = _look_at(source)
    targets = [target for job in plan.jobs for target in job.targets]
    foreign = _present(out) - set(targets)
    if foreign:
        raise DataError(
            f"{out}: holds {len(foreign)} file(s) not of {source} ({some_names(foreign)}); choose another OUT"
        )
    with only_writer(out):
        _clear_unfinished(out)
        there = _present(out)
        pending = [job for job in plan.jobs if not there.issuperset(job.targets)]
        for folder in {(out / target).parent for job in pending for target in job.targets}:
            folder.mkdir(parents=True, exist_ok=True)
        faults = _work(source, out, pending)
    if len(faults) == len(plan.jobs):
        raise DataError(f"{source}: none of {len(faults)} could be taken: {some_names(faults)}")
    return _told(plan, out, faults, len(_present(out) - there))


def _look_at(source: Path) -> _Plan:
    opened = Source(source)
    plan = _plan(opened)
    if plan is None and opened.zips_within():
        opened = Source(source, zips_within=True)
        plan = _plan(opened)
    if plan is None:
        top = {name.split("/")[0] + "/" * ("/" in name) for name in opened.names}
        is_nested = any(name.lower().endswith(".zip") for name in opened.names)
        raise DataError(
            f"{source}: no layout that is known: found {some_names(top) or 'nothing'}"
            f"{' (a zip in a zip: unpack the outer one and give its folder)' * is_nested}; expected "
            "CelebA-HQ-img/ with CelebAMask-HQ-mask-anno/, train/images/ with train/masks/ (or labels/), "
            "img_dir/train/ with ann_dir/train/, or a folder of photos"
        )
    if opened.num_unnameable:
        told = f"{opened.num_unnameable} file(s) whose names hold control characters or are not UTF-8"
        plan = replace(plan, faults=(*plan.faults, told))
    return plan


def _plan(source: Source) -> _Plan | None:
    images, parts = _matches(raw.IMAGE, source), _matches(raw.PART, source)
    if images and parts:
        return _Plan("raw CelebAMask-HQ", raw.plan(source, images, parts))
    soft = helen.plan(source)
    if soft is not None:
        return _read_alike(source, "Helen, a picture per class", soft[0], ("helen", "lapa"), soft[1])
    official = raw.official_split(source)
    found = find_pairs(
        source, (lambda name: official(int(name)) if name.isdecimal() else "train") if official else None
    )
    if found is None or (parts and not found.pairs) or (images and all(mask is None for *_, mask in found.pairs)):
        if images or parts:
            has, lacks = ("CelebA-HQ-img", "CelebAMask-HQ-mask-anno")[:: 1 if images else -1]
            raise DataError(f"{source.path}: has {has} and no {lacks}; raw CelebAMask-HQ needs both")
        return None
    pairs = [Pair(*pair) for pair in found.pairs]
    plan = _read_alike(source, found.layout, pairs, found.orders, found.faults)
    return replace(plan, notes=(*plan.notes, found.passed_over)) if found.passed_over else plan


def _read_alike(
    source: Source, layout: str, jobs: Sequence[Pair | SoftPair], orders: Sequence[str], faults: Sequence[str]
) -> _Plan:
    """A plan in which every mask is read in the way that a look at some of them suggests."""
    masked = [job for job in jobs if isinstance(job, SoftPair) or job.mask]
    if not masked:
        if jobs and all(_is_label_map(source, job) for job in jobs[:: max(1, len(jobs) // 3)]):
            raise DataError(
                f"{source.path}: holds label maps and no photos; masks are taken with the photos they are of"
            )
        return _Plan(layout, jobs, faults=tuple(faults))
    reading, notes = look([partial(job.stored, source) for job in masked], orders)
    return _Plan(layout, [job.read_as(reading) for job in jobs], reading.order, tuple(notes), tuple(faults))


def _is_label_map(source: Source, job: Pair | SoftPair) -> bool:
    try:
        read_labels(source.read(job.image))
    except DataError:
        return False
    return True


def _matches(pattern: re.Pattern[str], source: Source) -> dict[str, tuple[str, ...]]:
    """What a pattern finds in each file's path, without the wrapping folder, of which there may be one."""
    found = {name: match for name in source.names if (match := pattern.fullmatch(name))}
    roots = {match[1] for match in found.values()}
    if len(roots) > 1:
        raise DataError(f"{source.path}: holds {len(roots)} data sets ({some_names(roots)}); give one of them")
    return {name: match.groups()[1:] for name, match in found.items()}


def _work(source: Path, out: Path, pending: Sequence[_Job]) -> list[str]:
    """Do every job; returns what could not be done, a sentence each."""
    run, faults = secrets.token_hex(4), []
    with Settler() as settler:
        for result in in_processes(partial(_worker, source, out, run), pending, "ingesting"):
            if isinstance(result, str):
                faults.append(result)
            else:
                settler.add(result)
    return faults


def _worker(source: Path, out: Path, run: str) -> Callable[[_Job], Written | str]:
    """What each process does with a job: write its files under temporary names, or say why it cannot be done."""
    opened = Source(source, list_names=False)

    def work(job: _Job) -> Written | str:
        try:
            contents = job.contents(opened)
        except DataError as error:
            return str(error)
        return write_unfinished(out, run, job.targets, contents)

    return work


def _told(plan: _Plan, out: Path, faults: Sequence[str], num_written: int) -> Ingested:
    there = _present(out)
    images = Counter(name.split("/")[0] for name in there if "/images/" in name)
    labelled = {name.split("/")[0] for name in there if "/masks/" in name}
    return Ingested(
        layout=plan.layout,
        order=plan.order,
        num_images={split: images[split] for split in SPLITS if images[split]},
        unlabelled=[split for split in SPLITS if images[split] and split not in labelled],
        lacking=ORDERS[plan.order].missing() if labelled else [],
        merged=ORDERS[plan.order].losses() if labelled else [],
        notes=list(plan.notes),
        left_out=[*plan.faults, *faults],
        num_written=num_written,
        num_kept=len(there) - num_written,
    )


def _present(out: Path) -> set[str]:
    """Files of a dataset's folder, but for hidden ones."""
    folders = [f"{split}/{kind}" for split in SPLITS for kind in ("images", "masks")]
    return {f"{within}/{p.name}" for within in folders for p in (out / within).glob("[!.]*")}


def _clear_unfinished(out: Path) -> None:
    for split in SPLITS:
        for path in out.glob(f"{split}/*/{UNFINISHED}*"):
            path.unlink(missing_ok=True)


def _refuse_overlap(source: Path, out: Path) -> None:
    if source.resolve() in (out.resolve(), *out.resolve().parents):
        raise UsageError(f"OUT ({out}) lies in SOURCE ({source}); choose a place beside the source")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: a file, where a folder to write to is expected")
