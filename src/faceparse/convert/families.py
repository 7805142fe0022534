"""Which rules each network needs, by its name in `faceparse.models.CONFIGS`; networks that are not here are our own."""

from collections.abc import Container

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

_AUTHORS = {swin.RULES: swin.AUTHORS_RULES, knet.SWIN: knet.AUTHORS_SWIN}
"""Rules for Swin under its authors' names, by those for MMSegmentation's."""


def rules_for(name: str, entries: Container[str]) -> tuple[Rule, ...]:
    """The rules by which a network's weights are found among entries of this style of names."""
    rules = RULES[name]
    return _AUTHORS.get(rules, rules) if swin.AUTHORS_MARK in entries else rules
