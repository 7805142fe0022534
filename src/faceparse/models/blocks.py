"""Building blocks that several networks share. Feature maps are `b c h w`."""

from torch import Tensor, nn
from torch.nn import functional as F

from .network import Size

NUM_HEADS = 4
"""Of every attention here."""


class ConvNormAct(nn.Sequential):
    """Convolution without bias, batch norm, ReLU; keeps the size at stride 1, halves it at stride 2 (rounding up)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
    ):
        padding = dilation * (kernel // 2)
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel, stride, padding, dilation, groups, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut (He et al., 2016, basic block), the norm of the branch starting at zero.

    The zero makes each block the identity at first, which trains deeper networks more calmly (Goyal et al., 2017).
    """

    def __init__(self, channels: int, *, dilation: int = 1):
        super().__init__()
        self.first = ConvNormAct(channels, channels, dilation=dilation)
        self.second = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm(self.second(self.first(x))))


class GroupedBlock(nn.Module):
    """A 3×3 convolution in groups, a 1×1 that mixes them, and a shortcut (Xie et al., 2017, aggregated residuals).

    A fifth of a `ResidualBlock`'s work at 128 channels in groups of 32, and as fast for its work on a CPU, where
    depthwise convolutions are not in training.
    """

    def __init__(self, channels: int, group_width: int):
        super().__init__()
        assert channels % group_width == 0
        self.first = ConvNormAct(channels, channels, groups=channels // group_width)
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm(self.mix(self.first(x))))


class AttentionBlock(nn.Module):
    """A pre-norm transformer layer over all positions of a map (Dosovitskiy et al., 2021).

    No position table: the convolutions before it, with their zero padding, already tell positions apart, and any
    size of map goes.
    """

    def __init__(self, channels: int, *, num_heads: int = NUM_HEADS, expansion: int = 2):
        super().__init__()
        assert channels % num_heads == 0
        self.num_heads = num_heads
        self.attention_norm = nn.LayerNorm(channels)
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, channels)
        self.mlp_norm = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(
            nn.Linear(channels, expansion * channels), nn.GELU(), nn.Linear(expansion * channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        tokens = x.flatten(2).transpose(1, 2)  # b c h w -> b hw c
        tokens = tokens + self._attend(self.attention_norm(tokens))
        tokens = tokens + self.mlp(self.mlp_norm(tokens))
        return tokens.transpose(1, 2).unflatten(2, (height, width))

    def _attend(self, tokens: Tensor) -> Tensor:
        heads = self.query_key_value(tokens).unflatten(2, (3, self.num_heads, -1))  # b n 3 heads d
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value)  # b heads n d
        return self.project(attended.transpose(1, 2).flatten(2))


def resize_like(x: Tensor, reference: Tensor) -> Tensor:
    """Bilinear resizing to the height and width of another map.

    An exported graph has it as doubling where its symbols show that it is: onnxruntime keeps its layout of convolutions
    through a Resize by constants alone, which is a twentieth of `compact`'s time.
    """
    size = reference.shape[-2:]
    if all(_is_known_double(new, old) for new, old in zip(size, x.shape[-2:], strict=True)):
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


def _is_known_double(new: Size, old: Size) -> bool:
    if isinstance(new, int):
        return new == 2 * old
    from torch.fx.experimental.symbolic_shapes import statically_known_true  # imports SymPy

    return statically_known_true(new == 2 * old)


def initialise(module: nn.Module) -> None:
    """He initialisation for convolutions before ReLU, small normal weights for linear layers (He et al., 2015)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.Linear):
            nn.init.trunc_normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)
