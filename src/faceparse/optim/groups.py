"""A network's parameters in groups that differ in weight decay and in their share of the learning rate."""

from typing import Any

from torch import nn

from faceparse.errors import UsageError

from .layers import layers_of

POSITION_TABLES = ("relative_position_bias_table", "absolute_pos_embed", "pos_embed")
"""Last parts of the names of learnt tables that have an entry a position: like biases, they are not decayed."""


def parameter_groups(
    network: nn.Module,
    *,
    weight_decay: float,
    layer_decay: float = 1.0,
    by_stage: bool = True,
    num_layers: int = 0,
    head_rate: float = 1.0,
) -> list[dict[str, Any]]:
    """Groups for a torch optimiser; each also has its `share` of the rate, for `set_learning_rate`.

    A layer's share is `layer_decay` to the power of its distance from the head (Clark et al., 2020, ELECTRA), which is
    MMSegmentation's `LearningRateDecayOptimizerConstructor`; there biases count as ours, position tables do not.

    Raises:
        UsageError: shares are to differ, and the network has no backbone whose layers are known.
    """
    shares = _shares(network, layer_decay, by_stage, num_layers, head_rate)
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    for decayed in (True, False):
        for name, parameter in network.named_parameters():
            if parameter.requires_grad and decayed == (parameter.ndim > 1 and not name.endswith(POSITION_TABLES)):
                share, decay = shares.get(name, 1.0), weight_decay if decayed else 0.0
                group = groups.setdefault((share, decayed), {"params": [], "weight_decay": decay, "share": share})
                group["params"].append(parameter)
    return list(groups.values())


def _shares(
    network: nn.Module, layer_decay: float, by_stage: bool, num_layers: int, head_rate: float
) -> dict[str, float]:
    """The share of each parameter, by its name."""
    if layer_decay == 1 and head_rate == 1:
        return {}
    modules = dict(network.named_modules())
    prefix = next((name for name in modules if name.split(".")[-1] == "backbone"), None)
    if prefix is None:
        raise UsageError("optimizer.layer_decay and head_rate are for networks with a backbone; leave them at 1")
    backbone = [name for name, _ in modules[prefix].named_parameters()]
    layers, num_layers = layers_of(backbone, by_stage=by_stage, num_layers=num_layers)
    if not layers and layer_decay != 1:
        raise UsageError("optimizer.layer_decay: this backbone's blocks are not told by its names; leave it at 1")
    shares = {name: head_rate for name, _ in network.named_parameters()}
    for name in backbone:
        shares[f"{prefix}.{name}"] = layer_decay ** (num_layers + 1 - layers[name]) if layers else 1.0
    return shares
