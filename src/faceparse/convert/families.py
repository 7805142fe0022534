"""Which rules each network needs, by its name in `faceparse.models.CONFIGS`; networks that are not here are our own."""

from . import bisenet, convnext, knet, resnet, segformer, swin
from .rules import Rule

RULES: dict[str, tuple[Rule, ...]] = {
    "deeplabv3plus_r50": resnet.DEEPLABV3PLUS,
    "deeplabv3plus_r101": resnet.DEEPLABV3PLUS,
    "psanet_r50": resnet.PSANET,
    "psanet_r101": resnet.PSANET,
    "upernet_swin_t": swin.RULES,
    "upernet_swin_b": swin.RULES,
    "upernet_swin_l": swin.RULES,
    "upernet_convnext_t": convnext.RULES,
    "upernet_convnext_l": convnext.RULES,
    "upernet_convnext_xl": convnext.RULES,
    "knet_r50": knet.RESNET,
    "knet_swin_t": knet.SWIN,
    "segformer_b0": segformer.RULES,
    "segformer_b5": segformer.RULES,
    "bisenetv2": bisenet.RULES,
}
