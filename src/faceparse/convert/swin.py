"""Swin Transformer. MMSegmentation counts a stage's patch merging to the stage before, and orders it otherwise.

Checkpoints from before it had a Swin of its own, of the authors' fork of MMSegmentation 0.11, keep the authors' names
(`backbone.layers.0.blocks.0.attn.qkv`) and the authors' order of patch merging, which is ours.
"""

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

AUTHORS_BACKBONE = (
    *(Rule(rf"^backbone\.layers\.{i + 1}\.downsample\.", f"backbone.layers.{i}.downsample.") for i in range(3)),
    Rule(r"^backbone\.norms\.(\d)\.", r"backbone.norm\1."),
)

AUTHORS_RULES = (*AUTHORS_BACKBONE, *upernet.HEADS)

AUTHORS_MARK = "backbone.layers.0.blocks.0.attn.qkv.weight"
"""An entry that only checkpoints with the authors' names have."""
