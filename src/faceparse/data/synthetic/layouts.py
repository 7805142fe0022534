"""Data sets of made faces on disk: as a challenge gives them out, and as raw CelebAMask-HQ.

A folder remembers in `made-faces.json` what it was made with; repeated, a writer keeps the faces that are there whole
and makes the rest. Label maps are written before photos, so a photo that is there has its labels.
"""

import functools
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from faceparse.classes import CLASSES
from faceparse.data.parallel import in_processes
from faceparse.data.store import STORES
from faceparse.data.synthetic.generate import MAX_SIZE, MIN_SIZE, make_face
from faceparse.errors import FaceparseError, UsageError
from faceparse.files import write_atomically
from faceparse.images import write_image, write_labels

RECORD = "made-faces.json"
MAPPING = "CelebA-HQ-to-CelebA-mapping.txt"
PHOTOS, PARTS = "CelebA-HQ-img", "CelebAMask-HQ-mask-anno"
_CELEBA_SPLITS = (0, 162771, 182638, 202599)  # bounds of train, val and test in CelebA's numbering


def write_challenge(out: Path, num: int, size: int, seed: int) -> None:
    """Write `num` labelled made faces, 80 % in `train` and 20 % in `val`, and a fifth as many photos in `test`.

    `out/train/images/00000.jpg` goes with `out/train/masks/00000.png`; names are unique over the splits. The same
    arguments give the same files; faces that are already there are kept.

    Raises:
        UsageError: `num` or `size` makes no sense, or `out` holds anything else.
        FaceparseError: the disk is full or cannot be written.
    """
    _claim(out, {"layout": "challenge", "num": num, "size": size, "seed": seed}, {"train", "val", "test"})
    num_train = num - (max(1, round(num * 0.2)) if num > 1 else 0)
    num_test = max(1, num // 5)
    splits = ["train"] * num_train + ["val"] * (num - num_train) + ["test"] * num_test
    for folder in ("train/images", "train/masks", "val/images", "val/masks", "test/images"):
        _make_folder(out / folder)
    jobs = [
        (out / split, seed, index, size)
        for index, split in enumerate(splits)
        if not _photo(out / split, index).exists()
        or (split != "test" and not (out / split / "masks" / f"{index:05d}.png").exists())
    ]
    _make_all(_write_pair, jobs)


def write_raw(out: Path, num: int, size: int, seed: int) -> None:
    """Write `num` made faces as raw CelebAMask-HQ: photos, one mask per part, the mapping to CelebA's numbers.

    The mapping's second column puts about 80, 10 and 10 % of the faces in CelebA's train, val and test split. Painting
    a face's parts in the order of `classes.CLASSES` gives its label map.

    Raises:
        UsageError: `num` or `size` makes no sense, or `out` holds anything else.
        FaceparseError: the disk is full or cannot be written.
    """
    _claim(out, {"layout": "raw", "num": num, "size": size, "seed": seed}, {PHOTOS, PARTS, MAPPING})
    _make_folder(out / PHOTOS)
    write_atomically(out / MAPPING, _mapping(num, seed))
    _make_all(_write_parts, [(out, seed, k, size) for k in range(num) if not (out / PHOTOS / f"{k}.jpg").exists()])


def _claim(out: Path, made_with: dict[str, object], entries: set[str]) -> None:
    """Make sure that `out` is ours to write to, and leave the record of what it is made with."""
    num, size = made_with["num"], made_with["size"]
    if not isinstance(num, int) or num < 1:
        raise UsageError(f"{num} made faces were asked for; ask for at least 1")
    if not isinstance(size, int) or not MIN_SIZE <= size <= MAX_SIZE:
        raise UsageError(
            f"made faces of {size} pixels were asked for; they can be {MIN_SIZE} to {MAX_SIZE} pixels wide"
        )
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file, where a folder for the made faces is expected; choose another place")
    record = json.dumps(made_with) + "\n"
    there = {entry.name for entry in out.iterdir()} if out.exists() else set()
    if RECORD in there:
        before = (out / RECORD).read_text(errors="replace")
        if before != record:
            raise UsageError(
                f"{out} holds faces made with other settings ({before.strip()[:200]}); choose another folder"
            )
        there -= (
            {RECORD, STORES} | entries | {name for name in there if name.startswith((f".{RECORD}.", f".{MAPPING}."))}
        )
    if there:
        raise UsageError(
            f"{out} holds other things ({sorted(there)[0]}); choose a new or empty folder, nothing was written"
        )
    write_atomically(out / RECORD, record)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FaceparseError(f"cannot make the folder {folder}: {reason}; choose another place") from error


def _make_all(make: Callable[[tuple], None], jobs: Sequence[tuple]) -> None:
    """Run every job, over as many processes as there are cores; the first failure stops the rest."""
    for _ in in_processes(functools.partial(_alone, make), jobs, "making faces"):
        pass


def _alone(make: Callable[[tuple], None]) -> Callable[[tuple], None]:
    """The function as a process runs it that has one core to itself."""
    cv2.setNumThreads(1)
    return make


def _photo(split: Path, index: int) -> Path:
    return split / "images" / f"{index:05d}.jpg"


def _write_pair(job: tuple[Path, int, int, int]) -> None:
    split, seed, index, size = job
    image, labels = make_face(seed, index, size)
    if split.name != "test":
        write_labels(split / "masks" / f"{index:05d}.png", labels)
    write_image(_photo(split, index), image)


def _write_parts(job: tuple[Path, int, int, int]) -> None:
    out, seed, index, size = job
    image, labels = make_face(seed, index, size)
    for part in CLASSES:
        mask = np.where(labels == part.id, np.uint8(255), np.uint8(0))
        if part.suffix and mask.any():
            path = out / PARTS / str(index // 2000) / f"{index:05d}_{part.suffix}.png"
            write_atomically(path, cv2.imencode(".png", mask)[1].tobytes())
    write_image(out / PHOTOS / f"{index}.jpg", image)


def _mapping(num: int, seed: int) -> str:
    """The text that ties each face to a number in CelebA."""
    rng = np.random.default_rng((seed, num))
    fewer = max(num // 10, 1) if num >= 3 else 0
    splits = rng.permutation(np.repeat([0, 1, 2], [num - 2 * fewer, fewer, fewer]))
    numbers = np.empty(num, np.int64)
    for split in range(3):
        where = np.flatnonzero(splits == split)
        low, high = _CELEBA_SPLITS[split : split + 2]
        numbers[where] = low + rng.choice(high - low, len(where), replace=len(where) > high - low)
    rows = [f"{'idx':<8}{'orig_idx':<11}orig_file"]
    rows += [f"{k:<8}{number:<11}{number + 1:06d}.jpg" for k, number in enumerate(numbers)]
    return "\n".join(rows) + "\n"
