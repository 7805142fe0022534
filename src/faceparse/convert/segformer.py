"""SegFormer. Query, key and value are one weight in MMSegmentation, its linear layers 1×1 convolutions."""

from torch import Tensor

from .rules import Rule


def _query(theirs: Tensor) -> Tensor:
    return theirs.chunk(3)[0]


def _key_value(theirs: Tensor) -> Tensor:
    return theirs[len(theirs) // 3 :]


def _linear(theirs: Tensor) -> Tensor:
    return theirs.flatten(1)


BACKBONE = (
    Rule(r"^backbone\.patch_embed\.", "backbone.layers.0.0."),
    Rule(r"^backbone\.stages\.(\d)\.downsample\.", r"backbone.layers.\1.0."),
    Rule(r"^backbone\.stages\.(\d)\.blocks\.", r"backbone.layers.\1.1."),
    Rule(r"^backbone\.stages\.(\d)\.norm\.", r"backbone.layers.\1.2."),
    Rule(r"^(backbone\.layers\.\d\.0)\.proj\.", r"\1.projection."),
    Rule(r"\.attn\.q\.", ".attn.attn.in_proj_", _query),
    Rule(r"\.attn\.kv\.", ".attn.attn.in_proj_", _key_value),
    Rule(r"\.attn\.proj\.", ".attn.attn.out_proj."),
    Rule(r"\.mlp\.fc1\.weight$", ".ffn.layers.0.weight", _linear),
    Rule(r"\.mlp\.fc1\.bias$", ".ffn.layers.0.bias"),
    Rule(r"\.mlp\.dwconv\.", ".ffn.layers.1."),
    Rule(r"\.mlp\.fc2\.weight$", ".ffn.layers.4.weight", _linear),
    Rule(r"\.mlp\.fc2\.bias$", ".ffn.layers.4.bias"),
)

RULES = (
    *BACKBONE,
    Rule(r"^head\.fuse\.", "head.fusion_conv."),
    Rule(r"^head\.", "decode_head."),
)
