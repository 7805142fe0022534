"""Where a zip keeps its code, its weights and its masks."""

import re
from dataclasses import dataclass

from faceparse.challenge.archive import Archive

OF_2025 = ("masks", "solution")
"""The folders of a zip of 2025."""

WEIGHTS = (".pth", ".pt", ".ckpt", ".safetensors")
"""How the name of a checkpoint ends."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What it takes to run a zip's code as it stands; folders end in `/`."""

    code: str
    """The folder of `run.py`; empty where that lies at the zip's root."""
    weights: str
    """The checkpoint's path."""
    masks: str


def parts_of(archive: Archive) -> Parts | None:
    """Of a zip of 2025 with `solution/`, or of one to hand in for 2022; None where `run.py` or a checkpoint lacks.

    A hand-in has its code wherever its team put it: a `run.py` with `requirements.txt` beside it comes first, then
    the one that lies highest.
    """
    names, root = archive.names, root_of(archive)
    if any(name.startswith(f"{root}solution/") for name in names):
        code, checkpoints = f"{root}solution/", [f"{root}solution/ckpt.pth"]
        found = {f"{code}run.py", *checkpoints} <= set(names)
    else:
        codes = [name.removesuffix("run.py") for name in names if f"/{name}".endswith("/run.py")]
        code = min(codes, key=lambda it: (f"{it}requirements.txt" not in names, it.count("/"), it), default="")
        checkpoints = sorted((n for n in names if n.endswith(WEIGHTS)), key=lambda it: not it.startswith(code))
        found = bool(codes and checkpoints)
    if not found:
        return None
    masks = next((name[: f"/{name}".index("/masks/") + 6] for name in names if "/masks/" in f"/{name}"), "masks/")
    return Parts(code=code, weights=checkpoints[0], masks=masks)


def root_of(archive: Archive) -> str:
    """What stands before `masks/` and `solution/` in a zip of 2025: empty, or a wrapping folder with its `/`."""
    tops = {name.split("/")[0] for name in archive.names}
    if tops & {*OF_2025}:
        return ""
    wrapped = [name for name in archive.names if any(f"/{folder}/" in f"/{name}" for folder in OF_2025)]
    if not wrapped:
        return ""
    first = min(re.search(r"(^|/)(masks|solution)/", name).start() for name in wrapped)  # type: ignore[union-attr]
    return wrapped[0][:first].rstrip("/") + "/"
