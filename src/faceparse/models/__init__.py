"""Networks. `build` makes one by name, with random weights and nothing downloaded."""

from faceparse.errors import UsageError

from .backbones.resnet import DEPTHS
from .bisenet import BiSeNetV2Config
from .compact import CompactConfig
from .deeplab import DeepLabV3Config, DeepLabV3PlusConfig
from .fpn import FPNEfficientNetConfig
from .knet import KNetConfig
from .network import Network
from .psa import PSANetConfig
from .segformer import SegFormerConfig
from .upernet import UPerNetConvNeXtConfig, UPerNetSwinConfig

ModelConfig = (
    CompactConfig
    | DeepLabV3PlusConfig
    | PSANetConfig
    | UPerNetSwinConfig
    | UPerNetConvNeXtConfig
    | KNetConfig
    | SegFormerConfig
    | BiSeNetV2Config
    | FPNEfficientNetConfig
)
"""The sizes of any network here. Each kind has a `name` of its own, by which `config.json` tells them apart."""

CONFIGS: dict[str, ModelConfig] = {
    "compact": CompactConfig(),
    "compact_dense": CompactConfig(depths=(1, 1, 2, 1), group_widths=(0, 0, 0, 0), pool_context=False),
    "deeplabv3plus_r50": DeepLabV3PlusConfig(),
    "deeplabv3plus_r101": DeepLabV3PlusConfig(depths=DEPTHS[101]),
    "psanet_r50": PSANetConfig(),
    "psanet_r101": PSANetConfig(depths=DEPTHS[101]),
    "upernet_swin_t": UPerNetSwinConfig(),
    "upernet_swin_b": UPerNetSwinConfig(embed_dim=128, depths=(2, 2, 18, 2), num_heads=(4, 8, 16, 32)),
    "upernet_swin_l": UPerNetSwinConfig(embed_dim=192, depths=(2, 2, 18, 2), num_heads=(6, 12, 24, 48)),
    "upernet_convnext_t": UPerNetConvNeXtConfig(),
    "upernet_convnext_l": UPerNetConvNeXtConfig(depths=(3, 3, 27, 3), widths=(192, 384, 768, 1536)),
    "upernet_convnext_xl": UPerNetConvNeXtConfig(depths=(3, 3, 27, 3), widths=(256, 512, 1024, 2048)),
    "knet_r50": KNetConfig(base=DeepLabV3Config()),
    "knet_swin_t": KNetConfig(),
    "segformer_b0": SegFormerConfig(),
    "segformer_b5": SegFormerConfig(embed_dim=64, depths=(3, 6, 40, 3)),
    "bisenetv2": BiSeNetV2Config(),
    "fpn_efficientnet_lite0": FPNEfficientNetConfig(),
}
"""Every network by the name that recipes and commands use."""


def build(name: str, num_classes: int = 19) -> Network:
    """A network with random weights.

    It takes RGB in [0, 1], `b 3 h w`; in `eval()` it returns logits `b classes h w`, in `train()` the logits and a
    tuple of auxiliary logits.

    Raises:
        UsageError: no network has this name.
    """
    if name not in CONFIGS:
        raise UsageError.unknown("model", name, CONFIGS)
    return CONFIGS[name].build(num_classes)
