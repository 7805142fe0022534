"""The models that come with the package, and what a MODEL on the command line means."""

import difflib
from pathlib import Path

from faceparse.errors import FaceparseError, UsageError

_HERE = Path(__file__).parent


def shipped() -> list[str]:
    """Names of the models in the package; each is a folder here with `model.onnx`, `model.safetensors` and a card."""
    return sorted(folder.name for folder in _HERE.iterdir() if (folder / "model.onnx").is_file())


def find(model: str | Path) -> Path:
    """The checkpoint folder or the file that a MODEL stands for.

    A MODEL is a shipped name, a run folder (its best checkpoint is meant, or its last before there is a best), a
    checkpoint folder, or an `.onnx` file. A shipped name comes first: a folder of that name is given as `./compact`.

    Raises:
        UsageError: none of these; the nearest shipped name is given.
        FaceparseError: a run without a checkpoint so far.
    """
    path = Path(model)
    if str(model) in shipped():
        return _HERE / str(model)
    if not path.exists():
        known = shipped()
        near = difflib.get_close_matches(str(model), known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"models in the package: {', '.join(known) or 'none'}"
        raise UsageError(f"unknown model '{model}', which is no file or folder either; {hint}")
    if (path / "checkpoints").is_dir():
        for link in ("best", "last"):
            if (path / "checkpoints" / link).is_dir():
                return path / "checkpoints" / link
        raise FaceparseError(f"{path}: a run that has no checkpoint yet; let it train up to its first one")
    return path


def find_onnx(model: str | Path) -> Path:
    """The ONNX file of a MODEL, which is what parses without PyTorch.

    Raises:
        FaceparseError: no such model, or a checkpoint that was not exported yet; the command that does it is named.
    """
    path = find(model)
    if not path.is_dir():
        return path
    file = path / "model.onnx"
    if file.is_file():
        return file
    if not (path / "model.safetensors").is_file():
        raise UsageError(
            f"{path}: neither a run nor a checkpoint folder; a model is a run folder, an .onnx file or one of: "
            f"{', '.join(shipped()) or 'none shipped'}"
        )
    raise FaceparseError(f"{path}: a checkpoint without model.onnx; write it with: faceparse export {model} {file}")
