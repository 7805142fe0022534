"""Swin Transformer (Liu et al., 2021) with a norm on each stage's output, as MMSegmentation has it.

Parameters are named as timm names them. Two things are not as in timm: a map is padded to whole windows *before* it is
shifted, not after, and any size of map goes, down to less than one window.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from faceparse.models.network import Size

from .recompute import drop_path_rates, run_blocks

PATCH = 4


class Swin(nn.Module):
    """Normalised `b 3 h w` → maps of `embed_dim`·1, 2, 4, 8 channels at 1/4, 1/8, 1/16 and 1/32, rounded up."""

    def __init__(
        self,
        *,
        embed_dim: int,
        depths: tuple[int, ...],
        num_heads: tuple[int, ...],
        window: int = 7,
        drop_path: float = 0.0,
        recompute: bool = False,
    ):
        super().__init__()
        self.channels = tuple(embed_dim * 2**stage for stage in range(len(depths)))
        self.recompute = recompute
        self.patch_embed = PatchEmbed(embed_dim)
        self.layers = nn.ModuleList(
            Stage(width // 2 if stage else None, width, heads, window, rates)
            for stage, (width, heads, rates) in enumerate(
                zip(self.channels, num_heads, drop_path_rates(drop_path, depths), strict=True)
            )
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in self.channels)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.patch_embed(x)
        maps = []
        for stage, norm in zip(self.layers, self.norms, strict=True):
            x = stage(x, recompute=self.recompute)
            maps.append(norm(x).permute(0, 3, 1, 2).contiguous())
        return maps


class PatchEmbed(nn.Module):
    """Patches of 4×4 pixels → `b h w c`; an image is padded to whole patches on the right and at the bottom."""

    def __init__(self, channels: int):
        super().__init__()
        self.proj = nn.Conv2d(3, channels, PATCH, PATCH)
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        x = F.pad(x, (0, _to_whole(width, PATCH), 0, _to_whole(height, PATCH)))
        return self.norm(self.proj(x).permute(0, 2, 3, 1))


class Stage(nn.Module):
    """Merging of 2×2 positions where it follows another stage, then blocks of which every second one is shifted."""

    def __init__(self, in_channels: int | None, channels: int, num_heads: int, window: int, rates: list[float]):
        # here for the reason in resnet.py
        from timm.models.swin_transformer import PatchMerging

        super().__init__()
        self.downsample = PatchMerging(in_channels, channels, norm_layer=nn.LayerNorm) if in_channels else nn.Identity()
        self.blocks = nn.ModuleList(
            Block(channels, num_heads, window, shift=window // 2 if index % 2 else 0, drop_path=rate)
            for index, rate in enumerate(rates)
        )

    def forward(self, x: Tensor, *, recompute: bool) -> Tensor:
        return run_blocks(self.blocks, self.downsample(x), recompute=recompute)


class Block(nn.Module):
    """Pre-norm attention within windows and a two-layer perceptron, on `b h w c`."""

    def __init__(self, channels: int, num_heads: int, window: int, *, shift: int, drop_path: float):
        from timm.layers import DropPath, Mlp

        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, num_heads, window, shift=shift)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp(channels, 4 * channels)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class WindowAttention(nn.Module):
    """Attention among the positions of each window, with a learnt bias for each relative position.

    With `shift` the map is rolled up and left first, so that windows reach over the borders of the others'; positions
    that only the roll brought together do not see each other (a bias of −100, as the original has it).
    """

    relative_position_index: Tensor
    rows_apart: Tensor
    columns_apart: Tensor

    def __init__(self, channels: int, num_heads: int, window: int, *, shift: int):
        super().__init__()
        self.num_heads, self.window, self.shift = num_heads, window, shift
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, num_heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

        row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
        down, right = row[:, None] - row, column[:, None] - column
        index = (down + window - 1) * (2 * window - 1) + right + window - 1
        self.register_buffer("relative_position_index", index.flatten(), persistent=False)
        if shift:
            # In the last window of a row or column: which positions were rolled in from the other side
            rolled = row >= window - shift, column >= window - shift
            for name, side in zip(("rows_apart", "columns_apart"), rolled, strict=True):
                self.register_buffer(name, side[:, None] != side, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        x = F.pad(x, (0, 0, 0, _to_whole(width, self.window), 0, _to_whole(height, self.window)))
        if self.shift:
            x = x.roll((-self.shift, -self.shift), (1, 2))
        x = self._merge(self._attend(self._partition(x)))
        if self.shift:
            x = x.roll((self.shift, self.shift), (1, 2))
        return x[:, :height, :width]

    def _partition(self, x: Tensor) -> Tensor:
        """`b (rows window) (columns window) c` → `b rows columns window² c`."""
        size = self.window
        x = x.unflatten(2, (-1, size)).unflatten(1, (-1, size))  # b rows window columns window c
        return x.transpose(2, 3).flatten(3, 4)

    def _merge(self, x: Tensor) -> Tensor:
        size = self.window
        x = x.unflatten(3, (size, size)).transpose(2, 3)  # b rows window columns window c
        return x.flatten(3, 4).flatten(1, 2)

    def _attend(self, x: Tensor) -> Tensor:
        batch, rows, columns, area, _ = x.shape
        heads = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).permute(4, 0, 1, 2, 5, 3, 6)
        bias = self.relative_position_bias_table[self.relative_position_index]
        bias = bias.view(area, area, self.num_heads).permute(2, 0, 1)  # heads area area
        if self.shift:
            # b (rows columns heads) area d, with a bias of its own for each window
            query, key, value = heads.flatten(2, 4)
            bias = (bias + self._mask(rows, columns, bias.dtype)[:, :, None]).flatten(0, 2)[None]
        else:
            # (b rows columns) heads area d, the same bias for all
            query, key, value = heads.flatten(1, 3)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype))
        attended = attended.reshape(batch, rows, columns, self.num_heads, area, -1)
        return self.proj(attended.transpose(3, 4).flatten(4))

    def _mask(self, rows: Size, columns: Size, dtype: torch.dtype) -> Tensor:
        """`rows columns area area`: −100 where two positions of a window are neighbours by the roll only, else 0."""
        device = self.rows_apart.device
        last_row = (torch.arange(rows, device=device) == rows - 1).view(-1, 1, 1, 1)
        last_column = (torch.arange(columns, device=device) == columns - 1).view(1, -1, 1, 1)
        return -100 * ((last_row & self.rows_apart) | (last_column & self.columns_apart)).to(dtype)


def _to_whole(length: Size, unit: int) -> Size:
    """What is missing to a multiple; written so that a symbolic length stays one that is known to divide."""
    return (length + unit - 1) // unit * unit - length
