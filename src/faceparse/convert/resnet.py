"""ResNet-D8 with the v1c stem (timm's, whose names are torchvision's), and the heads of DeepLabV3, V3+ and PSANet."""

from .rules import Rule

BACKBONE = (
    Rule(r"^backbone\.conv1\.", "backbone.stem."),
    Rule(r"^backbone\.bn1\.", "backbone.stem.7."),
)

PYRAMID = (
    Rule(r"\.pyramid\.pool\.", ".image_pool.1."),
    Rule(r"\.pyramid\.branches\.", ".aspp_modules."),
    Rule(r"\.pyramid\.fuse\.", ".bottleneck."),
)

_DEPTHWISE = (
    Rule(r"\.(aspp_modules|refine)\.(\d)\.0\.", r".\1.\2.depthwise_conv."),
    Rule(r"\.(aspp_modules|refine)\.(\d)\.1\.", r".\1.\2.pointwise_conv."),
)

_HEAD = Rule(r"^head\.", "decode_head.")

DEEPLABV3PLUS = (
    *BACKBONE,
    *PYRAMID,
    *_DEPTHWISE,
    Rule(r"\.detail\.", ".c1_bottleneck."),
    Rule(r"\.refine\.", ".sep_bottleneck."),
    _HEAD,
)

PSANET = (
    *BACKBONE,
    Rule(r"\.embed\.", ".attention.0."),
    Rule(r"\.predict\.", ".attention.1."),
    Rule(r"\.collect\.", "."),
    Rule(r"\.distribute\.(reduce|attention)\.", r".\1_p."),
    Rule(r"^head\.project\.", "head.proj."),
    Rule(r"^head\.fuse\.", "head.bottleneck."),
    _HEAD,
)
