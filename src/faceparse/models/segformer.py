"""SegFormer (Xie et al., 2021) as MMSegmentation has it: a Mix Transformer and a head of 1×1 convolutions."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from .backbones.mit import MiT
from .blocks import ConvNormAct, initialise
from .fcn import PixelClassifier
from .fusion import Fusion, enlarged_like
from .network import Network

NUM_STAGES = 4


@dataclass(frozen=True, kw_only=True)
class SegFormerConfig:
    """Sizes of SegFormer; those with MiT-b0 unless given. `build()` gives random weights."""

    name: Literal["segformer"] = "segformer"
    embed_dim: int = 32
    """Channels of one attention head; a stage has as many times that as it has heads."""
    num_heads: tuple[int, ...] = (1, 2, 5, 8)
    """At 1/4, 1/8, 1/16 and 1/32 of the input."""
    depths: tuple[int, ...] = (2, 2, 2, 2)
    """Blocks at each of them."""
    drop_path: float = 0.1
    """Probability that the last block's branches are left out while training; less for those before."""
    checkpoint_activations: bool = False
    """Compute each block a second time in the backward pass rather than keep what is inside it."""
    channels: int = 256
    """Of the head."""

    def faults(self) -> list[str]:
        """What keeps these sizes from being built; empty where nothing does."""
        faults = []
        if len(self.depths) != NUM_STAGES or not all(1 <= depth <= 64 for depth in self.depths):
            faults.append(f"model.depths must be {NUM_STAGES} numbers from 1 to 64")
        if len(self.num_heads) != NUM_STAGES or not all(1 <= heads <= 64 for heads in self.num_heads):
            faults.append(f"model.num_heads must be {NUM_STAGES} numbers from 1 to 64")
        if not all(1 <= width <= 4096 for width in (self.embed_dim, self.channels)):
            faults.append("model.embed_dim and model.channels must be 1 to 4096")
        if not 0 <= self.drop_path < 1:
            faults.append(f"model.drop_path is {self.drop_path}, where 0 or more and less than 1 is needed")
        return faults

    def build(self, num_classes: int = 19, working_size: int | None = None) -> Network:
        return Network(SegFormer(self, num_classes), num_classes=num_classes, working_size=working_size)


class SegFormer(nn.Module):
    """Normalised `b 3 h w` → logits `b classes h/4 w/4`; it trains without auxiliary heads."""

    def __init__(self, config: SegFormerConfig, num_classes: int):
        super().__init__()
        self.backbone = MiT(
            depths=config.depths,
            channels=tuple(config.embed_dim * heads for heads in config.num_heads),
            num_heads=config.num_heads,
            drop_path=config.drop_path,
            recompute=config.checkpoint_activations,
        )
        self.head = SegFormerHead(self.backbone.channels, config.channels, num_classes)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, tuple[Tensor, ...]]:
        logits = self.head(self.backbone(x))
        return (logits, ()) if self.training else logits


class SegFormerHead(nn.Module):
    """Each map through a 1×1 convolution to the first one's size, one more over all → logits `b classes h w`."""

    def __init__(self, in_channels: tuple[int, ...], channels: int, num_classes: int):
        super().__init__()
        self.convs = nn.ModuleList(ConvNormAct(width, channels, 1) for width in in_channels)
        self.fuse = Fusion(len(in_channels) * channels, channels, 1)
        initialise(self)
        self.classifier = PixelClassifier(channels, num_classes)

    def forward(self, maps: list[Tensor]) -> Tensor:
        finest, *others = (conv(x) for conv, x in zip(self.convs, maps, strict=True))
        return self.classifier(self.fuse([finest, *(enlarged_like(level, finest) for level in others)]))
