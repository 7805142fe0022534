"""Every kind of reference network at sizes that tests can afford: the same code, few channels."""

from faceparse.models import (
    BiSeNetV2Config,
    DeepLabV3Config,
    DeepLabV3PlusConfig,
    FPNEfficientNetConfig,
    KNetConfig,
    PSANetConfig,
    SegFormerConfig,
    UPerNetConvNeXtConfig,
    UPerNetSwinConfig,
)

_RESNET = {"depths": (1, 1, 1, 1), "width": 4, "channels": 8, "auxiliary_channels": 4}
_SWIN = UPerNetSwinConfig(
    embed_dim=8, depths=(1, 2, 1, 1), num_heads=(1, 2, 2, 4), window=3, channels=8, auxiliary_channels=4
)
_KNET = {"num_stages": 2, "width": 4, "num_heads": 2, "feedforward_channels": 16}

TINY = {
    "deeplabv3plus": DeepLabV3PlusConfig(**_RESNET, detail_channels=4),
    "psanet": PSANetConfig(**_RESNET, mask_size=8),
    "upernet_swin": _SWIN,
    "upernet_convnext": UPerNetConvNeXtConfig(
        depths=(1, 1, 1, 1), widths=(8, 8, 16, 16), channels=8, auxiliary_channels=4
    ),
    "knet_resnet": KNetConfig(base=DeepLabV3Config(**_RESNET), **_KNET),
    "knet_swin": KNetConfig(base=_SWIN, **_KNET),
    "segformer": SegFormerConfig(embed_dim=4, depths=(1, 1, 1, 1), num_heads=(1, 2, 4, 4), channels=8),
    "bisenetv2": BiSeNetV2Config(
        detail_channels=(8, 8, 8),
        semantic_channels=(4, 4, 8, 8),
        expansion=2,
        head_channels=8,
        auxiliary_channels=(4, 4, 4, 4),
    ),
    "fpn_efficientnet_lite": FPNEfficientNetConfig(width=0.25, depth=0.5, channels=8),
}
NUM_AUXILIARY = {
    "deeplabv3plus": 1,
    "psanet": 1,
    "upernet_swin": 1,
    "upernet_convnext": 1,
    "knet_resnet": 3,
    "knet_swin": 3,
    "segformer": 0,
    "bisenetv2": 4,
    "fpn_efficientnet_lite": 0,
}
"""Auxiliary logits in training: those of heads on earlier maps, and of K-Net's stages but the last."""
