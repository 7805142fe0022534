"""PSANet (Zhao et al., 2018) as MMSegmentation has it: attention whose weights depend on relative positions.

Each position predicts, from its feature alone, a weight for every offset up to 33 rows and columns away, and does so
twice. In the branch that collects, a position weighs what it takes from the others; in the one that distributes, what
it gives to them. Both work on a map of half the size.

There is no custom operator here. The layer that predicts weights has no bias, so that offsets which no position of
the map needs are left out of its table, and those beyond its range are rows of zeros in it, which is the weight that
MMSegmentation's operator gives them. From weights by offset to weights by position is then a change of strides.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, cat, nn
from torch.nn import functional as F

from .backbones.resnet import DEPTHS, ResNet, channel_faults, resnet_faults
from .blocks import ConvNormAct, initialise
from .encoder_decoder import EncoderDecoder
from .fcn import FCNHead, PixelClassifier
from .fusion import Enlarged, Fusion
from .network import Network, Size
from .pooling import interpolation


@dataclass(frozen=True, kw_only=True)
class PSANetConfig:
    """Sizes of PSANet on a ResNet-D8. `build()` gives random weights."""

    name: Literal["psanet"] = "psanet"
    depths: tuple[int, ...] = DEPTHS[50]
    """Bottlenecks in each stage of the backbone."""
    width: int = 64
    """Channels of the backbone's stem; a stage has four times as many and doubles them."""
    channels: int = 512
    """Of the head."""
    mask_size: int = 66
    """Offsets in one direction that have a weight of their own, half of them to each side."""
    auxiliary_channels: int = 256
    """Of the auxiliary head on the third stage."""

    def faults(self) -> list[str]:
        """What keeps these sizes from being built; empty where nothing does."""
        sizes = channel_faults(channels=self.channels, auxiliary_channels=self.auxiliary_channels)
        if not 1 <= self.mask_size <= 512:
            sizes.append(f"model.mask_size is {self.mask_size}, where 1 to 512 is needed")
        return resnet_faults(self.depths, self.width) + sizes

    def build(self, num_classes: int = 19, working_size: int | None = None) -> Network:
        backbone = ResNet(depths=self.depths, width=self.width)
        body = EncoderDecoder(
            backbone,
            PSAHead(backbone.channels[-1], self.channels, num_classes, mask_size=self.mask_size),
            FCNHead(backbone.channels[2], self.auxiliary_channels, num_classes),
        )
        return Network(body, num_classes=num_classes, working_size=working_size)


class PSAHead(nn.Module):
    """Feature maps → logits `b classes h w` at the last map's size."""

    def __init__(self, in_channels: int, channels: int, num_classes: int, *, mask_size: int):
        super().__init__()
        self.collect = PointwiseAttention(in_channels, channels, mask_size, gives=False)
        self.distribute = PointwiseAttention(in_channels, channels, mask_size, gives=True)
        self.project = ConvNormAct(2 * channels, in_channels, 1)
        self.fuse = Fusion(2 * in_channels, channels)
        initialise(self)
        self.classifier = PixelClassifier(channels, num_classes)

    def forward(self, maps: list[Tensor]) -> Tensor:
        x = maps[-1]
        height, width = x.shape[-2:]
        # As in MMSegmentation: where both sides are odd, a map is halved, and doubled again, corner to corner
        corners = (height % 2) * (width % 2)
        rows, columns = height // 2 + corners, width // 2 + corners
        down = (
            interpolation(height, rows, corners, x.device),
            interpolation(width, columns, corners, x.device).transpose(0, 1),
        )
        attended = cat([self.collect(x, *down), self.distribute(x, *down)], dim=1)
        # One position of zeros on each side before the projection, again as there
        attended = self.project(F.pad(attended, (1, 1, 1, 1)))
        return self.classifier(self.fuse([x, Enlarged(attended, height, width, corners)]))


class PointwiseAttention(nn.Module):
    """One branch: features `b in h w` → what each position took, or was given, `b channels rows columns`.

    Args:
        mask_size: offsets in one direction that have a weight.
        gives: a position's weights are for what it gives to others, not for what it takes from them.
    """

    def __init__(self, in_channels: int, channels: int, mask_size: int, *, gives: bool):
        super().__init__()
        self.mask_size = mask_size
        self.gives = gives
        self.reduce = ConvNormAct(in_channels, channels, 1)
        self.embed = ConvNormAct(channels, channels, 1)
        self.predict = nn.Conv2d(channels, mask_size**2, 1, bias=False)

    def forward(self, x: Tensor, rows_down: Tensor, columns_down: Tensor) -> Tensor:
        """Features `b in h w` and the matrices `rows h` and `w columns` that halve them."""
        x = self.reduce(x)
        x = rows_down.to(x.dtype) @ x @ columns_down.to(x.dtype)
        rows, columns = x.shape[-2:]
        query = self.embed(x).permute(0, 2, 3, 1)  # b rows columns channels
        weights = F.linear(query, self._table(rows, columns)).unflatten(3, (2 * rows, 2 * columns))
        weights = by_position(by_position(weights.permute(0, 1, 3, 2, 4)).permute(0, 3, 4, 1, 2))
        weights = weights.permute(0, 3, 1, 4, 2).flatten(3).flatten(1, 2)  # b positions others
        values = x.flatten(2)
        # Weights are made to sum to one over those from whom a position takes
        attended = values @ (weights.softmax(1) if self.gives else weights.softmax(2).transpose(1, 2))
        return attended.unflatten(2, (rows, columns))

    def _table(self, rows: Size, columns: Size) -> Tensor:
        """`(2 rows 2 columns) channels`: the layer's weights for offsets from −rows + 1 to rows, columns likewise."""
        side = self.mask_size
        weight = self.predict.weight.flatten(1).unflatten(0, (side, side))
        for dim, size in ((0, rows), (1, columns)):
            index = torch.arange(2 * size, device=weight.device) - size + 1 + (side - 1) // 2
            known = ((index >= 0) & (index < side)).to(weight.dtype)
            weight = weight.index_select(dim, index.clamp(0, side - 1))
            weight = weight * known.view(*(1,) * dim, -1, *(1,) * (2 - dim))
        return weight.flatten(0, 1)


def by_position(weights: Tensor) -> Tensor:
    """`… n 2n`, for each position weights by offset from −n + 1 to n → `… n n`, weights by the other's position.

    Row i wants its entries from n − 1 − i on. Read in rows that are one shorter, the flat tensor has them there.
    """
    n = weights.shape[-2]
    flat = weights.flatten(-2)
    return flat.narrow(-1, n - 1, n * (2 * n - 1)).unflatten(-1, (n, 2 * n - 1)).narrow(-1, 0, n)
