"""Schedules, weight decay and the average of weights."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from faceparse.optim import OptimizerConfig, WeightAverage, learning_rate_at


@pytest.mark.parametrize("schedule", ["cosine", "poly", "constant"])
def test_the_rate_warms_up_reaches_its_highest_and_falls_to_its_last(schedule):
    config = OptimizerConfig(learning_rate=1.0, schedule=schedule, warmup_steps=10, final_ratio=0.1)
    rates = [learning_rate_at(config, step, 110) for step in range(110)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert max(rates) == pytest.approx(1.0)
    assert all(later <= earlier for earlier, later in pairwise(rates[10:]))
    assert rates[-1] == pytest.approx(1.0 if schedule == "constant" else 0.1, abs=0.02)


def test_poly_is_deeplabs():
    config = OptimizerConfig(learning_rate=0.01, schedule="poly", power=0.9, warmup_steps=0, final_ratio=0.0)
    assert learning_rate_at(config, 50, 200) == pytest.approx(0.01 * (1 - 50 / 200) ** 0.9)


@pytest.mark.parametrize("kind", ["adamw", "muon", "sgd"])
def test_norms_and_biases_are_not_decayed(kind):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    optimizer = OptimizerConfig(kind=kind, weight_decay=0.1).build(network)
    decay = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert {name: decay[id(p)] for name, p in network.named_parameters()} == {
        "0.weight": 0.1, "0.bias": 0.0, "1.weight": 0.0, "1.bias": 0.0
    }  # fmt: skip


def test_the_average_follows_the_weights_and_copies_counters():
    network = nn.BatchNorm2d(2)
    average = WeightAverage(network, decay=0.9)
    expected = network.weight.detach().clone()
    for step in range(1, 200):
        with torch.no_grad():
            network.weight.fill_(step)
            network.num_batches_tracked.fill_(step)
        average.update(network, step)
        keep = min(0.9, (1 + step) / (10 + step))
        expected = keep * expected + (1 - keep) * step
    torch.testing.assert_close(average.tensors["weight"], expected)
    assert average.tensors["num_batches_tracked"] == 199
