"""Which rules each network needs, by its name in `faceparse.models.CONFIGS`; networks that are not here are our own."""

from . import resnet
from .rules import Rule

RULES: dict[str, tuple[Rule, ...]] = {
    "deeplabv3plus_r50": resnet.RULES,
    "deeplabv3plus_r101": resnet.RULES,
    "psanet_r50": resnet.RULES,
    "psanet_r101": resnet.RULES,
}
