"""Every fault of a zip at once, in the words of the rule it breaks, before an organiser's program finds the first."""

from collections.abc import Sequence
from pathlib import Path

from faceparse.challenge.archive import Archive
from faceparse.challenge.code_checks import faults_of_code
from faceparse.challenge.hand_in_checks import MATRIC, faults_of_hand_in
from faceparse.challenge.mask_checks import faults_of_masks
from faceparse.challenge.parts import OF_2025, root_of
from faceparse.challenge.rules import Challenge, Fault
from faceparse.errors import DataError

_WEIGHTS = (".pth", ".pt", ".ckpt", ".safetensors", ".onnx", ".h5", ".bin", ".pkl")
_MAX_TEXT_BYTES = 2**20


def check_zip(
    challenge: Challenge, path: Path, images: Sequence[Path] | None = None, *, masks_only: bool = False
) -> list[Fault]:
    """The faults of anybody's zip, worst first; nothing in it is unpacked or run.

    Args:
        images: the photos that the masks belong to; without them names are not compared.
        masks_only: 2025's development phase, in which a zip has no `solution/`.

    Raises:
        DataError: no such file, or no whole zip.
    """
    archive = Archive(path)
    if not archive.names:
        faults = archive.faults or [Fault(rule="layout", what="the zip is empty")]
    elif challenge.year == "2025":
        faults = [*archive.faults, *_faults_of_2025(challenge, archive, images, masks_only)]
    elif is_hand_in(path, archive):
        faults = [*archive.faults, *faults_of_hand_in(archive, images)]
    else:
        faults = [*archive.faults, *_faults_of_2022(challenge, archive, images)]
    told = [fault for fault in faults if fault.rule in challenge.rules]
    return sorted(told, key=lambda fault: fault.warning)


def is_hand_in(path: Path, archive: Archive) -> bool:
    """Whether a zip of 2022 is the one that is handed in: by its name, or by a Readme or report at its root."""
    beside = [name.lower() for name in archive.names if "/" not in name]
    return bool(MATRIC.fullmatch(path.stem)) or any(name == "readme.txt" or name.endswith(".pdf") for name in beside)


def holds_code(challenge: Challenge, path: Path) -> bool:
    """Whether a zip is of a kind that has code to run: all but the upload of 2022.

    Raises:
        DataError: no such file, or no whole zip.
    """
    return challenge.year == "2025" or is_hand_in(path, Archive(path))


def _faults_of_2025(
    challenge: Challenge, archive: Archive, images: Sequence[Path] | None, masks_only: bool
) -> list[Fault]:
    faults = []
    root = root_of(archive)
    if root:
        faults.append(Fault(rule="layout", what=f"all lies in the wrapping folder {root}"))
    tops = {name.removeprefix(root).split("/")[0] for name in archive.names}
    if strange := sorted(tops - {*OF_2025}):
        near = [name for name in strange if name.lower().rstrip("s") in ("mask", "solution")]
        faults.append(
            Fault(rule="layout", what=f"{', '.join(near or strange[:4])} lies where only masks/ and solution/ may")
        )
    masks = [name for name in archive.names if name.startswith(f"{root}masks/")]
    deeper = [name for name in masks if "/" in name.removeprefix(f"{root}masks/")]
    if deeper:
        faults.append(Fault(rule="layout", what=f"{len(deeper)} file(s) in folders within masks/, {deeper[0]!a} first"))
    if not masks:
        faults.append(Fault(rule="layout", what="there is no masks/"))
    else:
        faults += faults_of_masks(archive, [name for name in masks if name not in deeper], images)
    if "solution" in tops:
        faults += _faults_of_solution(challenge, archive, f"{root}solution/")
    elif not masks_only:
        what = "there is no solution/, which only the development phase does without (--masks-only)"
        faults.append(Fault(rule="solution", what=what))
    return faults


def _faults_of_solution(challenge: Challenge, archive: Archive, prefix: str) -> list[Fault]:
    files = {name.removeprefix(prefix): name for name in archive.names if name.startswith(prefix)}
    faults = [
        Fault(rule="solution", what=f"there is no solution/{name}")
        for name in ("ckpt.pth", "requirements.txt", "run.py")
        if name not in files
    ]
    if "run.py" in files:
        code = {name: _text(archive, full) for name, full in files.items() if name.endswith(".py")}
        requirements = _text(archive, files["requirements.txt"]) if "requirements.txt" in files else ""
        faults += faults_of_code(code, requirements)
    if "ckpt.pth" in files:
        from faceparse.challenge.checkpoint_checks import faults_of_checkpoint  # PyTorch, for a checkpoint only

        try:
            faults += faults_of_checkpoint(archive.read(files["ckpt.pth"]), "ckpt.pth", challenge)
        except DataError as error:
            faults.append(Fault(rule="checkpoint", what=str(error)))
    if others := sorted(name for name in files if name.endswith(_WEIGHTS) and name != "ckpt.pth"):
        what = f"solution/ holds other weights beside ckpt.pth: {', '.join(others[:3])}"
        faults.append(Fault(rule="ensemble", what=what, warning=True))
    return faults


def _faults_of_2022(challenge: Challenge, archive: Archive, images: Sequence[Path] | None) -> list[Fault]:
    """Of the zip that is uploaded for a score."""
    faults = []
    limit, size = challenge.upload_bytes, archive.path.stat().st_size
    if limit is not None and size > 0.9 * limit:
        faults.append(Fault(rule="upload", what=f"the zip has {size / 1e6:.1f} MB", warning=size <= limit))
    folders = {name.rpartition("/")[0] for name in archive.names}
    if "" in folders:
        alone = sum("/" not in name for name in archive.names)
        faults.append(Fault(rule="layout", what=f"{alone} file(s) lie at the zip's root"))
    if len(folders - {""}) > 1:
        faults.append(
            Fault(rule="layout", what=f"there are {len(folders - {''})} folders: {', '.join(sorted(folders)[:3])}")
        )
    if any("/" in folder for folder in folders):
        faults.append(Fault(rule="layout", what="the folder of the masks lies in a wrapping folder"))
    return [*faults, *faults_of_masks(archive, archive.names, images)]


def _text(archive: Archive, name: str) -> str:
    """A text file; what cannot be read as one becomes text that no Python is."""
    if archive.size(name) > _MAX_TEXT_BYTES:
        return "too large ("
    try:
        return archive.read(name).decode("utf-8-sig")
    except (DataError, UnicodeDecodeError):
        return "not text ("
