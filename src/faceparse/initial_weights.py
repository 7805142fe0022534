"""Weights that a run begins with."""

from pathlib import Path

from torch import Tensor, nn

from faceparse.checkpoint import find_checkpoint, load_weights
from faceparse.console import log
from faceparse.errors import FaceparseError, some_names

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


def _with_shapes(name: str, theirs: tuple[int, ...], ours: tuple[int, ...]) -> str:
    return f"{name} {'×'.join(map(str, theirs))} where {'×'.join(map(str, ours))} is needed"
