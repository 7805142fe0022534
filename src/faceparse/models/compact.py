"""`compact`: our own small network for the 2025 challenge, trained from scratch under 1,821,085 parameters.

An encoder–decoder in the manner of U-Net (Ronneberger et al., 2015) built from residual blocks. Most convolutions
have 32 channels or more at half the input's resolution or less: that is where bfloat16 units of a CPU reach their
speed, while thin layers at full resolution would be bound by memory. Attention at 1/16 or 1/32 sees the whole face,
which tells left from right. The last layer predicts 2×2 pixels from each feature: a transposed convolution, which is
the sub-pixel convolution of Shi et al. (2016) without its shuffle.

Torch and this folder only: these files go into a challenge's `solution/` as they are.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import NUM_HEADS, AttentionBlock, ConvNormAct, GroupedBlock, ResidualBlock, initialise, resize_like
from .network import Network


@dataclass(frozen=True, kw_only=True)
class CompactConfig:
    """Sizes of `compact`. `build()` gives random weights."""

    name: Literal["compact"] = "compact"
    widths: tuple[int, ...] = (32, 64, 128, 128)
    """Channels at 1/2, 1/4, 1/8 and 1/16 of the input."""
    depths: tuple[int, ...] = (0, 1, 1, 2)
    """Residual blocks at each of them."""
    group_widths: tuple[int, ...] = (16, 32, 0, 0)
    """Channels of a group in each of those blocks, which then have a grouped and a 1×1 convolution; 0: two dense."""
    num_attention: int = 3
    """Transformer layers."""
    pool_context: bool = True
    """They see the map at 1/16 averaged to 1/32, a quarter of the positions, and what they find is added to it."""
    decoder_width: int = 64
    """Channels of the decoder at 1/4 and 1/8; half as many at 1/2."""
    refine: bool = True
    """A block at 1/2 before the head, of the kind that the first stage has."""

    def faults(self) -> list[str]:
        """What keeps these sizes from being built; empty where nothing does."""
        faults = []
        stages = {"widths": len(self.widths), "depths": len(self.depths), "group_widths": len(self.group_widths)}
        if len(set(stages.values())) > 1 or len(self.widths) < 2:
            told = ", ".join(f"model.{name} has {num}" for name, num in stages.items())
            faults.append(f"{told}; one for each stage is needed, and at least 2 stages")
        elif any(group < 0 or (group and width % group) for width, group in self._grouped()):
            faults.append(
                f"model.group_widths is {self.group_widths}, where 0 or divisors of model.widths are needed, the first "
                "one also of half of model.decoder_width where there is model.refine"
            )
        if not all(1 <= width <= 4096 for width in (*self.widths, self.decoder_width // 2)):
            faults.append("model.widths and half of model.decoder_width must be 1 to 4096")
        if self.widths and self.widths[-1] % NUM_HEADS:
            faults.append(f"the last of model.widths is {self.widths[-1]}, where a multiple of {NUM_HEADS} is needed")
        if any(not 0 <= depth <= 64 for depth in (*self.depths, self.num_attention)):
            faults.append("model.depths and model.num_attention must be 0 to 64")
        return faults

    def _grouped(self) -> list[tuple[int, int]]:
        """The channels of each kind of block, and of a group in it."""
        last = [(self.decoder_width // 2, self.group_widths[0])] if self.refine else []
        return [*zip(self.widths, self.group_widths, strict=True), *last]

    def build(self, num_classes: int = 19, working_size: int | None = None) -> Network:
        body = Compact(self, num_classes)
        return Network(body, num_classes=num_classes, working_size=working_size, stride=16)


class Compact(nn.Module):
    """Encoder, attention, decoder, sub-pixel head: normalised `b 3 h w` → logits `b classes h w`.

    Odd sides of the logits are rounded up to even ones.
    """

    def __init__(self, config: CompactConfig, num_classes: int):
        super().__init__()
        widths, decoder = config.widths, config.decoder_width
        in_channels = (3, *widths[:-1])
        self.stages = nn.ModuleList(
            nn.Sequential(
                ConvNormAct(before, width, stride=2),
                *(_block(width, group_width) for _ in range(depth)),
            )
            for before, width, depth, group_width in zip(
                in_channels, widths, config.depths, config.group_widths, strict=True
            )
        )
        self.pool_context = config.pool_context
        self.context = nn.Sequential(*(AttentionBlock(widths[-1]) for _ in range(config.num_attention)))
        # Finest first, as the stages are
        decoder_widths = (decoder // 2, *(decoder for _ in widths[1:]))
        self.laterals = nn.ModuleList(
            nn.Conv2d(width, out, 1, bias=False) for width, out in zip(widths, decoder_widths, strict=True)
        )
        self.reduces = nn.ModuleList(
            nn.Identity() if deeper == here else nn.Conv2d(deeper, here, 1, bias=False)
            for here, deeper in pairwise(decoder_widths)
        )
        self.fuses = nn.ModuleList(ConvNormAct(width, width) for width in decoder_widths[:-1])
        self.refine = _block(decoder_widths[0], config.group_widths[0]) if config.refine else nn.Identity()
        self.head = nn.ConvTranspose2d(decoder_widths[0], num_classes, 2, stride=2)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, tuple[Tensor, ...]]:
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        if self.pool_context:
            # averages of 3×3, since those of 2×2 would leave nothing of a map of one row
            pooled = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
            x = x + resize_like(self.context(pooled), x)
        else:
            x = self.context(x)
        x = self.laterals[-1](x)
        for level in reversed(range(len(self.fuses))):
            x = resize_like(self.reduces[level](x), features[level])
            x = self.fuses[level](x + self.laterals[level](features[level]))
        logits = self.head(self.refine(x))
        return (logits, ()) if self.training else logits


def _block(channels: int, group_width: int) -> nn.Module:
    return GroupedBlock(channels, group_width) if group_width else ResidualBlock(channels)
