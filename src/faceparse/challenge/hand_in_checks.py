"""What is wrong with, or still missing from, the zip that is handed in for 2022."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from faceparse.challenge.archive import Archive
from faceparse.challenge.mask_checks import faults_of_masks
from faceparse.challenge.parts import WEIGHTS
from faceparse.challenge.rules import Fault
from faceparse.errors import DataError

MATRIC = re.compile(r"[A-Z]\d{7,8}[A-Z]")
"""Matriculation numbers as in A12345678B."""

_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_README_SAYS = {
    "the matriculation number": MATRIC.pattern,
    "the user name": r"user",
    "the best score": r"score|miou",
    "the files": r"files?\b|folder",
    "third-party libraries": r"librar|third.?party|torch",
    "how to run": r"\brun|python",
}
_LATER = ("report", "screenshot")
"""What people add when all else is packed: a screenshot can be made only after the upload."""

_MAX_README_BYTES = 2**20


def faults_of_hand_in(archive: Archive, images: Sequence[Path] | None) -> list[Fault]:
    """Faults of what is there, and what is not; a screenshot and report may be missing still, and are listed."""
    faults = []
    stem = archive.path.stem
    if not MATRIC.fullmatch(stem):
        faults.append(Fault(rule="matric", what=f"the zip is called {archive.path.name}"))
    files = {name.rpartition("/")[2].lower(): name for name in archive.names}
    masks = [name for name in archive.names if "/masks/" in f"/{name}"]
    missing = {
        "masks": not masks,
        "code": not _any(files, lambda name: name.endswith(".py")),
        "weights": not _any(files, lambda name: name.endswith(WEIGHTS)),
        "readme": "readme.txt" not in files,
        "report": not _any(files, lambda name: name.endswith(".pdf")),
        "screenshot": not _any(files, lambda name: "screenshot" in name and name.endswith(_PICTURES)),
    }
    names = {"masks": "no masks/", "code": "no code (.py)", "weights": "no checkpoint (.pth, .safetensors)",
             "readme": "no Readme.txt", "report": "no report (.pdf)", "screenshot": "no screenshot.png"}  # fmt: skip
    faults += [
        Fault(rule=rule, what=f"there is {names[rule]}" + (" yet" if rule in _LATER else ""), warning=rule in _LATER)
        for rule, lacks in missing.items()
        if lacks
    ]
    if masks:
        faults += faults_of_masks(archive, masks, images)
    if not missing["readme"]:
        faults += _faults_of_readme(archive, files["readme.txt"], stem)
    for name in archive.names:
        if name.lower().endswith(".pdf") and not _begins(archive, name, b"%PDF-"):
            faults.append(Fault(rule="report", what=f"{name} is no PDF"))
    return faults


def _faults_of_readme(archive: Archive, name: str, matric: str) -> list[Fault]:
    try:
        content = archive.read(name) if archive.size(name) <= _MAX_README_BYTES else b""
    except DataError as error:
        return [Fault(rule="readme", what=str(error))]
    text = content.decode(errors="replace")
    faults = [
        Fault(rule="readme", what=f"{name} does not state {what}")
        for what, pattern in _README_SAYS.items()
        if not re.search(pattern, text, re.IGNORECASE)
    ]
    if MATRIC.fullmatch(matric) and matric not in text and MATRIC.search(text):
        faults.append(
            Fault(rule="readme", what=f"{name} states another matriculation number than the zip's name, {matric}")
        )
    return faults


def _begins(archive: Archive, name: str, mark: bytes) -> bool:
    try:
        return archive.read(name).startswith(mark)
    except DataError:
        return False


def _any(files: dict[str, str], is_one: Callable[[str], bool]) -> bool:
    return any(is_one(name) for name in files)
