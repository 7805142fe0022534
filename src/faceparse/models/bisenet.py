"""BiSeNetV2 (Yu et al., 2021): a wide shallow branch for detail, a narrow deep one for meaning, each gating the other.

The network is MMSegmentation's, number for number. It differs from the paper's Table 1 in what MMSegmentation added:
a ReLU after each gather-expansion layer's last depthwise convolution, and norm and ReLU at the end of the context
embedding.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from .blocks import ConvNormAct, initialise, resize_like
from .fcn import FCNHead
from .network import Network

NUM_LAYERS = (2, 2, 4)
"""Gather-expansion layers at 1/8, 1/16 and 1/32."""


@dataclass(frozen=True, kw_only=True)
class BiSeNetV2Config:
    """Sizes of BiSeNetV2. `build()` gives random weights."""

    name: Literal["bisenetv2"] = "bisenetv2"
    detail_channels: tuple[int, int, int] = (64, 64, 128)
    """Of the detail branch at 1/2, 1/4 and 1/8 of the input."""
    semantic_channels: tuple[int, int, int, int] = (16, 32, 64, 128)
    """Of the semantic branch at 1/4, 1/8, 1/16 and 1/32."""
    expansion: int = 6
    """Of channels inside a gather-expansion layer."""
    head_channels: int = 1024
    """Of the head that decodes both branches."""
    auxiliary_channels: tuple[int, int, int, int] = (16, 64, 256, 1024)
    """Of the heads on each size of the semantic branch."""

    def faults(self) -> list[str]:
        """What keeps these sizes from being built; empty where nothing does."""
        faults = []
        sizes = (*self.detail_channels, *self.semantic_channels, self.head_channels, *self.auxiliary_channels)
        if not all(1 <= size <= 4096 for size in sizes):
            faults.append("the channels of model must be 1 to 4096")
        if self.semantic_channels[0] < 2:
            faults.append("the first of model.semantic_channels must be at least 2")
        if self.detail_channels[-1] != self.semantic_channels[-1]:
            faults.append(
                f"model.detail_channels ends in {self.detail_channels[-1]} and model.semantic_channels in "
                f"{self.semantic_channels[-1]}, where the same is needed"
            )
        if not 1 <= self.expansion <= 64:
            faults.append(f"model.expansion is {self.expansion}, where 1 to 64 is needed")
        return faults

    def build(self, num_classes: int = 19, working_size: int | None = None) -> Network:
        return Network(BiSeNetV2(self, num_classes), num_classes=num_classes, working_size=working_size)


class BiSeNetV2(nn.Module):
    """Normalised `b 3 h w` → logits `b classes h/8 w/8`, in training with those of the semantic branch's four sizes."""

    def __init__(self, config: BiSeNetV2Config, num_classes: int):
        super().__init__()
        semantic = config.semantic_channels
        self.detail = _detail_branch(config.detail_channels)
        self.stem = Stem(semantic[0])
        self.stages = nn.ModuleList(
            nn.Sequential(
                GatherExpansion(before, channels, config.expansion, stride=2),
                *(GatherExpansion(channels, channels, config.expansion) for _ in range(num_layers - 1)),
            )
            for before, channels, num_layers in zip(semantic, semantic[1:], NUM_LAYERS, strict=False)
        )
        self.context = ContextEmbedding(semantic[-1])
        self.aggregation = GuidedAggregation(semantic[-1])
        initialise(self)
        self.head = FCNHead(semantic[-1], config.head_channels, num_classes)
        self.auxiliary_heads = nn.ModuleList(
            FCNHead(before, channels, num_classes, num_convs=2)
            for before, channels in zip(semantic, config.auxiliary_channels, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, tuple[Tensor, ...]]:
        detail = self.detail(x)
        maps = [self.stem(x)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        logits = self.head(self.aggregation(detail, self.context(maps[-1])))
        if not self.training:
            return logits
        return logits, tuple(head(x) for head, x in zip(self.auxiliary_heads, maps, strict=True))


class Stem(nn.Module):
    """The semantic branch's first quartering, by convolution and by pooling side by side."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = ConvNormAct(3, channels, stride=2)
        self.convolve = nn.Sequential(
            ConvNormAct(channels, channels // 2, 1), ConvNormAct(channels // 2, channels, stride=2)
        )
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.fuse = ConvNormAct(2 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return self.fuse(torch.cat([self.convolve(x), self.pool(x)], dim=1))


class GatherExpansion(nn.Module):
    """A 3×3 convolution, depthwise ones on many more channels, and back: an inverted bottleneck (Figure 5)."""

    def __init__(self, in_channels: int, out_channels: int, expansion: int, *, stride: int = 1):
        super().__init__()
        wide = in_channels * expansion
        self.gather = ConvNormAct(in_channels, in_channels)
        self.expand = nn.Sequential(
            *(_conv_norm(in_channels, wide, 3, stride=stride, groups=in_channels)),
            *(_conv_norm(wide, wide, 3, groups=wide) if stride > 1 else ()),
            nn.ReLU(inplace=True),
        )
        self.reduce = _conv_norm(wide, out_channels, 1)
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut = nn.Sequential(
                *_conv_norm(in_channels, in_channels, 3, stride=stride, groups=in_channels),
                *_conv_norm(in_channels, out_channels, 1),
            )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.reduce(self.expand(self.gather(x))) + self.shortcut(x))


class ContextEmbedding(nn.Module):
    """Adds the mean over the whole map to each position."""

    def __init__(self, channels: int):
        super().__init__()
        self.pool_norm = nn.BatchNorm2d(channels)
        self.embed = ConvNormAct(channels, channels, 1)
        self.fuse = ConvNormAct(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        mean = self.pool_norm(x.mean((2, 3), keepdim=True))
        return self.fuse(x + self.embed(mean))


class GuidedAggregation(nn.Module):
    """The bilateral guided aggregation: each branch, at its own size, is gated by the other (Figure 6)."""

    def __init__(self, channels: int):
        super().__init__()
        self.detail_kept = _depthwise_separable(channels)
        self.detail_down = nn.Sequential(
            *_conv_norm(channels, channels, 3, stride=2), nn.AvgPool2d(3, stride=2, padding=1)
        )
        self.semantic_up = _conv_norm(channels, channels, 3)
        self.semantic_kept = _depthwise_separable(channels)
        self.fuse = ConvNormAct(channels, channels)

    def forward(self, detail: Tensor, semantic: Tensor) -> Tensor:
        fine = self.detail_kept(detail) * resize_like(self.semantic_up(semantic), detail).sigmoid()
        coarse = self.detail_down(detail) * self.semantic_kept(semantic).sigmoid()
        return self.fuse(fine + resize_like(coarse, fine))


def _detail_branch(channels: tuple[int, int, int]) -> nn.Sequential:
    half, quarter, eighth = channels
    return nn.Sequential(
        ConvNormAct(3, half, stride=2), ConvNormAct(half, half),
        ConvNormAct(half, quarter, stride=2), ConvNormAct(quarter, quarter), ConvNormAct(quarter, quarter),
        ConvNormAct(quarter, eighth, stride=2), ConvNormAct(eighth, eighth), ConvNormAct(eighth, eighth),
    )  # fmt: skip


def _conv_norm(in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out_channels),
    )


def _depthwise_separable(channels: int) -> nn.Sequential:
    """The point-wise convolution has neither norm nor activation, hence a bias."""
    return nn.Sequential(*_conv_norm(channels, channels, 3, groups=channels), nn.Conv2d(channels, channels, 1))
