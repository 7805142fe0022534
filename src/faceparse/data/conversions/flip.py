"""A mirrored copy of a dataset: photos mirrored, label maps mirrored with left and right exchanged.

The 2022 challenge's winner doubled its training set this way. A file is written whole or not at all and kept where it
is there already, so running a flip again finishes one that was stopped.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from faceparse.classes import mirror_lookup
from faceparse.data.conversions.pictures import write_photo
from faceparse.data.dataset import Pair, list_pairs, read_pair, splits
from faceparse.data.parallel import in_processes
from faceparse.errors import DataError, UsageError, some_names
from faceparse.files import UNFINISHED, write_atomically
from faceparse.images import read_image, write_labels
from faceparse.types import Labels

SUFFIX = "_flip"
"""What a mirrored pair's name ends in where the original stands beside it."""


@dataclass(frozen=True)
class Flipped:
    """What a flip did."""

    num_images: dict[str, int]
    """Photos of each split in the copy."""
    num_written: int
    """Files written now; the other pairs were there."""

    def as_dict(self) -> dict[str, object]:
        """The object of `--json`."""
        return asdict(self)


@dataclass(frozen=True)
class _Job:
    """One pair to write, mirrored or as it is."""

    pair: Pair
    image: Path
    mask: Path | None
    mirrored: bool

    @property
    def targets(self) -> list[Path]:
        return [path for path in (self.image, self.mask) if path is not None]


def flip_labels(labels: Labels) -> Labels:
    """A label map mirrored, left and right exchanged; its own inverse."""
    return np.ascontiguousarray(mirror_lookup()[labels[:, ::-1]])


def flip_dataset(dataset: Path, out: Path, both: bool = False) -> Flipped:
    """Write the mirrored copy of every split of a dataset, or of the one split whose folder is given.

    Names and formats are kept, `write_photo` tells how; what a photo's EXIF said of its orientation is carried out.

    Args:
        both: the originals as well, byte for byte; mirrored ones are then called `NAME_flip`.

    Raises:
        DataError: not a dataset, `out` holds other files, or a file cannot be read.
        UsageError: `out` lies in the dataset or the dataset in it.
    """
    refuse_overlap(dataset, out)
    jobs = _plan(dataset, out, both)
    for folder in {job.pair.image.parent.parent for job in jobs}:  # a manifest's pairs may lie anywhere
        refuse_overlap(folder, out)
    targets = {path for job in jobs for path in job.targets}
    there = {path for folder in {path.parent for path in targets} for path in folder.glob("*") if path.is_file()}
    for path in [path for path in there if path.name.startswith(UNFINISHED)]:
        path.unlink()
    foreign = {path.relative_to(out).as_posix() for path in there - targets if not path.name.startswith(".")}
    if foreign:
        raise DataError(
            f"{out}: holds {len(foreign)} file(s) not of {dataset} ({some_names(foreign)}); choose another OUT"
        )
    pending = [job for job in jobs if not there.issuperset(job.targets)]
    faults = [fault for fault in in_processes(_worker, pending, "mirroring") if fault]
    if faults:
        raise DataError(
            f"{dataset}: {len(faults)} of {len(jobs)} pairs are left out, the others are written: {some_names(faults)}"
        )
    num_images: dict[str, int] = {}
    for job in jobs:
        name = "." if job.image.parent.parent == out else job.image.parent.parent.name
        num_images[name] = num_images.get(name, 0) + 1
    return Flipped(num_images, sum(len(job.targets) for job in pending))


def refuse_overlap(source: Path, out: Path) -> None:
    """Refuse to write into what is read.

    Raises:
        UsageError: one lies in the other, or OUT is a file.
    """
    here, there = source.resolve(), out.resolve()
    if here in (there, *there.parents) or there in here.parents:
        raise UsageError(f"OUT ({out}) and {source} lie in each other; choose a place beside the source")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: a file, where a folder to write to is expected")


def _plan(dataset: Path, out: Path, both: bool) -> list[_Job]:
    jobs = []
    is_single = (dataset / "images").is_dir()
    for split, folder in splits(dataset).items():
        place = out if is_single else out / split
        pairs = list_pairs(folder, labelled=(folder / "masks").is_dir())
        names = {pair.name for pair in pairs}
        if both and (taken := [name for name in names if name + SUFFIX in names]):
            raise DataError(f"{folder}: has {some_names(taken)} and the same with {SUFFIX}; it was doubled already")
        for pair in pairs:
            jobs += [_job(pair, place, True, SUFFIX * both)] + [_job(pair, place, False, "")] * both
    return jobs


def _job(pair: Pair, place: Path, mirrored: bool, ending: str) -> _Job:
    image = place / "images" / f"{pair.name}{ending}{pair.image.suffix}"
    return _Job(pair, image, pair.mask and place / "masks" / f"{pair.name}{ending}.png", mirrored)


def _worker() -> Callable[[_Job], str | None]:
    return _run


def _run(job: _Job) -> str | None:
    """Write a pair; None, or why it could not be done."""
    try:
        if job.mirrored:
            _write_mirrored(job)
        else:
            _copy(job)
    except DataError as error:
        return str(error)
    return None


def _copy(job: _Job) -> None:
    write_atomically(job.image, job.pair.image.read_bytes())
    if job.mask is not None and job.pair.mask is not None:
        write_atomically(job.mask, job.pair.mask.read_bytes())


def _write_mirrored(job: _Job) -> None:
    if job.mask is None:
        image = read_image(job.pair.image)
    else:
        image, labels = read_pair(job.pair)
        write_labels(job.mask, flip_labels(labels))
    write_photo(job.image, np.ascontiguousarray(image[:, ::-1]))
