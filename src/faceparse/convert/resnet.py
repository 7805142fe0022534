"""ResNet-D8 with the v1c stem (timm's, whose names are torchvision's), DeepLabV3, DeepLabV3+ and PSANet."""

from .rules import Rule

BACKBONE = (
    Rule(r"^backbone\.conv1\.", "backbone.stem."),
    Rule(r"^backbone\.bn1\.", "backbone.stem.7."),
)

RULES = BACKBONE
