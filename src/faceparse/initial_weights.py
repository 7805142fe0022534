"""Weights that a run begins with, and the record of where they came from."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from faceparse.checkpoint import find_checkpoint, load_weights
from faceparse.config import RunConfig
from faceparse.console import log
from faceparse.data.manifest import hash_file
from faceparse.errors import FaceparseError, some_names
from faceparse.files import write_atomically
from faceparse.models.backbones import pretraining
from faceparse.models.backbones.weights import load_backbone_by_name, load_backbone_file, packaged_file
from faceparse.models.weights_file import plain_entries, read_weights

RECORD = "began_from.json"
"""In a run's folder: which weights it began with. A run without it began with random ones."""

_NOT_TAKEN = "logit_bias"
"""A decision rule that was tuned to the other network's outputs, and does not suit those that training changes."""


def weights_for(network: nn.Module, source: Path) -> dict[str, Tensor]:
    """The weights of a run or checkpoint folder for a network; how they were trained is not looked at.

    Raises:
        FaceparseError: no checkpoint there, or its weights are not those of such a network; says which.
    """
    folder = find_checkpoint(source)
    theirs, ours = load_weights(folder), network.state_dict()
    other = {name for name in theirs.keys() & ours.keys() if theirs[name].shape != ours[name].shape}
    faults = []
    for names, what in ((other, "of another shape"), (ours.keys() - theirs.keys(), "missing"),
                        (theirs.keys() - ours.keys(), "not in this network")):  # fmt: skip
        shown = {_with_shapes(n, theirs[n].shape, ours[n].shape) for n in names} if names is other else names
        faults += [f"{len(names)} {what} ({some_names(shown)})"] if names else []
    if faults:
        raise FaceparseError(
            f"{folder}: its weights are not this network's: {'; '.join(faults)}; give the model fields of its "
            "config.json, or begin from another run"
        )
    log.info("beginning with the weights in %s", folder)
    return {**theirs, _NOT_TAKEN: ours[_NOT_TAKEN]}


def record_origin(run: Path, source: Path) -> None:
    """Write which weights a run began with: their path, their sha256, and what those had begun with in turn.

    Rules about pretraining ask for it: the chain ends at a run that began with random weights, or it does not.
    """
    folder = find_checkpoint(source).resolve()
    digest = hash_file(folder / "model.safetensors")
    origin: dict[str, object] = {"path": str(source), "checkpoint": folder.name, "sha256": digest}
    for above in folder.parents[:2]:
        if (above / RECORD).is_file():
            origin["began_from"] = json.loads((above / RECORD).read_text())
    write_atomically(run / RECORD, json.dumps(origin, indent=2) + "\n")


_ALLOWED = {
    "none": (),
    "imagenet-1k": (pretraining.IMAGENET_1K,),
    "imagenet-21k": (pretraining.IMAGENET_1K, pretraining.IMAGENET_21K),
}
"""Kinds of weights by a run's `pretraining`; `any` allows all."""

_SUFFIXES = (".pth", ".pt", ".bin", ".safetensors")


def backbone_for(config: RunConfig) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The entries of a run's network that its `backbone_weights` give, and the record of where they came from.

    Raises:
        FaceparseError: the weights cannot be had, are not this backbone's, or were trained on more than the run's
            `pretraining` allows.
    """
    given = config.backbone_weights
    path = packaged_file(given) or Path(given)
    is_file = path.suffix in _SUFFIXES or path.exists()
    # judged before it is downloaded or loaded
    if is_file:
        entries = plain_entries(read_weights(path))
        sha256 = hash_file(path)
        kind, told_by = _judged(config, pretraining.kind_of_file(path, sha256, entries))
        record = {"file": path.name, "sha256": sha256}
    else:
        kind, told_by = _judged(config, pretraining.kind_of_timm(given))
        record = {"name": given}
    network = config.model.build()
    loaded = load_backbone_file(network, path) if is_file else load_backbone_by_name(network, given)
    if kind == pretraining.UNKNOWN:
        log.warning(
            "%s: what these weights were trained on is not known from their name or hash; say it with --backbone-data",
            given,
        )
    fresh = {f"body.backbone.{name}" for name in loaded.fresh}
    weights = {
        name: tensor for name, tensor in network.state_dict().items()
        if name.startswith("body.backbone.") and tensor.is_floating_point() and name not in fresh
    }  # fmt: skip
    record.setdefault("sha256", _hash_of_tensors(weights))
    log.info("the backbone begins with %d entries of %s (trained on %s)", loaded.num_loaded, given, kind)
    return weights, {**record, "trained_on": kind, "told_by": told_by}


def _judged(config: RunConfig, kind: str) -> tuple[str, str]:
    """What weights count as trained on, and who told; refused where the run's `pretraining` does not allow it.

    Args:
        kind: what their name or hash tells.
    """
    given, said = config.backbone_weights, config.backbone_data
    if said and kind not in (pretraining.UNKNOWN, said):
        raise FaceparseError(
            f"{given}: trained on {kind} by its name or hash, where backbone_data says {said}; leave "
            "--backbone-data out"
        )
    told_by = "the user" if said and kind == pretraining.UNKNOWN else "name or hash"
    kind = said or kind
    allowed = _ALLOWED.get(config.pretraining)
    # what is not known is told with a warning, and packing for a challenge warns again
    if allowed is not None and kind not in allowed and not (allowed and kind == pretraining.UNKNOWN):
        rule = f"{allowed[-1]} at most" if allowed else "no pretrained weights"
        raise FaceparseError(
            f"{given}: trained on {kind}, where the run's pretraining asks for {rule}; take others, or "
            "--pretraining any for a run that enters no challenge"
        )
    return kind, told_by


def _hash_of_tensors(weights: Mapping[str, Tensor]) -> str:
    """sha256 over the entries' names and bytes, for weights that came from no file of the user's."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(weights[name].detach().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _with_shapes(name: str, theirs: tuple[int, ...], ours: tuple[int, ...]) -> str:
    return f"{name} {'×'.join(map(str, theirs))} where {'×'.join(map(str, ours))} is needed"
