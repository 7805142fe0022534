"""What is wrong with somebody's `ckpt.pth`, loaded as plain data: nothing in it runs."""

import io
import pickle
import warnings
import zipfile
from typing import Any

import torch
from torch import Tensor

from faceparse.challenge.rules import Challenge, Fault

_NOT_TRAINED = {"running_mean", "running_var", "mean", "std", "pixel_mean", "pixel_std", "logit_bias"}
"""Buffers by the last part of their names: a checkpoint does not say which tensors are trained."""


def faults_of_checkpoint(content: bytes, name: str, challenge: Challenge) -> list[Fault]:
    """Faults of a checkpoint: it does not load, holds no `state_dict`, or too many parameters."""
    try:
        loaded = _loaded(content)
    except pickle.UnpicklingError as error:
        # Torch's reason goes on for pages; its first sentence names what was found
        reason = str(error).split("\n")[0].split(". ")[0][:160]
        return [Fault(rule="checkpoint", what=f"{name} does not load with weights_only=True ({reason})")]
    except Exception as error:
        # torch's readers meet bytes that nobody checked: RuntimeError, EOFError, KeyError and more come out
        return [Fault(rule="checkpoint", what=f"{name} is damaged, or no checkpoint ({type(error).__name__})")]
    weights = loaded.get("state_dict") if isinstance(loaded, dict) else None
    if not isinstance(weights, dict) or not any(isinstance(value, Tensor) for value in weights.values()):
        keys = ", ".join(map(str, list(loaded)[:4])) if isinstance(loaded, dict) else type(loaded).__name__
        return [Fault(rule="checkpoint", what=f"{name} holds no weights under state_dict (it holds: {keys})")]
    num = count_parameters(weights)
    limit = challenge.parameter_limit
    if limit is not None and num >= limit:
        return [Fault(rule="parameters", what=f"{name} holds {num:,} parameters")]
    return []


def count_parameters(weights: dict[str, Any]) -> int:
    """Parameters in a state dict, tied ones once; at most a few more than are trained, where other buffers are kept."""
    tensors = [
        value for name, value in weights.items()
        if isinstance(value, Tensor) and value.is_floating_point() and str(name).split(".")[-1] not in _NOT_TRAINED
    ]  # fmt: skip
    return sum({(t.data_ptr(), t.shape): t.numel() for t in tensors}.values())


def _loaded(content: bytes) -> Any:
    file = io.BytesIO(content)
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as inner:
            # torch.save does not compress: a zip that grows was made to fill the memory
            if sum(info.file_size for info in inner.infolist()) > 2 * len(content) + 2**20:
                raise ValueError("a zip bomb")
        file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of old formats, which are loaded all the same
        return torch.load(file, map_location="cpu", weights_only=True)
