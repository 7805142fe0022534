"""`compact` keeps the challenge's limit, takes any size, and can learn."""

import dataclasses

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from torch.nn import functional as F

from faceparse.classes import NUM_CLASSES
from faceparse.errors import UsageError
from faceparse.losses import LossConfig
from faceparse.models import build
from faceparse.models.compact import CompactConfig
from faceparse.models.cost import count_macs

CAP_2025 = 1_821_085
TINY = CompactConfig(
    widths=(8, 16, 16, 16), depths=(1, 1, 1, 1), group_widths=(8, 8, 0, 0), num_attention=1, decoder_width=16
)


def test_it_has_fewer_trainable_parameters_than_the_2025_challenge_allows():
    network = build("compact")
    counted = sum(p.numel() for p in network.parameters() if p.requires_grad)
    assert network.num_parameters == counted
    assert counted < CAP_2025
    assert sum(p.numel() for p in network.parameters()) == counted


def test_an_unknown_network_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="did you mean 'compact'"):
        build("compakt")


@settings(max_examples=12, deadline=None)
@given(height=st.integers(33, 120), width=st.integers(33, 120), working=st.sampled_from([None, 64]))
def test_logits_have_the_inputs_size_whatever_that_is(height, width, working):
    images = torch.rand(1, 3, height, width)
    network = TINY.build(working_size=working)
    with torch.inference_mode():
        assert network.eval()(images).shape == (1, NUM_CLASSES, height, width)
        logits, auxiliary = network.train()(images.expand(2, -1, -1, -1))
    assert logits.shape == (2, NUM_CLASSES, height, width)
    assert auxiliary == ()


def test_a_photo_four_times_as_large_looks_the_same_to_the_body():
    network = TINY.build(working_size=64).eval()
    seen = []
    network.body.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    coarse = torch.rand(1, 3, 5, 5)
    with torch.inference_mode():
        for size in (64, 256):
            network(F.interpolate(coarse, size, mode="bilinear"))
    # a filter reaches over the photo's edge differently at each size
    inner = (seen[0] - seen[1])[..., 2:-2, 2:-2]
    assert inner.abs().mean() < 0.005 * seen[0].std()


def test_the_body_sees_the_working_size_with_the_photos_proportions():
    network = TINY.build(working_size=64).eval()
    seen = []
    network.body.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape[-2:])))
    with torch.inference_mode():
        for height, width in ((512, 512), (300, 600), (1000, 10), (20, 30)):
            network(torch.rand(1, 3, height, width))
    assert seen == [(64, 64), (32, 64), (64, 16), (48, 64)]


def test_a_logit_bias_shifts_the_decision_in_evaluation_only():
    network = TINY.build().eval()
    images = torch.rand(1, 3, 48, 48)
    with torch.inference_mode():
        before = network(images)
        network.logit_bias[7] = 3.0
        after = network(images)
    torch.testing.assert_close(after[:, 7], before[:, 7] + 3.0)
    torch.testing.assert_close(after[:, :7], before[:, :7])


def test_grouped_blocks_and_no_last_block_are_a_smaller_network_of_the_same_outputs():
    lean = dataclasses.replace(TINY, group_widths=(4, 8, 8, 8), refine=False)
    network, usual = lean.build(), dataclasses.replace(TINY, group_widths=(0, 0, 0, 0)).build()
    assert network.num_parameters < usual.num_parameters
    assert count_macs(network, 64) < count_macs(usual, 64)
    images = torch.rand(1, 3, 50, 70)
    with torch.inference_mode():
        assert network.eval()(images).shape == usual.eval()(images).shape == (1, NUM_CLASSES, 50, 70)


def test_pooled_context_is_a_quarter_of_attentions_work_with_the_same_weights_at_any_size():
    whole = dataclasses.replace(TINY, num_attention=8, pool_context=False).build().eval()
    pooled = dataclasses.replace(TINY, num_attention=8).build().eval()
    without = dataclasses.replace(TINY, num_attention=0).build()
    pooled.load_state_dict(whole.state_dict())
    # 128 pixels are 8 positions of 1/16; the products of all pairs shrink more than the linear layers
    work = [count_macs(network, 128) - count_macs(without, 128) for network in (whole, pooled)]
    assert work[1] < work[0] / 4
    with torch.inference_mode():
        for height, width in ((16, 16), (17, 90), (128, 64)):
            images = torch.rand(1, 3, height, width)
            assert pooled(images).shape == (1, NUM_CLASSES, height, width)
            assert not torch.equal(pooled(images), whole(images))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"group_widths": (0, 0, 12, 0)}, "model.group_widths is (0, 0, 12, 0), where 0 or divisors of model.widths"),
        (
            {"group_widths": (8, 0, 0, 0), "decoder_width": 24},
            "of half of model.decoder_width where there is model.refine",
        ),
        ({"group_widths": (0, 0, 0)}, "model.group_widths has 3; one for each stage is needed"),
        ({"depths": (1, 1)}, "model.widths has 4, model.depths has 2, model.group_widths has 4; one for each stage"),
    ],
)
def test_sizes_that_do_not_go_together_are_told(fields, said):
    (fault,) = dataclasses.replace(TINY, **fields).faults()
    assert said in fault


def test_it_learns_one_batch_by_heart():
    torch.manual_seed(0)
    images = torch.rand(2, 3, 32, 32)
    labels = torch.arange(16).reshape(1, 4, 4).repeat_interleave(8, 1).repeat_interleave(8, 2).expand(2, -1, -1)
    network, loss_of = TINY.build().train(), LossConfig().build()
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01)
    for _ in range(150):
        logits, auxiliary = network(images)
        loss = loss_of(logits, labels, auxiliary)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (logits.argmax(1) == labels).float().mean() > 0.98


def test_multiply_adds_grow_with_the_area():
    small, large = count_macs(TINY.build(), 64), count_macs(TINY.build(), 128)
    assert 3.9 < large / small < 4.5
