"""Swin Transformer. MMSegmentation counts a stage's patch merging to the stage before, and orders it otherwise."""

from torch import Tensor

from . import upernet
from .rules import Rule


def _merging(theirs: Tensor) -> Tensor:
    """Patch merging's weights, whose last axis is 2×2 positions of c channels.

    Theirs counts channels, then rows, then columns, as `nn.Unfold` does; ours columns, then rows, then channels.
    """
    positions = theirs.unflatten(-1, (-1, 2, 2))  # … channels rows columns
    return positions.transpose(-3, -1).flatten(-3)


BACKBONE = (
    Rule(r"^backbone\.patch_embed\.proj\.", "backbone.patch_embed.projection."),
    *(
        Rule(rf"^backbone\.layers\.{i + 1}\.downsample\.", f"backbone.stages.{i}.downsample.", _merging)
        for i in range(3)
    ),
    Rule(r"^backbone\.layers\.", "backbone.stages."),
    Rule(r"\.attn\.", ".attn.w_msa."),
    Rule(r"\.mlp\.fc1\.", ".ffn.layers.0.0."),
    Rule(r"\.mlp\.fc2\.", ".ffn.layers.1."),
    Rule(r"^backbone\.norms\.(\d)\.", r"backbone.norm\1."),
)

RULES = (*BACKBONE, *upernet.HEADS)
