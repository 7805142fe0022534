"""MMSegmentation's state dicts, of its 0.x and 1.x, as networks of ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from faceparse.checkpoint import save_model
from faceparse.config import RunConfig, check
from faceparse.errors import FaceparseError, UsageError, some_names
from faceparse.models import CONFIGS, build
from faceparse.models.network import Network
from faceparse.models.weights_file import plain_entries, read_weights

from .families import RULES, rules_for
from .rules import Source, sources

_SHOWN = 20
"""So many names of each fault are listed."""


def from_mmseg(
    state_dict: Mapping[str, Any],
    name: str,
    *,
    mean: tuple[float, float, float] | None = None,
    std: tuple[float, float, float] | None = None,
) -> Network:
    """A network with the weights that MMSegmentation trained, ready for evaluation.

    Args:
        state_dict: of an MMSegmentation model with 19 classes, bare or as its checkpoints wrap it. A prefix `module.`
            and the averaged copies of a running mean (`ema_…`) are passed over; index tables and counters may be
            missing.
        name: of the network, as for `faceparse.models.build`.
        mean, std: of RGB in [0, 255], by which the weights expect images to be normalised. Those in the state dict
            (`data_preprocessor.mean`) come next, then ImageNet's.

    Raises:
        UsageError: MMSegmentation has no such network.
        FaceparseError: entries are missing, left over, of another shape or no tensors of numbers; all are named.
    """
    if name not in RULES:
        raise UsageError.unknown("MMSegmentation model", name, RULES)
    entries = _entries(state_dict)
    network = build(name)
    wanted = sources(network.body, rules_for(name, entries))
    weights, faults = _matched(network.body.state_dict(), wanted, entries)
    if faults:
        raise FaceparseError(f"not the weights of {name}: {'; '.join(faults)}")
    network.body.load_state_dict(weights)
    for entry, given in (("mean", mean), ("std", std)):
        values = _moments(entries, entry) if given is None else given
        if values is not None:
            _set_moments(network, entry, values)
    return network.eval()


def convert_checkpoint(path: Path, name: str, out: Path, image_size: int = 512) -> Network:
    """A checkpoint of MMSegmentation as a checkpoint folder of ours.

    Args:
        image_size: side of the images on which it was trained, which becomes the network's working size.

    Raises:
        UsageError: MMSegmentation has no network of this name, or `image_size` cannot be.
        FaceparseError: the file is not the weights of this network, or `out` cannot be written.
    """
    if name not in RULES:
        raise UsageError.unknown("MMSegmentation model", name, RULES)
    content = read_weights(path)
    meta = content.get("meta")
    steps = meta.get("iter") if isinstance(meta, Mapping) else None
    steps = steps if isinstance(steps, int) and steps > 0 else 1  # not known
    config = RunConfig(recipe=name, steps=steps, image_size=image_size, store_size=image_size, model=CONFIGS[name])
    check(config)
    try:
        network = from_mmseg(content, name)
    except FaceparseError as error:
        raise FaceparseError(f"{path}: {error}") from error
    save_model(out, config, network)
    return network


def _entries(state_dict: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of the model itself, under their plain names."""
    if not isinstance(state_dict, Mapping):
        raise FaceparseError(f"a state dict is expected, not {type(state_dict).__name__}")
    return {key: value for key, value in plain_entries(state_dict).items() if not key.startswith("ema_")}


def _matched(
    ours: dict[str, Tensor], wanted: dict[str, Source], entries: dict[str, Any]
) -> tuple[dict[str, Tensor], list[str]]:
    """Weights for each of our entries, and what keeps them from being complete."""
    weights: dict[str, Tensor] = {}
    missing, shapes, unusable = [], [], []
    for name, tensor in ours.items():
        source = wanted[name]
        theirs = entries.get(source.key)
        if not tensor.is_floating_point():
            weights[name] = tensor  # a counter or an index table, which we make ourselves
        elif theirs is None:
            missing.append(source.key)
        elif not _is_plain(theirs):
            unusable.append(source.key)
        else:
            made = _made(source, theirs)
            if made is None or made.shape != tensor.shape:
                shapes.append(f"{source.key} ({_shape(theirs)}{_expected(source, tensor)})")
            else:
                weights[name] = made
    known = {source.key for source in wanted.values()}
    left_over = [
        key
        for key, value in entries.items()
        if key not in known
        and not key.startswith("data_preprocessor.")
        and (not isinstance(value, Tensor) or value.is_floating_point())
    ]
    groups = {"missing": missing, "of another shape": shapes, "no plain tensors": unusable, "left over": left_over}
    # one entry of theirs may make several of ours
    groups = {what: list(dict.fromkeys(names)) for what, names in groups.items()}
    faults = [f"{len(names)} {what}: {some_names(names, _SHOWN)}" for what, names in groups.items() if names]
    return weights, faults


def _is_plain(value: Any) -> bool:
    """Whether a value is a tensor of floating-point numbers that are there."""
    return (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.is_floating_point()
        and value.device.type != "meta"
    )


def _made(source: Source, theirs: Tensor) -> Tensor | None:
    """Ours of theirs; None where theirs has a shape of which ours cannot be made."""
    try:
        return source.make(theirs)
    except (RuntimeError, IndexError, ValueError):
        return None


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "one number"


def _expected(source: Source, ours: Tensor) -> str:
    return "" if source.steps else f", not {_shape(ours)}"


def _moments(entries: dict[str, Any], name: str) -> list[float] | None:
    values = entries.get(f"data_preprocessor.{name}")
    return values.flatten().tolist() if isinstance(values, Tensor) and _is_plain(values) else None


def _set_moments(network: Network, name: str, values: tuple[float, ...] | list[float]) -> None:
    """Write mean or std, of RGB in [0, 255], into a network that takes RGB in [0, 1]."""
    moments = torch.tensor(values) / 255
    if moments.shape != (3,) or not moments.isfinite().all() or (name == "std" and moments.min() <= 0):
        raise FaceparseError(f"{name} is {list(values)}, where three numbers of RGB in [0, 255] are needed")
    getattr(network, name).copy_(moments.view(3, 1, 1))
