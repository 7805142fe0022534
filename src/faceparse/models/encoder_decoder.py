"""The shape of most networks here: a backbone, a head on its maps, and an auxiliary head that only training needs."""

from typing import Any

from torch import Tensor, nn


class EncoderDecoder(nn.Module):
    """Normalised `b 3 h w` → logits `b classes h' w'`; in training also the auxiliary head's, in a tuple.

    Args:
        backbone: gives a list of feature maps.
        head: takes them all.
        auxiliary_head: takes the third.
    """

    # Any: K-Net takes the head's halves, which not every head has
    head: Any

    def __init__(self, backbone: nn.Module, head: nn.Module, auxiliary_head: nn.Module):
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.auxiliary_head = auxiliary_head

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, tuple[Tensor, ...]]:
        maps = self.backbone(x)
        logits = self.head(maps)
        return (logits, (self.auxiliary_head(maps[2]),)) if self.training else logits
