"""What the organisers do with a zip that holds code: unpack, install, run on photos, compare with the masks.

This runs somebody's code and installs what it asks for, as its user: rehearse only zips of people you trust.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from faceparse.challenge.archive import Archive
from faceparse.challenge.mask_checks import read_as_scored
from faceparse.challenge.parts import parts_of
from faceparse.challenge.rules import Fault
from faceparse.console import duration, log, progress
from faceparse.errors import DataError

INSTALL_SECONDS = 3600.0
"""PyTorch takes a minute or two; a machine that is busy otherwise may take half an hour."""

_SHOWN_SAID = 200
_FOR_PIP = re.compile(r"PIP_.*|.*_proxy|.*_PROXY|SSL_CERT_.*|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE")
"""How a machine reaches the package index; run.py is not told."""


@dataclass(kw_only=True)
class Rehearsal:
    """How a rehearsal went."""

    faults: list[Fault] = field(default_factory=list)
    num_run: int = 0
    """Photos on which run.py ran."""
    num_same: int = 0
    """Those whose mask is the packed one, pixel for pixel."""
    install_seconds: float = 0.0
    seconds: list[float] = field(default_factory=list)
    """Of run.py for each photo, its start and the loading of weights included."""


def rehearse(path: Path, photos: Sequence[Path], *, timeout: float = 120.0, base: Path | None = None) -> Rehearsal:
    """Rehearse a zip of 2025, or one to hand in for 2022, in a new environment that is removed afterwards.

    Args:
        photos: on which run.py is run; their masks are in the zip.
        timeout: seconds for each photo.
        base: folder for the environment, which takes 5 GB with PyTorch; the system's temporary one unless given.

    Raises:
        DataError: no whole zip, a file in it is damaged, or no folder `base`.
    """
    archive = Archive(path)
    parts = parts_of(archive)
    rehearsal = Rehearsal()
    if parts is None:
        rehearsal.faults.append(Fault(rule="run", what="cannot be rehearsed without run.py and a checkpoint"))
        return rehearsal
    if base and not base.is_dir():
        raise DataError(f"{base}: no such folder; expected one for the clean environment, as in --scratch DIR")
    # absolute, for what runs in it runs in folders of its own
    place = base and base.resolve()
    with tempfile.TemporaryDirectory(prefix="faceparse-rehearsal-", dir=place, ignore_cleanup_errors=True) as folder:
        solution, home = Path(folder, "solution"), Path(folder, "home")
        home.mkdir()
        archive.extract(parts.code, solution)
        weights = parts.weights.removeprefix(parts.code)
        if not parts.weights.startswith(parts.code):  # beside the code's folder, not in it
            weights = f"../weights/{PurePosixPath(parts.weights).name}"
            archive.extract(parts.weights.removesuffix(PurePosixPath(weights).name), Path(folder, "weights"))
        python = _install(solution, Path(folder, "environment"), home, rehearsal)
        if python is None:
            return rehearsal
        for photo in progress(photos, "rehearsing", total=len(photos)):
            mask = f"{parts.masks}{photo.stem}.png"
            packed = archive.read(mask) if mask in archive.names else None
            if not _run_on(photo, packed, python, solution, weights, home, timeout, rehearsal):
                break  # what stops it once stops it always, and a time limit takes minutes each
    return rehearsal


def _install(solution: Path, environment: Path, home: Path, rehearsal: Rehearsal) -> Path | None:
    """Make an environment and install what the solution asks for; the environment's Python, or None with a fault."""
    began = time.monotonic()
    requirements = solution / "requirements.txt"
    lines = requirements.read_text(errors="replace").splitlines() if requirements.is_file() else []
    wanted = any(line.strip() and not line.strip().startswith("#") for line in lines)
    log.info(
        "making a clean environment%s", " and installing requirements.txt: minutes, with PyTorch" if wanted else ""
    )
    # The interpreter below an environment of our own, lest that one's packages shine through
    interpreter = getattr(sys, "_base_executable", sys.executable)
    command = [interpreter, "-m", "venv", *([] if wanted else ["--without-pip"]), str(environment)]
    clean = _clean_environment(environment, home)
    code, said = _finished(command, Path(home), clean, INSTALL_SECONDS)
    if code != 0:
        rehearsal.faults.append(Fault(rule="run", what=f"no environment could be made: {_last_line(said)}"))
        return None
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python3"
    if wanted:
        told = {name: value for name, value in os.environ.items() if _FOR_PIP.fullmatch(name)}
        told["HOME"] = os.environ.get("HOME", str(home))  # where pip's settings and cache lie
        # --no-compile: PyTorch's thousands of files are compiled as they are imported, and most never are
        options = ["--quiet", "--disable-pip-version-check", "--no-compile"]
        command = [str(python), "-m", "pip", "install", *options, "-r", "requirements.txt"]
        code, said = _finished(command, solution, {**clean, **told}, INSTALL_SECONDS)
        if code is None:
            said = f"it takes longer than {INSTALL_SECONDS:g} s"
    rehearsal.install_seconds = time.monotonic() - began
    if code != 0:
        reason = next((line for line in said.splitlines() if line.startswith("ERROR")), _last_line(said))
        rehearsal.faults.append(
            Fault(rule="run", what=f"pip install -r requirements.txt fails: {reason[:_SHOWN_SAID]}")
        )
        return None
    log.info("environment made in %s", duration(rehearsal.install_seconds))
    return python


def _run_on(
    photo: Path, packed: bytes | None, python: Path, solution: Path, weights: str, home: Path, timeout: float,
    rehearsal: Rehearsal,
) -> bool:  # fmt: skip
    """Run run.py on one photo and compare; whether it ran."""
    image, mask = home / f"input{photo.suffix.lower()}", home / "output" / f"{photo.stem}.png"
    shutil.copyfile(photo, image)  # a copy: nobody's code gets at the photos themselves
    mask.parent.mkdir(exist_ok=True)
    mask.unlink(missing_ok=True)
    command = [str(python), "run.py", "--input", str(image), "--output", str(mask), "--weights", weights]
    began = time.monotonic()
    code, said = _finished(command, solution, _clean_environment(python.parents[1], home), timeout)
    rehearsal.seconds.append(time.monotonic() - began)
    if code is None:
        rehearsal.faults.append(Fault(rule="run", what=f"run.py takes longer than {timeout:g} s for {photo.name}"))
    elif code:
        rehearsal.faults.append(Fault(rule="run", what=f"run.py fails on {photo.name}: {_why(said)}"))
    elif not mask.is_file():
        rehearsal.faults.append(
            Fault(rule="run", what=f"run.py ends well on {photo.name} and writes no mask to --output")
        )
    else:
        rehearsal.num_run += 1
        _compare(photo, packed, mask, rehearsal)
        return True
    return False


def _compare(photo: Path, packed: bytes | None, mask: Path, rehearsal: Rehearsal) -> None:
    if packed is None:
        return  # that a mask is missing is told by the check of names
    try:
        ours, theirs = read_as_scored(mask.read_bytes()), read_as_scored(packed)
    except DataError as error:
        rehearsal.faults.append(Fault(rule="same", what=f"masks of {photo.name} cannot be compared: one is {error}"))
        return
    if ours.shape != theirs.shape:
        sizes = " and ".join(f"{labels.shape[1]}×{labels.shape[0]}" for labels in (ours, theirs))
        rehearsal.faults.append(Fault(rule="same", what=f"run.py's mask of {photo.name} has another size: {sizes}"))
    elif different := int(np.count_nonzero(ours != theirs)):
        share = different / ours.size
        what = f"run.py's mask of {photo.name} differs from the packed one in {different:,} pixels ({share:.2%})"
        rehearsal.faults.append(Fault(rule="same", what=what))
    else:
        rehearsal.num_same += 1


def _clean_environment(environment: Path, home: Path) -> dict[str, str]:
    """Nothing of ours: no PYTHONPATH, no home with packages of the user's, no settings."""
    binaries = environment / ("Scripts" if os.name == "nt" else "bin")
    system = {name: os.environ[name] for name in ("SYSTEMROOT", "CUDA_VISIBLE_DEVICES") if name in os.environ}
    return {
        "PATH": os.pathsep.join([str(binaries), os.defpath]),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "PYTHONNOUSERSITE": "1",
        **system,
    }


def _finished(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float
) -> tuple[int | None, str]:
    """Run a command to its end; its exit code (None where time ran out) and the end of what it said."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        with _ended(process):
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                code = None
        said.seek(max(0, said.seek(0, 2) - 20_000))
        return code, said.read().decode(errors="replace")


@contextlib.contextmanager
def _ended(process: subprocess.Popen) -> Iterator[None]:
    """However this is left, the process and those that it started end."""
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _why(said: str) -> str:
    """The reason in a traceback; a missing package is called what it is."""
    missing = re.search(r"ModuleNotFoundError: No module named '([\w.]+)'", said)
    if missing:
        return f"it imports {missing[1]!r}, which requirements.txt does not declare"
    return _last_line(said)


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return (lines[-1] if lines else "no reason given")[:_SHOWN_SAID]
