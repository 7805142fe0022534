"""Fully convolutional heads (Long et al., 2015) as MMSegmentation has them, and the classifier that ends every head.

Most reference networks train with such a head on an earlier feature map besides their own: the auxiliary head.
"""

import torch
from torch import Tensor, nn

from .blocks import ConvNormAct, initialise

DROPOUT = 0.1
"""Share of whole channels that a head drops before it classifies, as MMSegmentation's heads do."""


class PixelClassifier(nn.Sequential):
    """Dropout of whole channels, then a 1×1 convolution to logits: features `b c h w` → `b classes h w`."""

    def __init__(self, in_channels: int, num_classes: int, *, dropout: float = DROPOUT):
        convolution = nn.Conv2d(in_channels, num_classes, 1)
        nn.init.normal_(convolution.weight, std=0.01)
        assert convolution.bias is not None
        nn.init.zeros_(convolution.bias)
        super().__init__(nn.Dropout2d(dropout), convolution)


class FCNHead(nn.Module):
    """Convolutions at the size of the features, then the classifier: `b in h w` → logits `b classes h w`.

    Args:
        in_channels: of the features.
        channels: inside.
        num_convs: convolutions, each with batch norm and ReLU; 0 classifies the features as they are.
        concat_input: one more convolution takes the features and what the others made of them together.
        kernel: side of the convolutions.
        dilation: of the convolutions but the one that `concat_input` adds.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        num_classes: int,
        *,
        num_convs: int = 1,
        concat_input: bool = False,
        kernel: int = 3,
        dilation: int = 1,
    ):
        super().__init__()
        assert num_convs > 0 or in_channels == channels
        widths = [in_channels, *[channels] * num_convs]
        self.convs = nn.Sequential(
            *(ConvNormAct(widths[i], channels, kernel, dilation=dilation) for i in range(num_convs))
        )
        self.conv_cat = ConvNormAct(in_channels + channels, channels, kernel) if concat_input else None
        initialise(self)
        self.classifier = PixelClassifier(channels, num_classes)

    def forward(self, features: Tensor) -> Tensor:
        x = self.convs(features)
        if self.conv_cat is not None:
            x = self.conv_cat(torch.cat([features, x], dim=1))
        return self.classifier(x)
