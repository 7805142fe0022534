"""`solution/`: the code and weights that make the masks, on their own: no toolkit, no path outside the folder.

`run.py` (written once, in `solution/` of this folder), `build.py` (generated: the network's sizes as code), `models/`
(the network's source, copied from `faceparse/models` as it is), `requirements.txt` and `ckpt.pth`.
"""

import ast
import dataclasses
import inspect
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import torch

from faceparse import models
from faceparse.checkpoint import load_network
from faceparse.config import RunConfig
from faceparse.errors import FaceparseError
from faceparse.models.network import Network

Device = str
"""`cpu` or `cuda`."""

RUN = Path(__file__).parent / "solution" / "run.py"
_MODELS = Path(models.__file__).parent

_REQUIREMENTS = {
    "torch": "torch>=2.6,<3",
    "numpy": "numpy>=1.26,<3",
    "PIL": "pillow>=10.3",
    "timm": "timm>=1.0.12,<2",  # the backbones of the reference networks; it brings torchvision with it
}
"""Import names and what to install for them. Below: versions that the toolkit is tested with; above: the next break."""


def write_solution(folder: Path, model: Path, *, flip: bool, device: Device) -> tuple[Network, RunConfig]:
    """Write a model's `solution/`; returns the network that went into it.

    Args:
        model: run or checkpoint folder.
        flip: whether run.py averages each photo's view with its mirror image's.
        device: where run.py computes unless it is told otherwise.

    Raises:
        FaceparseError: no checkpoint, a damaged one, or a network whose source needs the toolkit.
    """
    network, config = load_network(model)
    source = source_of(type(config.model))
    imported = {"torch", "numpy", "PIL"}
    for name, text in source.items():
        (folder / "models" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "models" / name).write_text(text)
        imported |= _packages(text)
    if unknown := imported - _REQUIREMENTS.keys():
        raise FaceparseError(
            f"{model}: its network imports {', '.join(sorted(unknown))}, which a solution cannot install; take another "
            "network"
        )
    (folder / "requirements.txt").write_text("".join(f"{_REQUIREMENTS[name]}\n" for name in sorted(imported)))
    (folder / "build.py").write_text(_build_module(config))
    (folder / "run.py").write_text(RUN.read_text())
    checkpoint = {
        "state_dict": network.state_dict(),
        "config": asdict(config.model),
        "working_size": config.image_size,
        "flip": flip,
        "device": device,
    }
    content = io.BytesIO()  # a file's name would go into what is written, and so into the zip's hash
    torch.save(checkpoint, content)
    (folder / "ckpt.pth").write_bytes(content.getvalue())
    return network, config


def source_of(config: type) -> dict[str, str]:
    """The files of `faceparse/models` that a network's config needs, by path within, followed through their imports."""
    waiting = [Path(inspect.getfile(config)).resolve()]
    found: dict[str, str] = {"__init__.py": ""}
    while waiting:
        path = waiting.pop()
        name = path.relative_to(_MODELS.resolve()).as_posix()
        if name in found:
            continue
        # What a sub-folder imports by its full name is found under the solution's own
        text = re.sub(r"\bfaceparse\.models\b", "models", path.read_text(encoding="utf-8"))
        found[name] = text
        if path.parent != _MODELS.resolve():
            found.setdefault(f"{Path(name).parent.as_posix()}/__init__.py", "")
        waiting += _neighbours(path, text)
    return found


def _neighbours(path: Path, text: str) -> Iterator[Path]:
    """The files of `models/` that one of them imports."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = path.parents[node.level - 1]
        elif (node.module or "").split(".")[0] == "models":
            base = _MODELS.resolve().parent
        else:
            continue
        place = base.joinpath(*(node.module or "").split("."))
        if place.with_suffix(".py").is_file():
            yield place.with_suffix(".py")
        else:
            yield from (p for alias in node.names if (p := (place / f"{alias.name}.py").resolve()).is_file())


def _packages(text: str) -> set[str]:
    """Top-level names of what a file imports from outside the standard library and the folder."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"models"}


def _build_module(config: RunConfig) -> str:
    """`build.py`: a config's `repr` is the code that makes it again."""
    kinds = sorted(
        {(_module_of(kind), kind.__name__) for kind in _kinds(config.model)} | {("models.network", "Network")}
    )
    imports = "\n".join(f"from {module} import {name}" for module, name in kinds)
    return (
        f'"""The network of this solution, written when it was packed."""\n\n{imports}\n\n\n'
        'def build() -> Network:\n    """The network, with random weights."""\n'
        f"    return {config.model!r}.build(working_size={config.image_size})\n"
    )


def _kinds(value: object) -> Iterator[type]:
    """The dataclasses of a config and of the configs within it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield type(value)
        for item in dataclasses.fields(value):
            yield from _kinds(getattr(value, item.name))


def _module_of(kind: type) -> str:
    return kind.__module__.removeprefix("faceparse.")
