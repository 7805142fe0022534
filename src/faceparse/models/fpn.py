"""A feature pyramid (Lin et al., 2017) as a light decoder, in the manner of Panoptic FPN (Kirillov et al., 2019).

Every map through a 1×1 convolution, added from the deepest to the finest, two 3×3 convolutions there. On
EfficientNet-lite, whose ImageNet weights can be had offline, it shows what pretraining is worth.
"""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from .backbones.efficientnet import STRIDE, EfficientNetLite
from .blocks import ConvNormAct, initialise, resize_like
from .fcn import PixelClassifier
from .network import Network, Size

MEAN, STD = (127 / 255, 127 / 255, 127 / 255), (128 / 255, 128 / 255, 128 / 255)
"""Of RGB in [0, 1], with which EfficientNet-lite's published weights were trained."""


@dataclass(frozen=True, kw_only=True)
class FPNEfficientNetConfig:
    """Sizes of a feature pyramid on EfficientNet-lite; lite0's unless given. `build()` gives random weights."""

    name: Literal["fpn_efficientnet_lite"] = "fpn_efficientnet_lite"
    width: float = 1.0
    """Multiplies the backbone's channels; lite0 and lite1 have 1, lite2 1.1."""
    depth: float = 1.0
    """Multiplies its blocks; lite0 has 1, lite1 1.1, lite2 1.2."""
    drop_path: float = 0.0
    """Probability that the last block's branch is left out while training; less for those before."""
    channels: int = 64
    """Of the decoder."""

    def faults(self) -> list[str]:
        """What keeps these sizes from being built; empty where nothing does."""
        faults = []
        if not (0.1 <= self.width <= 4 and 0.1 <= self.depth <= 8):
            faults.append("model.width must be 0.1 to 4 and model.depth 0.1 to 8")
        if not 0 <= self.drop_path < 1:
            faults.append(f"model.drop_path is {self.drop_path}, where 0 or more and less than 1 is needed")
        if not 1 <= self.channels <= 4096:
            faults.append(f"model.channels is {self.channels}, where 1 to 4096 is needed")
        return faults

    def build(self, num_classes: int = 19, working_size: int | None = None) -> Network:
        backbone = EfficientNetLite(width=self.width, depth=self.depth, drop_path=self.drop_path)
        body = FeaturePyramid(backbone, self.channels, num_classes)
        return Network(body, num_classes=num_classes, working_size=working_size, mean=MEAN, std=STD)


class FeaturePyramid(nn.Module):
    """Normalised `b 3 h w` → logits `b classes h w`, sides rounded up to the stride; no auxiliary heads."""

    def __init__(self, backbone: EfficientNetLite, channels: int, num_classes: int):
        super().__init__()
        self.backbone = backbone
        self.head = FPNHead(backbone.channels, channels, num_classes)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, tuple[Tensor, ...]]:
        x = F.pad(x, (0, _to_whole(x.shape[-1]), 0, _to_whole(x.shape[-2])))
        logits = resize_like(self.head(self.backbone(x)), x)
        return (logits, ()) if self.training else logits


class FPNHead(nn.Module):
    """Feature maps, finest first → logits `b classes h w` at the first map's size."""

    def __init__(self, in_channels: tuple[int, ...], channels: int, num_classes: int):
        super().__init__()
        self.laterals = nn.ModuleList(ConvNormAct(width, channels, 1) for width in in_channels)
        self.refine = nn.Sequential(ConvNormAct(channels, channels), ConvNormAct(channels, channels))
        initialise(self)
        self.classifier = PixelClassifier(channels, num_classes)

    def forward(self, maps: list[Tensor]) -> Tensor:
        *finer, x = (lateral(x) for lateral, x in zip(self.laterals, maps, strict=True))
        for level in reversed(finer):
            x = level + resize_like(x, level)
        return self.classifier(self.refine(x))


def _to_whole(length: Size) -> Size:
    """What is missing to a multiple of the backbone's stride."""
    return (length + STRIDE - 1) // STRIDE * STRIDE - length
