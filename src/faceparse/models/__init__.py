"""Networks. `build` makes one by name, with random weights and nothing downloaded."""

from faceparse.errors import UsageError

from .bisenet import BiSeNetV2Config
from .compact import CompactConfig
from .network import Network

ModelConfig = CompactConfig | BiSeNetV2Config
"""The sizes of any network here. Each kind has a `name` of its own, by which `config.json` tells them apart."""

CONFIGS: dict[str, ModelConfig] = {
    "compact": CompactConfig(),
    "bisenetv2": BiSeNetV2Config(),
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
