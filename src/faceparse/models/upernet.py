"""UPerNet (Xiao et al., 2018) on a hierarchical backbone, as MMSegmentation has it.

Pyramid pooling over the deepest map (Zhao et al., 2017), a top-down path over all four, and one 3×3 convolution over
their concatenation at 1/4 of the input.
"""

from torch import Tensor, cat, nn

from .blocks import ConvNormAct, resize_like
from .pooling import pool_to_grid

POOL_SIZES = (1, 2, 3, 6)
DROPOUT = 0.1


class PyramidPooling(nn.Module):
    """Averages over grids of 1×1 to 6×6, each through a 1×1 convolution, beside the map itself (Zhao et al., 2017)."""

    def __init__(self, in_channels: int, channels: int):
        super().__init__()
        self.branches = nn.ModuleList(ConvNormAct(in_channels, channels, 1) for _ in POOL_SIZES)
        self.fuse = ConvNormAct(in_channels + len(POOL_SIZES) * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        pooled = (branch(pool_to_grid(x, size)) for branch, size in zip(self.branches, POOL_SIZES, strict=True))
        return self.fuse(cat([x, *(resize_like(grid, x) for grid in pooled)], dim=1))


class UPerHead(nn.Module):
    """Four feature maps, finest first → logits `b classes h w` at the first map's size.

    `features` and `classify` are its two halves, for heads that build on it (K-Net).
    """

    def __init__(self, in_channels: tuple[int, ...], channels: int, num_classes: int):
        super().__init__()
        self.pyramid = PyramidPooling(in_channels[-1], channels)
        self.laterals = nn.ModuleList(ConvNormAct(width, channels, 1) for width in in_channels[:-1])
        self.smooths = nn.ModuleList(ConvNormAct(channels, channels) for _ in in_channels[:-1])
        self.fuse = ConvNormAct(len(in_channels) * channels, channels)
        self.dropout = nn.Dropout2d(DROPOUT)
        self.classifier = nn.Conv2d(channels, num_classes, 1)
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)

    def features(self, maps: list[Tensor]) -> Tensor:
        """`b channels h w` at the first map's size."""
        levels = [self.pyramid(maps[-1])]
        for lateral, x in zip(reversed(self.laterals), reversed(maps[:-1]), strict=True):
            here = lateral(x)
            levels.insert(0, here + resize_like(levels[0], here))
        smoothed = [smooth(level) for smooth, level in zip(self.smooths, levels[:-1], strict=True)]
        same_size = [smoothed[0], *(resize_like(level, smoothed[0]) for level in (*smoothed[1:], levels[-1]))]
        return self.fuse(cat(same_size, dim=1))

    def classify(self, features: Tensor) -> Tensor:
        return self.classifier(self.dropout(features))

    def forward(self, maps: list[Tensor]) -> Tensor:
        return self.classify(self.features(maps))
