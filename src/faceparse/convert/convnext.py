"""ConvNeXt, which MMSegmentation takes from MMPretrain."""

from . import upernet
from .rules import Rule

BACKBONE = (
    Rule(r"^backbone\.stem\.", "backbone.downsample_layers.0."),
    Rule(r"^backbone\.stages\.(\d)\.downsample\.", r"backbone.downsample_layers.\1."),
    Rule(r"^backbone\.stages\.(\d)\.blocks\.", r"backbone.stages.\1."),
    Rule(r"\.conv_dw\.", ".depthwise_conv."),
    Rule(r"\.mlp\.fc([12])\.", r".pointwise_conv\1."),
    Rule(r"^backbone\.norms\.(\d)\.", r"backbone.norm\1."),
)

RULES = (*BACKBONE, *upernet.HEADS)
