"""DeepLabV3 (Chen et al., 2017) and DeepLabV3+ (Chen et al., 2018) as MMSegmentation has them.

Both look at the deepest map through convolutions of several dilations at once. V3+ does so with depthwise ones, and
refines what they found with the map at 1/4.
"""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, cat, nn

from .backbones.resnet import DEPTHS, ResNet, channel_faults, resnet_faults
from .blocks import ConvNormAct, initialise, resize_like
from .encoder_decoder import EncoderDecoder
from .fcn import FCNHead, PixelClassifier
from .fusion import Fusion, enlarged_like
from .network import Network

DILATIONS = (1, 12, 24, 36)
"""Of the pyramid's branches, where the deepest map is at 1/8."""


@dataclass(frozen=True, kw_only=True)
class DeepLabV3PlusConfig:
    """Sizes of DeepLabV3+ on a ResNet-D8. `build()` gives random weights."""

    name: Literal["deeplabv3plus"] = "deeplabv3plus"
    depths: tuple[int, ...] = DEPTHS[50]
    """Bottlenecks in each stage of the backbone."""
    width: int = 64
    """Channels of the backbone's stem; a stage has four times as many and doubles them."""
    channels: int = 512
    """Of the head."""
    detail_channels: int = 48
    """What is left of the map at 1/4."""
    auxiliary_channels: int = 256
    """Of the auxiliary head on the third stage."""

    def faults(self) -> list[str]:
        """What keeps these sizes from being built; empty where nothing does."""
        return resnet_faults(self.depths, self.width) + channel_faults(
            channels=self.channels, detail_channels=self.detail_channels, auxiliary_channels=self.auxiliary_channels
        )

    def build(self, num_classes: int = 19, working_size: int | None = None) -> Network:
        backbone = ResNet(depths=self.depths, width=self.width)
        body = EncoderDecoder(
            backbone,
            DeepLabV3PlusHead(backbone.channels, self.channels, num_classes, detail_channels=self.detail_channels),
            FCNHead(backbone.channels[2], self.auxiliary_channels, num_classes),
        )
        return Network(body, num_classes=num_classes, working_size=working_size)


@dataclass(frozen=True, kw_only=True)
class DeepLabV3Config:
    """Sizes of DeepLabV3 on a ResNet-D8. `build()` gives random weights."""

    name: Literal["deeplabv3"] = "deeplabv3"
    depths: tuple[int, ...] = DEPTHS[50]
    """Bottlenecks in each stage of the backbone."""
    width: int = 64
    """Channels of the backbone's stem; a stage has four times as many and doubles them."""
    channels: int = 512
    """Of the head."""
    auxiliary_channels: int = 256
    """Of the auxiliary head on the third stage."""

    def faults(self) -> list[str]:
        """What keeps these sizes from being built; empty where nothing does."""
        sizes = channel_faults(channels=self.channels, auxiliary_channels=self.auxiliary_channels)
        return resnet_faults(self.depths, self.width) + sizes

    def build(self, num_classes: int = 19, working_size: int | None = None) -> Network:
        backbone = ResNet(depths=self.depths, width=self.width)
        body = EncoderDecoder(
            backbone,
            DeepLabV3Head(backbone.channels[-1], self.channels, num_classes),
            FCNHead(backbone.channels[2], self.auxiliary_channels, num_classes),
        )
        return Network(body, num_classes=num_classes, working_size=working_size)


class DepthwiseSeparable(nn.Sequential):
    """A 3×3 convolution of each channel by itself, then a 1×1 one, each with batch norm and ReLU."""

    def __init__(self, in_channels: int, out_channels: int, *, dilation: int = 1):
        super().__init__(
            ConvNormAct(in_channels, in_channels, dilation=dilation, groups=in_channels),
            ConvNormAct(in_channels, out_channels, 1),
        )


class AtrousPyramid(nn.Module):
    """Convolutions of several dilations and the mean of the whole map, side by side, then fused by a 3×3 one.

    Args:
        separable: whether the dilated convolutions are depthwise separable, as in V3+.
    """

    def __init__(self, in_channels: int, channels: int, *, separable: bool):
        super().__init__()
        self.pool = ConvNormAct(in_channels, channels, 1)
        self.branches = nn.ModuleList()
        for dilation in DILATIONS:
            if dilation == 1:
                branch = ConvNormAct(in_channels, channels, 1)
            elif separable:
                branch = DepthwiseSeparable(in_channels, channels, dilation=dilation)
            else:
                branch = ConvNormAct(in_channels, channels, dilation=dilation)
            self.branches.append(branch)
        self.fuse = Fusion((1 + len(DILATIONS)) * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.pool(x.mean((2, 3), keepdim=True))
        return self.fuse([enlarged_like(pooled, x), *(branch(x) for branch in self.branches)])


class DeepLabV3Head(nn.Module):
    """Feature maps → logits `b classes h w` at the last map's size.

    `features` and `classifier` are its two halves, for heads that build on it (K-Net).
    """

    def __init__(self, in_channels: int, channels: int, num_classes: int):
        super().__init__()
        self.pyramid = AtrousPyramid(in_channels, channels, separable=False)
        initialise(self)
        self.classifier = PixelClassifier(channels, num_classes)

    def features(self, maps: list[Tensor]) -> Tensor:
        """`b channels h w` at the last map's size."""
        return self.pyramid(maps[-1])

    def forward(self, maps: list[Tensor]) -> Tensor:
        return self.classifier(self.features(maps))


class DeepLabV3PlusHead(nn.Module):
    """Feature maps, finest first → logits `b classes h w` at the first map's size."""

    def __init__(self, in_channels: tuple[int, ...], channels: int, num_classes: int, *, detail_channels: int):
        super().__init__()
        self.pyramid = AtrousPyramid(in_channels[-1], channels, separable=True)
        self.detail = ConvNormAct(in_channels[0], detail_channels, 1)
        self.refine = nn.Sequential(
            DepthwiseSeparable(channels + detail_channels, channels), DepthwiseSeparable(channels, channels)
        )
        initialise(self)
        self.classifier = PixelClassifier(channels, num_classes)

    def forward(self, maps: list[Tensor]) -> Tensor:
        detail = self.detail(maps[0])
        coarse = resize_like(self.pyramid(maps[-1]), detail)
        return self.classifier(self.refine(cat([coarse, detail], dim=1)))
