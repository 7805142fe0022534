"""BiSeNetV2, whose branches and their aggregation are MMSegmentation's backbone."""

from .rules import Rule


def _conv_norm(ours: str, theirs: str, first: int = 0) -> tuple[Rule, Rule]:
    """A convolution and its norm, in a sequence of ours from place `first` on."""
    return (
        Rule(rf"{ours}\.{first}\.", f"{theirs}.conv."),
        Rule(rf"{ours}\.{first + 1}\.", f"{theirs}.bn."),
    )


_DETAIL = tuple(
    Rule(rf"^detail\.{place}\.", f"backbone.detail.detail_branch.{stage}.{layer}.")
    for place, (stage, layer) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)))
)

_SEMANTIC = (
    Rule(r"^stem\.first\.", "backbone.semantic.stage1.conv_first."),
    Rule(r"^stem\.convolve\.", "backbone.semantic.stage1.convs."),
    Rule(r"^stem\.fuse\.", "backbone.semantic.stage1.fuse_last."),
    *(Rule(rf"^stages\.{i}\.", f"backbone.semantic.stage{i + 2}.") for i in range(3)),
    Rule(r"\.gather\.", ".conv1."),
    *_conv_norm(r"\.expand", ".dwconv.0"),
    *_conv_norm(r"\.expand", ".dwconv.1", first=2),
    *_conv_norm(r"\.reduce", ".conv2.0"),
    *_conv_norm(r"\.shortcut", ".shortcut.0.depthwise_conv"),
    *_conv_norm(r"\.shortcut", ".shortcut.0.pointwise_conv", first=2),
    Rule(r"^context\.pool_norm\.", "backbone.semantic.stage4_CEBlock.gap.1."),
    Rule(r"^context\.embed\.", "backbone.semantic.stage4_CEBlock.conv_gap."),
    Rule(r"^context\.fuse\.", "backbone.semantic.stage4_CEBlock.conv_last."),
)

_AGGREGATION = (
    *_conv_norm(r"^aggregation\.detail_kept", "backbone.bga.detail_dwconv.0.depthwise_conv"),
    Rule(r"^aggregation\.detail_kept\.2\.", "backbone.bga.detail_dwconv.0.pointwise_conv.conv."),
    *_conv_norm(r"^aggregation\.semantic_kept", "backbone.bga.semantic_dwconv.0.depthwise_conv"),
    Rule(r"^aggregation\.semantic_kept\.2\.", "backbone.bga.semantic_dwconv.0.pointwise_conv.conv."),
    *_conv_norm(r"^aggregation\.detail_down", "backbone.bga.detail_down.0"),
    *_conv_norm(r"^aggregation\.semantic_up", "backbone.bga.semantic_conv.0"),
    Rule(r"^aggregation\.fuse\.", "backbone.bga.conv."),
)

_HEADS = (Rule(r"^head\.", "decode_head."), Rule(r"^auxiliary_heads\.", "auxiliary_head."))

RULES = (*_DETAIL, *_SEMANTIC, *_AGGREGATION, *_HEADS)
