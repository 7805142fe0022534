"""UPerNet's heads. The names of the decode head go for it inside K-Net as well; where it lies is for others to say."""

from .rules import Rule

HEAD = (
    Rule(r"\.pyramid\.branches\.(\d+)\.", r".psp_modules.\1.1."),
    Rule(r"\.pyramid\.fuse\.", ".bottleneck."),
    Rule(r"\.laterals\.", ".lateral_convs."),
    Rule(r"\.smooths\.", ".fpn_convs."),
    Rule(r"\.merge\.", ".fpn_bottleneck."),
)

HEADS = (*HEAD, Rule(r"^head\.", "decode_head."))
