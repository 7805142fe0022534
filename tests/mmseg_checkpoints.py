"""Checkpoints as MMSegmentation's, made of our own networks with random weights."""

import torch

from faceparse.convert.families import RULES
from faceparse.convert.rules import sources
from faceparse.models import build


def segformer_state(name: str = "segformer_b0") -> dict[str, torch.Tensor]:
    """The state dict of MMSegmentation's SegFormer."""
    torch.manual_seed(0)
    body = build(name).body
    theirs: dict[str, list[torch.Tensor]] = {}
    for key, source in sources(body, RULES[name]).items():
        if body.state_dict()[key].is_floating_point():
            theirs.setdefault(source.key, []).append(body.state_dict()[key])
    state = {key: torch.cat(parts) for key, parts in theirs.items()}
    for key in state:
        if ".ffn.layers.0.weight" in key or ".ffn.layers.4.weight" in key:
            state[key] = state[key][..., None, None]
    return state
