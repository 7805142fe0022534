"""Files of weights that others made, read with suspicion: tensors by name come out, and no code runs."""

import io
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.serialization import safe_globals

from faceparse.errors import FaceparseError

MAX_BYTES = 16 * 2**30
"""The largest file that is read: the largest network here with its optimiser's state, twice over."""


class _Statistics:
    """Stands for MMEngine's running statistics, which a training checkpoint holds beside its weights."""


def _nothing(*_: object) -> None:
    """Stands for `getattr`, by which those statistics refer to their methods."""


def _harmless() -> list[Any]:
    """What MMEngine's own checkpoints hold beside tensors: stand-ins by the names in the pickle, and numpy's arrays."""
    array, number = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
    numpys = [
        (function, f"{package}.multiarray.{name}")
        for function, name in ((array, "_reconstruct"), (number, "scalar"))
        for package in ("numpy.core", "numpy._core")
    ]
    kinds = [type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i4", "i8", "u1", "b1")]
    stand_ins = [
        (_Statistics, "mmengine.logging.history_buffer.HistoryBuffer"),
        (_nothing, "builtins.getattr"),
        (_nothing, "__builtin__.getattr"),
    ]
    return [*stand_ins, *numpys, np.ndarray, np.dtype, *kinds]


def read_weights(path: Path) -> dict[str, Any]:
    """What a `.safetensors` file, or a file that `torch.save` wrote, holds; on the CPU, not copied where it may lie.

    Raises:
        FaceparseError: not there, too large, damaged, compressed, or a pickle that holds more than plain data.
    """
    try:
        size = path.stat().st_size
        if not path.is_file() or not size:
            raise FaceparseError(f"{path}: a file of weights is expected (.pth or .safetensors)")
        if size > MAX_BYTES:
            raise FaceparseError(f"{path}: {size / 2**30:.0f} GiB, where at most {MAX_BYTES / 2**30:.0f} are read")
        content = load_file(path) if path.suffix == ".safetensors" else _unpickled(path, size)
    except FileNotFoundError as error:
        raise FaceparseError(f"{path}: no such file; a file of weights is expected (.pth or .safetensors)") from error
    except SafetensorError as error:
        raise FaceparseError(f"{path}: not a whole safetensors file ({error})") from error
    if not isinstance(content, Mapping):
        raise FaceparseError(f"{path}: holds {type(content).__name__}, where weights by name are expected")
    return dict(content)


def plain_entries(content: Mapping[str, Any]) -> dict[str, Any]:
    """The weights by name, out of the wrappers in which programs save them: `state_dict`, `model`, `module.`."""
    for wrapper in ("state_dict", "model"):
        if isinstance(inner := content.get(wrapper), Mapping):
            content = inner
            break
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def _unpickled(path: Path, size: int) -> Any:
    is_zip = zipfile.is_zipfile(path)
    try:
        if is_zip:
            with zipfile.ZipFile(path) as archive:
                # torch writes tensors as they are; a small file that swells when it is read is not of its making
                if sum(entry.file_size for entry in archive.infolist()) > size:
                    raise FaceparseError(f"{path}: compressed, which torch.save does not do; save it anew")
        with warnings.catch_warnings(), safe_globals(_harmless()):
            # torch warns of pickles that its restricted reader may not know, and then refuses them
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except pickle.UnpicklingError as error:
        raise FaceparseError(
            f"{path}: refused: not plain weights (a pickle can run code); save its state dict alone, or as safetensors"
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, IndexError, KeyError, AttributeError, TypeError,
            AssertionError, zipfile.BadZipFile, io.UnsupportedOperation) as error:  # fmt: skip
        raise FaceparseError(f"{path}: damaged, or no file of weights ({type(error).__name__})") from error
