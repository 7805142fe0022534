"""Checkpoints: folders that are whole or not there, and networks built from them.

A run's `checkpoints/` holds `step-000500/` folders and the links `last` and `best`. Each folder has
`model.safetensors` (fp32: the averaged weights where there is an average), `config.json`, and `state.pt` (what
training needs to go on, readable with `weights_only=True`).
"""

import os
import pickle
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from faceparse.config import RunConfig, read_config, to_json
from faceparse.errors import FaceparseError
from faceparse.files import folder_written_whole
from faceparse.models.network import Network


def save_checkpoint(
    folder: Path, step: int, config: RunConfig, weights: dict[str, Tensor], state: dict[str, Any], best: bool
) -> None:
    """Write `folder/step-…`, then turn the link `last` (and `best`) to it and drop what no link names.

    Raises:
        FaceparseError: the disk is full, say; the checkpoints that stood before still do.
    """
    path = folder / f"step-{step:06d}"
    if not path.exists():
        with folder_written_whole(path) as temporary:
            _save_weights(weights, temporary / "model.safetensors")
            (temporary / "config.json").write_text(to_json(config))
            _save_state(state, temporary / "state.pt")
    # `best` first: killed in between, the resumed run comes by here again and turns both
    for link in ("best", "last") if best else ("last",):
        _turn(folder / link, path.name)
    kept = {os.readlink(folder / link) for link in ("last", "best") if (folder / link).is_symlink()}
    for other in [*folder.glob("step-*"), *folder.glob(".step-*.writing-*")]:
        if other.name not in kept:
            shutil.rmtree(other, ignore_errors=True)


def save_model(folder: Path, config: RunConfig, network: Network, texts: Mapping[str, str]) -> None:
    """Write a checkpoint folder that can be used but not trained further: weights and config, whole or not there.

    Args:
        texts: of other files to go with them, by name.

    Raises:
        FaceparseError: the folder is there already, or cannot be written.
    """
    if folder.exists():
        raise FaceparseError(f"{folder}: already there; name another folder, or remove it first")
    with folder_written_whole(folder) as temporary:
        _save_weights(network.state_dict(), temporary / "model.safetensors")
        for name, text in {"config.json": to_json(config), **texts}.items():
            (temporary / name).write_text(text)


def _save_weights(weights: dict[str, Tensor], path: Path) -> None:
    try:
        save_file({name: tensor.detach().contiguous().clone() for name, tensor in weights.items()}, path)
    except SafetensorError as error:
        raise OSError(f"the weights could not be written ({error})") from error


def _save_state(state: dict[str, Any], path: Path) -> None:
    try:
        torch.save(state, path)
    except RuntimeError as error:
        # torch reports a full disk as a failure of its own writer and loses the system's reason
        raise OSError("the training state could not be written, probably for want of space") from error


def _turn(link: Path, target: str) -> None:
    temporary = link.with_name(f".{link.name}.turning")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link)


def find_checkpoint(path: Path) -> Path:
    """The checkpoint folder that a run folder or checkpoint folder names: a run's best, else its last.

    Raises:
        FaceparseError: there is none; says what is there instead.
    """
    for candidate in (path, path / "checkpoints" / "best", path / "checkpoints" / "last"):
        if (candidate / "model.safetensors").is_file():
            return candidate
    if not path.exists():
        raise FaceparseError(f"{path}: no such file or folder; a run folder or a checkpoint folder is expected")
    if path.is_file():
        raise FaceparseError(
            f"{path}: not a checkpoint folder (model.safetensors with config.json); files made by other programs are "
            "not loaded, since pickles can run code"
        )
    raise FaceparseError(
        f"{path}: holds no checkpoint (model.safetensors with config.json); has the run saved one yet?"
    )


def load_network(path: Path) -> tuple[Network, RunConfig]:
    """Build the network of a run or checkpoint folder and load its weights, ready for evaluation.

    Raises:
        FaceparseError: no checkpoint, damaged, or its weights are not its config's network's.
    """
    folder = find_checkpoint(path)
    config = read_config(folder / "config.json")
    network = config.model.build(working_size=config.image_size)
    weights = load_weights(folder)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise FaceparseError(f"{folder}: the weights are not those of its config.json ({reason})") from error
    return network.eval(), config


def load_weights(folder: Path) -> dict[str, Tensor]:
    """The tensors in a checkpoint folder's `model.safetensors`.

    Raises:
        FaceparseError: damaged, or not safetensors.
    """
    try:
        return load_file(folder / "model.safetensors")
    except (SafetensorError, OSError) as error:
        raise FaceparseError(f"{folder / 'model.safetensors'}: not a whole safetensors file ({error})") from error


def load_state(folder: Path) -> dict[str, Any]:
    """What training needs to go on.

    Raises:
        FaceparseError: missing, damaged, or a pickle that holds more than plain data.
    """
    path = folder / "state.pt"
    try:
        with warnings.catch_warnings():
            # torch warns of pickles that its restricted reader may not know, and then refuses them
            warnings.simplefilter("ignore")
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise FaceparseError(f"{path}: missing; this checkpoint can be used but not trained further") from error
    except pickle.UnpicklingError as error:
        raise FaceparseError(
            f"{path}: refused: not plain data (a pickle can run code); resume from a checkpoint of your own"
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, IndexError, KeyError) as error:
        raise FaceparseError(f"{path}: damaged ({type(error).__name__}); resume from another checkpoint") from error
    if not isinstance(state, dict) or not {"step", "best", "weights", "optimizer"} <= state.keys():
        raise FaceparseError(f"{path}: not the state of a training run; resume from another checkpoint")
    return state
