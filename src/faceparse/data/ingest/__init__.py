"""CelebAMask-HQ as it is handed out, made into a dataset folder: `faceparse data ingest`.

Two layouts are known and found by looking, in a folder or a zip, under any wrapping folder:

- raw: `CelebA-HQ-img/K.jpg` (1024²) and a PNG per part, `CelebAMask-HQ-mask-anno/*/KKKKK_SUFFIX.png` (512²). A label
  map is built by painting the parts in the order of their ids, later over earlier, and the photo is area-resized to its
  size. `CelebA-HQ-to-CelebA-mapping.txt` gives the official split; without it everything is `train`.
- challenge release: `train/images`, `train/masks`, `val/...`, `test/...`; its files are copied byte for byte.

Every file is written whole or not at all, and kept where it is there already, so running an ingest again finishes one
that was killed.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from faceparse.data.dataset import SPLITS, some_names
from faceparse.data.ingest import raw
from faceparse.data.ingest.source import Source
from faceparse.data.parallel import in_processes
from faceparse.errors import DataError, UsageError
from faceparse.files import write_atomically
from faceparse.images import IMAGE_SUFFIXES

_RELEASED = re.compile(rf"((?:.*/)?)({'|'.join(SPLITS)})/(images|masks)/([^/]+)")

_UNFINISHED = re.compile(r"\..+\.\w{8}")
"""The name under which a file stands until it is whole; a killed run leaves some behind."""


@dataclass(frozen=True)
class Ingested:
    """What an ingest did."""

    layout: str
    num_images: dict[str, int]
    """Images of each split."""
    num_written: int
    """Files written now; the others were there."""


@dataclass(frozen=True)
class _Copy:
    """A file that is taken as it is."""

    name: str
    target: str

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    def run(self, source: Source, out: Path) -> None:
        write_atomically(out / self.target, source.read(self.name))


_Job = _Copy | raw.PaintedPair
"""Files to write (`targets`, below the dataset's folder) and how (`run`)."""


def ingest(source: Path, out: Path) -> Ingested:
    """Make a dataset folder of CelebAMask-HQ, raw or as a challenge released it.

    Args:
        source: folder or zip.
        out: the dataset's folder; gets `train/`, `val/` and `test/`, as far as the source has them.

    Raises:
        DataError: the source is of no known layout or unsafe, `out` holds other files, or some pairs are damaged (the
            others are written).
    """
    _refuse_overlap(source, out)
    opened = Source(source)
    layout, jobs = _plan(opened)
    there = _present(out)
    foreign = there - {target for job in jobs for target in job.targets}
    if foreign:
        raise DataError(
            f"{out}: holds {len(foreign)} file(s) not of {source} ({some_names(foreign)}); choose another OUT"
        )
    pending = [job for job in jobs if not there.issuperset(job.targets)]
    faults = [fault for fault in in_processes(partial(_worker, source, out), pending, "ingesting") if fault]
    if faults:
        raise DataError(
            f"{source}: {len(faults)} of {len(jobs)} could not be taken and are left out, the others are written: "
            f"{some_names(faults)}"
        )
    images = Counter(target.split("/")[0] for job in jobs for target in job.targets if "/images/" in target)
    num_written = len({target for job in pending for target in job.targets} - there)
    return Ingested(layout, {split: images[split] for split in SPLITS if images[split]}, num_written)


def _worker(source: Path, out: Path) -> Callable[[_Job], str | None]:
    """What each process does with a job: None, or why it could not be done."""
    opened = Source(source, list_names=False)

    def run(job: _Job) -> str | None:
        try:
            job.run(opened, out)
        except DataError as error:
            return str(error)
        return None

    return run


def _plan(source: Source) -> tuple[str, Sequence[_Job]]:
    images, parts = _matches(raw.IMAGE, source), _matches(raw.PART, source)
    if images and parts:
        return "raw CelebAMask-HQ", raw.plan(source, images, parts)
    released = _matches(_RELEASED, source)
    if released:
        return "challenge release", _plan_released(source, released)
    if images or parts:
        found, missing = ("CelebA-HQ-img", "CelebAMask-HQ-mask-anno")[:: 1 if images else -1]
        raise DataError(f"{source.path}: has {found} and no {missing}; raw CelebAMask-HQ needs both")
    top = {name.split("/")[0] + "/" * ("/" in name) for name in source.names}
    raise DataError(
        f"{source.path}: no layout that is known: found {some_names(top) or 'nothing'}; expected CelebA-HQ-img/ with "
        "CelebAMask-HQ-mask-anno/, or train/images/ with train/masks/"
    )


def _matches(pattern: re.Pattern[str], source: Source) -> dict[str, tuple[str, ...]]:
    """What a pattern finds in each file's path, without the wrapping folder, of which there may be one."""
    found = {name: match for name in source.names if (match := pattern.fullmatch(name))}
    roots = {match[1] for match in found.values()}
    if len(roots) > 1:
        raise DataError(f"{source.path}: holds {len(roots)} data sets ({some_names(roots)}); give one of them")
    return {name: match.groups()[1:] for name, match in found.items()}


def _plan_released(source: Source, released: dict[str, tuple[str, ...]]) -> list[_Copy]:
    suffixes = {"images": IMAGE_SUFFIXES, "masks": (".png",)}
    copies = [
        _Copy(name, f"{split}/{kind}/{file}")
        for name, (split, kind, file) in released.items()
        if Path(file).suffix.lower() in suffixes[kind]
    ]
    kinds = {copy.target.rpartition("/")[0] for copy in copies}
    if "train/images" in kinds and "train/masks" not in kinds:
        raise DataError(f"{source.path}: has train/images and no PNG in train/masks; training needs both")
    return copies


def _present(out: Path) -> set[str]:
    """Files of a dataset's folder; what a killed run left unfinished is taken away."""
    present = set()
    for path in (p for split in SPLITS for kind in ("images", "masks") for p in out.glob(f"{split}/{kind}/*")):
        if _UNFINISHED.fullmatch(path.name):
            path.unlink()
        elif not path.name.startswith("."):
            present.add(path.relative_to(out).as_posix())
    return present


def _refuse_overlap(source: Path, out: Path) -> None:
    if source.resolve() in (out.resolve(), *out.resolve().parents):
        raise UsageError(f"OUT ({out}) lies in SOURCE ({source}); choose a place beside the source")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: a file, where a folder to write to is expected")
