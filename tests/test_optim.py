"""Schedules, weight decay, rates by layer and the average of weights."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from faceparse.convert.families import RULES
from faceparse.convert.rules import sources
from faceparse.errors import UsageError
from faceparse.models import CONFIGS
from faceparse.optim import OptimizerConfig, WeightAverage, learning_rate_at, set_learning_rate
from faceparse.optim.layers import layers_of
from faceparse.recipes import RECIPES
from tiny_networks import TINY


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


def test_a_run_warms_up_as_mmsegmentation_does():
    """Its 0.x: the curve runs from the first step, and until `warmup_steps` a factor that starts at the ratio."""
    config = OptimizerConfig(
        learning_rate=8e-5, schedule="poly", power=1.0, warmup_steps=1500, warmup_ratio=1e-6, final_ratio=0.0
    )
    rates = {step: learning_rate_at(config, step, 160_000) for step in (0, 750, 1500, 80_000, 159_999)}
    assert rates == pytest.approx(
        {0: 8e-11, 750: 8e-5 * (1 - 750 / 160_000) * 0.5000005, 1500: 8e-5 * (1 - 1500 / 160_000), 80_000: 4e-5,
         159_999: 8e-5 / 160_000}
    )  # fmt: skip


def test_poly_ends_at_mmsegmentations_min_lr():
    config = OptimizerConfig(learning_rate=0.01, schedule="poly", warmup_steps=0, final_ratio=0.01)
    assert learning_rate_at(config, 20_000, 40_000) == pytest.approx((0.01 - 1e-4) * 0.5**0.9 + 1e-4)


def test_steps_are_mmsegmentations_schedule_for_k_net():
    """Its 0.x: linear warm-up from a thousandth over 1,000 of 80,000 steps, then a tenth from 60,000 and 72,000 on."""
    config = RECIPES["knet_r50"]().optimizer
    rates = {step: learning_rate_at(config, step, 80_000) for step in (0, 500, 1000, 59_999, 60_000, 71_999, 72_000)}
    assert rates == pytest.approx(
        {0: 1e-7, 500: 1e-4 * 0.5005, 1000: 1e-4, 59_999: 1e-4, 60_000: 1e-5, 71_999: 1e-5, 72_000: 1e-6}
    )


CONVNEXT = [
    "stem.0.weight", "stages.0.blocks.2.gamma", "stages.1.downsample.1.weight", "stages.1.blocks.0.norm.weight",
    "stages.2.downsample.0.bias", *(f"stages.2.blocks.{i}.mlp.fc1.weight" for i in range(27)),
    "stages.3.blocks.2.conv_dw.weight", "norms.3.weight", "stages.1.blocks.2.gamma",
]  # fmt: skip
SWIN = [
    "patch_embed.proj.weight", "layers.0.blocks.1.attn.relative_position_bias_table", "layers.1.downsample.norm.weight",
    "layers.1.blocks.0.mlp.fc1.weight", "layers.2.blocks.5.norm1.bias", "layers.3.blocks.1.attn.qkv.weight",
    "norms.0.bias",
]  # fmt: skip


def test_convnext_is_layered_by_stage_as_mmsegmentation_does():
    """Blocks by stage; what halves the map counts with the stem, and the norms of what comes out with the head."""
    for num_layers in (6, 12):
        layers, num = layers_of(CONVNEXT, by_stage=True, num_layers=num_layers)
        assert num == num_layers
        assert layers["stem.0.weight"] == layers["stages.1.downsample.1.weight"] == 0
        assert [layers[name] for name in ("stages.0.blocks.2.gamma", "stages.1.blocks.0.norm.weight",
                "stages.2.blocks.8.mlp.fc1.weight", "stages.3.blocks.2.conv_dw.weight")] == [1, 2, 3, 4]  # fmt: skip
        assert layers["norms.3.weight"] == num_layers + 1


def test_convnext_is_layered_by_three_blocks_as_mmsegmentation_does():
    layers, num = layers_of(CONVNEXT, by_stage=False, num_layers=12)
    assert num == 12
    assert [layers[f"stages.2.blocks.{i}.mlp.fc1.weight"] for i in (0, 2, 3, 26)] == [3, 3, 4, 11]
    assert layers["stages.0.blocks.2.gamma"] == 1
    assert layers["stages.1.downsample.1.weight"] == layers["stages.1.blocks.2.gamma"] == 2
    assert layers["stages.3.blocks.2.conv_dw.weight"] == 12


def _layer_there(key: str, num_layers: int, kind: str) -> int:
    """MMSegmentation's layer of an entry by its own name, as its constructor for ConvNeXt counts them."""
    part, _, rest = key.removeprefix("backbone.").partition(".")
    if not key.startswith("backbone.") or part not in ("stages", "downsample_layers"):
        return num_layers + 1
    stage = int(rest.split(".")[0])
    if part == "downsample_layers":
        return 0 if kind == "stage" else (0, 2, 3, num_layers)[stage]
    if kind == "stage":
        return stage + 1
    return (1, 2, 3 + int(rest.split(".")[1]) // 3, num_layers)[stage]


@pytest.mark.parametrize("kind", ["stage", "layer"])
@pytest.mark.parametrize(("name", "num_layers"), [("upernet_convnext_t", 6), ("upernet_convnext_xl", 12)])
def test_every_parameter_of_convnext_learns_at_mmsegmentations_rate(name, num_layers, kind):
    with torch.device("meta"):
        network = CONFIGS[name].build()
    config = OptimizerConfig(kind="sgd", learning_rate=1.0, layer_decay=0.9, layer_kind=kind, num_layers=num_layers)
    shares = _by_name(network, config.build(network), "share")
    theirs = sources(network.body, RULES[name])
    expected = {name: 0.9 ** (num_layers + 1 - _layer_there(theirs[name].key, num_layers, kind)) for name in shares}
    assert shares == pytest.approx(expected)
    assert len({round(share, 9) for share in shares.values()}) == (6 if kind == "stage" else num_layers + 2)


def test_swin_is_layered_block_by_block():
    layers, num = layers_of(SWIN, by_stage=False)
    assert num == 2 + 1 + 6 + 2
    assert [layers[name] for name in SWIN] == [0, 2, 3, 3, 9, 11, 12]


def test_resnet_is_layered_by_its_own_names():
    layers, num = layers_of(["conv1.0.weight", "layer1.2.conv1.weight", "layer4.0.downsample.0.weight"], by_stage=True)
    assert (list(layers.values()), num) == ([0, 1, 4], 4)


def _encoder_decoder():
    """A network whose names are those of UPerNet on ConvNeXt and Swin's tables, inside a body as every network is."""

    def block():
        return nn.ModuleDict({"conv": nn.Conv2d(4, 4, 1)})

    stages = nn.ModuleList(nn.ModuleDict({"blocks": nn.ModuleList([block()])}) for _ in range(4))
    backbone = nn.Module()
    backbone.stem, backbone.stages, backbone.norms = nn.Conv2d(3, 4, 1), stages, nn.ModuleList([nn.LayerNorm(4)])
    backbone.relative_position_bias_table = nn.Parameter(torch.zeros(9, 2))
    backbone.absolute_pos_embed = nn.Parameter(torch.zeros(1, 9, 4))
    body = nn.Module()
    body.backbone, body.head = backbone, nn.Conv2d(4, 19, 1)
    network = nn.Module()
    network.body = body
    return network


def _by_name(network, optimizer, key):
    values = {id(p): group[key] for group in optimizer.param_groups for p in group["params"]}
    return {name.removeprefix("body."): values[id(p)] for name, p in network.named_parameters()}


def test_position_tables_are_not_decayed():
    network = _encoder_decoder()
    decay = _by_name(network, OptimizerConfig(weight_decay=0.1).build(network), "weight_decay")
    assert decay["backbone.relative_position_bias_table"] == decay["backbone.absolute_pos_embed"] == 0
    assert decay["backbone.stem.weight"] == decay["head.weight"] == 0.1


@pytest.mark.parametrize("name", TINY)
def test_of_a_real_network_weights_alone_are_decayed(name):
    network = TINY[name].build()
    decay = _by_name(network, OptimizerConfig(weight_decay=0.1).build(network), "weight_decay")
    weights = {
        f"{path}.weight".removeprefix("body.")
        for path, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    }
    assert {name for name, value in decay.items() if value} == weights
    assert {value for name, value in decay.items() if name in weights} == {0.1}


def test_rates_fall_from_the_head_to_the_stem_and_the_head_may_learn_faster():
    network = _encoder_decoder()
    config = OptimizerConfig(kind="sgd", learning_rate=1.0, layer_decay=0.9, num_layers=6, head_rate=10.0)
    optimizer = config.build(network)
    set_learning_rate(optimizer, 0.5)
    rates = _by_name(network, optimizer, "lr")
    assert rates["head.bias"] == pytest.approx(5.0)
    assert rates["backbone.norms.0.weight"] == pytest.approx(0.5)
    stages = [rates[f"backbone.stages.{i}.blocks.0.conv.weight"] for i in range(4)]
    assert stages == pytest.approx([0.5 * 0.9**power for power in (6, 5, 4, 3)])
    assert rates["backbone.stem.weight"] == pytest.approx(0.5 * 0.9**7)
    assert rates["backbone.absolute_pos_embed"] == pytest.approx(0.5 * 0.9**7)


def test_with_no_shares_asked_for_there_are_two_groups_as_ever():
    network = _encoder_decoder()
    assert len(OptimizerConfig().build(network).param_groups) == 2


@pytest.mark.parametrize("changed", [{"layer_decay": 0.9}, {"head_rate": 10.0}])
def test_rates_by_layer_are_refused_where_there_is_no_backbone(changed):
    with pytest.raises(UsageError, match="networks with a backbone"):
        OptimizerConfig(**changed).build(nn.Sequential(nn.Conv2d(3, 4, 3)))
