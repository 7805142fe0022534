"""Convolving small maps before they are enlarged gives what convolving the enlarged ones gives."""

from contextlib import nullcontext

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from faceparse.models import CONFIGS
from faceparse.models.cost import count_macs
from faceparse.models.fusion import Enlarged, Fusion, enlarged_like, in_order_of_definition

sides = st.integers(1, 9)


def by_definition(fusion: Fusion, maps, *, corners: bool) -> torch.Tensor:
    size = maps[0].shape[2:]
    whole = [maps[0], *(F.interpolate(x, size, mode="bilinear", align_corners=corners) for x in maps[1:])]
    return nn.Sequential.forward(fusion, torch.cat(whole, dim=1))


@settings(deadline=None)
@given(
    height=sides,
    width=sides,
    others=st.lists(st.tuples(sides, sides), max_size=3),
    corners=st.booleans(),
    training=st.booleans(),
    in_order=st.booleans(),
)
@pytest.mark.parametrize("kernel", [1, 3])
def test_values_and_gradients_are_the_concatenations(kernel, height, width, others, corners, training, in_order):
    torch.manual_seed(0)
    shapes = [(height, width), *others]  # some of them larger, as a grid of 6×6 is for small photos
    maps = [torch.randn(2, 3 + i, *shape, requires_grad=True) for i, shape in enumerate(shapes)]
    fusion = Fusion(sum(x.shape[1] for x in maps), 4, kernel).train(training and height * width > 1)
    given_maps = [maps[0], *(Enlarged(x, height, width, int(corners)) for x in maps[1:])]
    with in_order_of_definition(fusion) if in_order else nullcontext():
        fused = fusion(given_maps)
    expected = by_definition(fusion, maps, corners=corners)
    torch.testing.assert_close(fused, expected, rtol=1e-4, atol=1e-4)
    if training:
        return  # a ReLU at a value that rounding decides has one gradient or the other
    wanted = [*maps, fusion[0].weight]
    towards = torch.randn_like(expected)
    for ours, theirs in zip(
        torch.autograd.grad(fused, wanted, towards), torch.autograd.grad(expected, wanted, towards), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_enlarged_maps_may_come_before_the_whole_ones():
    torch.manual_seed(0)
    pooled, x = torch.randn(1, 2, 1, 1), torch.randn(1, 3, 5, 4)
    fusion = Fusion(8, 4).eval()
    expected = nn.Sequential.forward(fusion, torch.cat([pooled.expand(-1, -1, 5, 4), x, x], dim=1))
    torch.testing.assert_close(fusion([enlarged_like(pooled, x), x, x]), expected)


def test_in_bfloat16_it_is_nearly_as_exact_as_the_order_of_the_definition():
    torch.manual_seed(0)
    whole = torch.randn(1, 16, 16, 16)
    maps = [whole, *(enlarged_like(torch.randn(1, 16, side, side), whole) for side in (8, 6, 1))]
    fusion = Fusion(64, 16).eval()
    exact = fusion(maps)
    with torch.autocast("cpu", torch.bfloat16):
        ours = fusion(maps)
        with in_order_of_definition(fusion):
            theirs = fusion(maps)
    assert ours.dtype == theirs.dtype == torch.bfloat16
    assert (ours - exact).square().mean().sqrt() < 2 * (theirs - exact).square().mean().sqrt()


def test_channels_may_be_innermost_and_stay_so():
    torch.manual_seed(0)
    whole, small = torch.randn(2, 4, 7, 9), torch.randn(2, 4, 3, 5)
    fusion = Fusion(8, 4).eval()
    expected = fusion([whole, enlarged_like(small, whole)])
    whole, small = (x.to(memory_format=torch.channels_last) for x in (whole, small))
    fused = fusion([whole, enlarged_like(small, whole)])
    assert fused.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(fused, expected)


@pytest.mark.parametrize(
    ("name", "share"),
    [("upernet_swin_t", 0.6), ("segformer_b0", 0.75), ("psanet_r50", 0.9), ("deeplabv3plus_r50", 0.95)],
)
def test_networks_do_less_than_their_definition(name, share):
    """Multiply-adds at 512², of UPerNet on Swin-T 136 G of 236."""
    with torch.device("meta"):
        network = CONFIGS[name].build().eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        network(torch.empty(1, 3, 512, 512, device="meta"))
    assert counter.get_total_flops() / 2 < share * count_macs(network, 512)
