"""Convolving small maps before they are enlarged gives what convolving the enlarged ones gives."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from faceparse.models import CONFIGS
from faceparse.models.cost import count_macs
from faceparse.models.fusion import Enlarged, Fusion, enlarged_like

sides = st.integers(1, 9)


def by_definition(fusion: Fusion, maps, *, corners: bool) -> torch.Tensor:
    size = maps[0].shape[2:]
    whole = [maps[0], *(F.interpolate(x, size, mode="bilinear", align_corners=corners) for x in maps[1:])]
    return nn.Sequential.forward(fusion, torch.cat(whole, dim=1))


@settings(deadline=None)
@given(height=sides, width=sides, small=st.lists(st.tuples(sides, sides), max_size=3), corners=st.booleans())
@pytest.mark.parametrize("kernel", [1, 3])
def test_values_and_gradients_are_those_of_the_concatenation(kernel, height, width, small, corners):
    torch.manual_seed(0)
    shapes = [(height, width), *((min(h, height), min(w, width)) for h, w in small)]
    maps = [torch.randn(2, 3 + i, *shape, requires_grad=True) for i, shape in enumerate(shapes)]
    fusion = Fusion(sum(x.shape[1] for x in maps), 4, kernel).eval()
    fused = fusion([maps[0], *(Enlarged(x, height, width, int(corners)) for x in maps[1:])])
    expected = by_definition(fusion, maps, corners=corners)
    torch.testing.assert_close(fused, expected, rtol=1e-4, atol=1e-5)
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


def test_counting_in_the_order_of_the_definition_changes_nothing_else():
    torch.manual_seed(0)
    x, small = torch.randn(1, 2, 6, 6), torch.randn(1, 2, 3, 3)
    fusion = Fusion(4, 4).eval()
    fused = fusion([x, enlarged_like(small, x)])
    fusion.enlarges_first = True
    torch.testing.assert_close(fusion([x, enlarged_like(small, x)]), fused)


def test_in_bfloat16_the_result_is_as_near_as_bfloat16_is():
    torch.manual_seed(0)
    x, small = torch.randn(1, 16, 12, 12), torch.randn(1, 16, 4, 6)
    fusion = Fusion(32, 16).eval()
    maps = [x, enlarged_like(small, x)]
    with torch.autocast("cpu", torch.bfloat16):
        rough = fusion(maps)
    assert rough.dtype == torch.bfloat16
    exact = fusion(maps)
    assert (rough - exact).abs().max() < 0.02 * exact.std() + 0.02 * exact.abs().max()


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
