"""UPerNet (Xiao et al., 2018) on Swin Transformer or ConvNeXt, as MMSegmentation has it.

Pyramid pooling over the deepest map (Zhao et al., 2017), a top-down path over all four, and one 3×3 convolution over
their concatenation at 1/4 of the input. A small fully convolutional head on the third map helps training.
"""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from .backbones.convnext import ConvNeXt
from .backbones.swin import Swin
from .blocks import ConvNormAct, initialise, resize_like
from .encoder_decoder import EncoderDecoder
from .fcn import FCNHead, PixelClassifier
from .fusion import Fusion, enlarged_like
from .network import Network
from .pooling import pool_to_grid

POOL_SIZES = (1, 2, 3, 6)
NUM_STAGES = 4


@dataclass(frozen=True, kw_only=True)
class UPerNetSwinConfig:
    """Sizes of UPerNet on Swin Transformer; Swin-T's unless given. `build()` gives random weights."""

    name: Literal["upernet_swin"] = "upernet_swin"
    embed_dim: int = 96
    """Channels at 1/4 of the input; they double from stage to stage."""
    depths: tuple[int, ...] = (2, 2, 6, 2)
    """Blocks at 1/4, 1/8, 1/16 and 1/32."""
    num_heads: tuple[int, ...] = (3, 6, 12, 24)
    """Of the attention at each of them."""
    window: int = 7
    """Positions on a window's side."""
    drop_path: float = 0.3
    """Probability that the last block's branches are left out while training; less for those before."""
    checkpoint_activations: bool = False
    """Compute each block a second time in the backward pass rather than keep what is inside it."""
    channels: int = 512
    """Of the head."""
    auxiliary_channels: int = 256

    def faults(self) -> list[str]:
        """What keeps these sizes from being built; empty where nothing does."""
        faults = _faults(self.depths, (self.embed_dim, self.channels, self.auxiliary_channels), self.drop_path)
        if len(self.num_heads) != NUM_STAGES or not all(1 <= heads <= self.embed_dim for heads in self.num_heads):
            faults.append(f"model.num_heads must be {NUM_STAGES} numbers from 1 to model.embed_dim")
        elif any(self.embed_dim * 2**stage % heads for stage, heads in enumerate(self.num_heads)):
            faults.append("each of model.num_heads must divide its stage's channels, model.embed_dim × 1, 2, 4, 8")
        if not 2 <= self.window <= 64:
            faults.append(f"model.window is {self.window}, where 2 to 64 is needed")
        return faults

    def build(self, num_classes: int = 19, working_size: int | None = None) -> Network:
        backbone = Swin(
            embed_dim=self.embed_dim,
            depths=self.depths,
            num_heads=self.num_heads,
            window=self.window,
            drop_path=self.drop_path,
            recompute=self.checkpoint_activations,
        )
        body = _network(backbone, self, num_classes)
        return Network(body, num_classes=num_classes, working_size=working_size)


@dataclass(frozen=True, kw_only=True)
class UPerNetConvNeXtConfig:
    """Sizes of UPerNet on ConvNeXt; ConvNeXt-T's unless given. `build()` gives random weights."""

    name: Literal["upernet_convnext"] = "upernet_convnext"
    depths: tuple[int, ...] = (3, 3, 9, 3)
    """Blocks at 1/4, 1/8, 1/16 and 1/32 of the input."""
    widths: tuple[int, ...] = (96, 192, 384, 768)
    """Channels at each of them."""
    layer_scale: float = 1.0
    """Where the learnt scale of each block's branch starts; ImageNet weights bring their own."""
    drop_path: float = 0.4
    """Probability that the last block's branch is left out while training; less for those before."""
    checkpoint_activations: bool = False
    """Compute each block a second time in the backward pass rather than keep what is inside it."""
    channels: int = 512
    """Of the head."""
    auxiliary_channels: int = 256

    def faults(self) -> list[str]:
        """What keeps these sizes from being built; empty where nothing does."""
        faults = _faults(self.depths, (*self.widths, self.channels, self.auxiliary_channels), self.drop_path)
        if len(self.widths) != NUM_STAGES:
            faults.append(f"model.widths has {len(self.widths)} stages, where {NUM_STAGES} are needed")
        if not 0 < self.layer_scale <= 1:
            faults.append(f"model.layer_scale is {self.layer_scale}, where more than 0 and at most 1 is needed")
        return faults

    def build(self, num_classes: int = 19, working_size: int | None = None) -> Network:
        backbone = ConvNeXt(
            depths=self.depths,
            channels=self.widths,
            layer_scale=self.layer_scale,
            drop_path=self.drop_path,
            recompute=self.checkpoint_activations,
        )
        body = _network(backbone, self, num_classes)
        return Network(body, num_classes=num_classes, working_size=working_size)


def _network(
    backbone: Swin | ConvNeXt, config: UPerNetSwinConfig | UPerNetConvNeXtConfig, num_classes: int
) -> EncoderDecoder:
    head = UPerHead(backbone.channels, config.channels, num_classes)
    return EncoderDecoder(backbone, head, FCNHead(backbone.channels[2], config.auxiliary_channels, num_classes))


class UPerHead(nn.Module):
    """Feature maps, finest first → logits `b classes h w` at the first map's size.

    `features` and `classifier` are its two halves, for heads that build on it (K-Net).
    """

    def __init__(self, in_channels: tuple[int, ...], channels: int, num_classes: int):
        super().__init__()
        self.pyramid = PyramidPooling(in_channels[-1], channels)
        self.laterals = nn.ModuleList(ConvNormAct(width, channels, 1) for width in in_channels[:-1])
        self.smooths = nn.ModuleList(ConvNormAct(channels, channels) for _ in in_channels[:-1])
        self.merge = Fusion(len(in_channels) * channels, channels)
        initialise(self)
        self.classifier = PixelClassifier(channels, num_classes)

    def features(self, maps: list[Tensor]) -> Tensor:
        """`b channels h w` at the first map's size."""
        levels = [self.pyramid(maps[-1])]
        for lateral, x in zip(reversed(self.laterals), reversed(maps[:-1]), strict=True):
            here = lateral(x)
            levels.insert(0, here + resize_like(levels[0], here))
        smoothed = [smooth(level) for smooth, level in zip(self.smooths, levels[:-1], strict=True)]
        finest, *others = (*smoothed, levels[-1])
        return self.merge([finest, *(enlarged_like(level, finest) for level in others)])

    def forward(self, maps: list[Tensor]) -> Tensor:
        return self.classifier(self.features(maps))


class PyramidPooling(nn.Module):
    """Means over grids of 1×1 to 6×6, each through a 1×1 convolution, beside the map itself (Zhao et al., 2017)."""

    def __init__(self, in_channels: int, channels: int):
        super().__init__()
        self.branches = nn.ModuleList(ConvNormAct(in_channels, channels, 1) for _ in POOL_SIZES)
        self.fuse = Fusion(in_channels + len(POOL_SIZES) * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        pooled = (branch(pool_to_grid(x, size)) for branch, size in zip(self.branches, POOL_SIZES, strict=True))
        return self.fuse([x, *(enlarged_like(grid, x) for grid in pooled)])


def _faults(depths: tuple[int, ...], channels: tuple[int, ...], drop_path: float) -> list[str]:
    """What is wrong with the sizes that both backbones have."""
    faults = []
    if len(depths) != NUM_STAGES or not all(1 <= depth <= 64 for depth in depths):
        faults.append(f"model.depths must be {NUM_STAGES} numbers from 1 to 64")
    if not all(1 <= width <= 4096 for width in channels):
        faults.append("the channels of model must be 1 to 4096")
    if not 0 <= drop_path < 1:
        faults.append(f"model.drop_path is {drop_path}, where 0 or more and less than 1 is needed")
    return faults
