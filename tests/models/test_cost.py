"""What networks are said to cost is what their layers add up to."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from faceparse.models import CONFIGS
from faceparse.models.cost import count_macs
from faceparse.models.network import Network


class Body(nn.Module):
    """A convolution of stride 2, a linear layer over its positions, attention among them, a product of matrices."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.grouped = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.linear = nn.Linear(8, 19)

    def forward(self, x):
        x = self.grouped(self.convolution(x))  # b 8 16 16
        tokens = x.flatten(2).transpose(1, 2)
        tokens = F.scaled_dot_product_attention(tokens[:, None], tokens[:, None], tokens[:, None])[:, 0]
        tokens = tokens @ (tokens.transpose(1, 2) @ tokens)
        return self.linear(tokens).transpose(1, 2).unflatten(2, (16, 16))


def test_convolutions_linear_layers_attention_and_products_of_matrices_are_counted():
    positions = 16 * 16
    convolutions = positions * (3 * 8 * 9 + 8 * 9)
    attention = 2 * positions * positions * 8
    products = 2 * positions * 8 * 8
    assert count_macs(Network(Body()), 32) == convolutions + attention + products + positions * 8 * 19


def test_the_winners_figure_is_the_count_without_point_wise_linear_layers():
    name = "upernet_convnext_xl"
    with torch.device("meta"):
        network = CONFIGS[name].build()
    macs = count_macs(network, 512)
    assert macs / 1e9 == pytest.approx(532, abs=1)
    linear = sum(
        layer.weight.numel() * (512 // 4 // 2**stage) ** 2
        for stage, blocks in enumerate(network.body.backbone.stages)
        for layer in blocks.modules()
        if isinstance(layer, nn.Linear)
    )
    # what is left to 223.34 are norms and biases, which the report's tool counts
    assert (macs - linear) / 1e9 == pytest.approx(223.34, abs=0.3)
