"""Zips to upload: masks made by running the very code that is packed beside them."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from faceparse.challenge.archive import write_zip
from faceparse.challenge.check import check_zip
from faceparse.challenge.evidence import evidence_of, faults_of_model
from faceparse.challenge.photos import photos_to_parse
from faceparse.challenge.rules import Challenge, Fault
from faceparse.challenge.solution_folder import write_solution
from faceparse.console import log, progress
from faceparse.errors import FaceparseError
from faceparse.files import write_atomically

MASKS_2022 = "masks"
"""The one sub-folder of an upload of 2022."""


@dataclass(frozen=True, kw_only=True)
class Packed:
    """What is about to go into zips, in a folder that is removed afterwards."""

    images: list[Path]
    solution: Path
    masks: Path
    num_parameters: int
    warnings: list[Fault]


@contextmanager
def prepared(
    challenge: Challenge,
    model: Path,
    images: Path,
    *,
    flip: bool = False,
    device: str = "cpu",
    given: Path | None = None,
    shown: str = "",
) -> Iterator[Packed]:
    """Hold a model against the rules, write its solution and run it on every photo.

    Args:
        model: run or checkpoint folder.
        images: folder of photos.
        given: the challenge's data set, with which the pairs trained on are compared.
        shown: the model's name in messages; its folder's unless given.

    Raises:
        FaceparseError: the model breaks a rule, a photo cannot be read, or the solution does not run.
    """
    photos = photos_to_parse(images)
    with tempfile.TemporaryDirectory(prefix="faceparse-pack-") as folder:
        solution, masks = Path(folder, "solution"), Path(folder, "masks")
        solution.mkdir()
        network, _ = write_solution(solution, model, flip=flip, device=device)
        faults = faults_of_model(challenge, evidence_of(model, network.num_parameters), given)
        refuse(challenge, shown or str(model), faults)
        make_masks(solution, photos, masks)
        yield Packed(
            images=photos, solution=solution, masks=masks, num_parameters=network.num_parameters, warnings=faults
        )


def refuse(challenge: Challenge, shown: str, faults: Sequence[Fault]) -> None:
    """Log the warnings among faults and refuse the rest.

    Raises:
        FaceparseError: names every rule that is broken.
    """
    for fault in faults:
        if fault.warning:
            log.warning("%s: %s (rule: %s)", shown, fault.what, challenge.rules[fault.rule])
    broken = [f"{fault.what} (rule: {challenge.rules[fault.rule]})" for fault in faults if not fault.warning]
    if broken:
        raise FaceparseError(f"{shown}: breaks the rules of {challenge.year}, not packed: {'; '.join(broken)}")


def write_upload(challenge: Challenge, packed: Packed, out: Path, *, masks_only: bool = False) -> list[Fault]:
    """Write the zip that is uploaded, and check it as anybody's; returns the check's warnings.

    Raises:
        FaceparseError: it cannot be written, or is too large.
    """
    folder = MASKS_2022 if challenge.year == "2022" else "masks"
    files = [(f"{folder}/{mask.name}", mask) for mask in packed.masks.iterdir()]
    if challenge.year == "2025" and not masks_only:
        files += files_below(packed.solution, "solution")
    return write_checked(challenge, files, out, packed.images, masks_only=masks_only)


def write_checked(
    challenge: Challenge,
    files: Sequence[tuple[str, Path]],
    out: Path,
    images: Sequence[Path],
    *,
    masks_only: bool = False,
) -> list[Fault]:
    """Write a zip of files by their names inside, once the check that is anybody's has no fault; its warnings.

    Raises:
        FaceparseError: the check refuses it, or it cannot be written; what stood there before still does.
    """
    with tempfile.TemporaryDirectory(prefix="faceparse-zip-") as folder:
        draft = Path(folder, out.name)  # the name is checked too
        write_zip(draft, files)
        faults = check_zip(challenge, draft, images, masks_only=masks_only)
        refuse(challenge, str(out), faults)
        write_atomically(out, draft.read_bytes())
    return faults


def files_below(folder: Path, name: str) -> list[tuple[str, Path]]:
    """Every file of a folder, with its path in a zip under another name for the folder; nothing that Python cached."""
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [(f"{name}/{path.relative_to(folder).as_posix()}", path) for path in paths]


def make_masks(solution: Path, photos: Sequence[Path], masks: Path) -> None:
    """Run a solution on photos, in one process of its own that sees nothing of ours.

    Raises:
        FaceparseError: it failed, by its own last line.
    """
    masks.mkdir()
    with tempfile.TemporaryDirectory(prefix="faceparse-photos-") as folder:
        for photo in photos:
            (Path(folder) / photo.name).symlink_to(photo.resolve())
        command = [sys.executable, "run.py", "--input", folder, "--output", str(masks), "--weights", "ckpt.pth"]
        hidden = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP")
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        with (
            tempfile.TemporaryFile("w+") as said,
            subprocess.Popen(
                command, cwd=solution, env=environment, stdout=subprocess.PIPE, stderr=said, text=True
            ) as process,
        ):
            assert process.stdout is not None
            for _ in progress(process.stdout, "making masks", total=len(photos)):
                pass
            process.wait()
            said.seek(0)
            lines = said.read().strip().splitlines() or ["no reason given"]
    made = {mask.stem for mask in masks.iterdir()}
    missing = [photo.name for photo in photos if photo.stem not in made]
    if process.returncode or missing:
        where = f" at {missing[0]}" if missing else ""
        raise FaceparseError(f"the packed run.py failed{where}: {lines[-1]}; replace or take away what it cannot read")
