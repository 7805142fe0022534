"""Every recipe trains, and every reference network has one."""

import contextlib
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from faceparse.config import check, from_json, to_json
from faceparse.data.augment import NO_AUGMENTATION, AugmentConfig
from faceparse.models import CONFIGS
from faceparse.models.cost import count_macs
from faceparse.recipes import RECIPES, card
from faceparse.train import train
from stand_ins import exit_code
from tiny_networks import TINY


def _tiny(config):
    """The same network, small: K-Net's base and the ResNets' depth decide which stand-in is meant."""
    name = config.model.name
    if name == "knet":
        name = "knet_swin" if config.model.base.name == "upernet_swin" else "knet_resnet"
    return TINY[name] if name in TINY else RECIPES["smoke"]().model


def test_every_network_has_a_recipe_of_its_name():
    assert set(CONFIGS) <= set(RECIPES)
    for name in CONFIGS:
        assert RECIPES[name]().model == CONFIGS[name]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_can_be_trained_is_written_down_and_says_where_it_comes_from(name):
    config = RECIPES[name]()
    check(config)
    assert config.recipe == name
    assert from_json(to_json(config)) == config
    assert all(card(RECIPES[name]).values())


@pytest.mark.parametrize("name", sorted(set(RECIPES) - {"smoke", "demo"}))
def test_a_recipe_takes_two_steps_and_is_scored_at_a_small_size(name, made_faces, tmp_path):
    config = RECIPES[name]()
    small = replace(config, steps=2, batch_size=2, image_size=64, growth=(), store_size=64, model=_tiny(config),
                    eval_every=2, save_every=2, log_every=1)  # fmt: skip
    assert train(small, made_faces, tmp_path / "run")
    assert "fscore_2025" in (tmp_path / "run" / "metrics.jsonl").read_text()


def test_the_winners_recipe_is_the_reports():
    config = RECIPES["upernet_convnext_xl"]()
    assert config.loss.class_weights == (
        0.95, 0.95, 0.95, 1, 1, 1, 1.05, 1.05, 1.05, 1.05, 1, 1, 1, 0.95, 1.05, 1.5, 2, 1, 1.05
    )  # fmt: skip
    assert config.augment == AugmentConfig(
        flip=0.5, rotation=25.0, rotation_probability=0.5, scale=(1.0, 1.2), stretch=0.0, shift=0.0, crop=True,
        cat_max_ratio=0.75, outside="background", brightness=16.0, contrast=(0.75, 1.25), saturation=(0.75, 1.25),
        hue=18.0, color_probability=0.5, cutout=0.0, paste=0.0,
    )  # fmt: skip
    assert (config.input_mean, config.input_std) == ((132.529, 106.677, 92.839), (77.060, 69.735, 68.295))
    assert RECIPES["deeplabv3plus_r50"]().augment == NO_AUGMENTATION


SGD = ("sgd", 0.01, 5e-4, "poly", 0.9, 0, None, 1e-4, 1.0, 0, 1.0, 0.0)
SWIN = ("adamw", 6e-5, 0.01, "poly", 1.0, 1500, 1e-6, 0.0, 1.0, 0, 1.0, 0.0)
CONVNEXT = ("adamw", 8e-5, 0.05, "poly", 1.0, 1500, 1e-6, 0.0, 0.9, 12, 1.0, 0.0)
KNET = ("adamw", 1e-4, 5e-4, "step", None, 1000, 1e-3, 0.0, 1.0, 0, 1.0, 1.0)
SEGFORMER = ("adamw", 6e-5, 0.01, "poly", 1.0, 1500, 1e-6, 0.0, 1.0, 0, 10.0, 0.0)
"""Kind, rate, weight decay, schedule, power, warm-up, its ratio, last rate, layer decay, layers, the head's factor, and
the norm at which gradients are cut."""
CE, LOG, WINNER = "cross-entropy", "log frequency", "winner's"
FACTS = {
    "deeplabv3plus_r50": (20, SGD, CE, 0.0, 0.4),
    "deeplabv3plus_r50_40k": (40, SGD, CE, 0.0, 0.4),
    "deeplabv3plus_r101": (20, SGD, CE, 0.0, 0.4),
    "deeplabv3plus_r101_40k": (40, SGD, CE, 0.0, 0.4),
    "deeplabv3plus_r50_weighted": (40, SGD, LOG, 0.0, 0.4),
    "deeplabv3plus_r50_ablation": (20, SGD, WINNER, 0.0, 0.4),
    "psanet_r50": (80, SGD, CE, 0.0, 0.4),
    "psanet_r101": (80, SGD, CE, 0.0, 0.4),
    "upernet_swin_t": (160, SWIN, CE, 0.0, 0.4),
    "upernet_swin_b": (160, SWIN, CE, 0.0, 0.4),
    "upernet_swin_l": (160, SWIN, CE, 0.5, 0.4),
    "upernet_convnext_t": (160, ("adamw", 1e-4, *CONVNEXT[2:9], 6, *CONVNEXT[10:]), WINNER, 0.5, 0.4),
    "upernet_convnext_l": (160, CONVNEXT, WINNER, 0.5, 0.4),
    "upernet_convnext_xl": (160, CONVNEXT, WINNER, 0.5, 0.4),
    "knet_r50": (80, KNET, CE, 0.0, 0.4),
    "knet_swin_t": (80, ("adamw", 6e-5, *KNET[2:]), CE, 0.0, 0.4),
    "segformer_b0": (160, SEGFORMER, CE, 0.0, 0.4),
    "segformer_b5": (160, SEGFORMER, CE, 0.5, 0.4),
    "bisenetv2": (160, ("sgd", 0.05, 5e-4, "poly", 0.9, 1000, 0.1, 1e-4, 1.0, 0, 1.0, 0.0), CE, 0.0, 1.0),
}
"""Of the reports, and of MMSegmentation's own schedules where a report has none: thousands of steps, how it learns,
loss, share of flips, weight of auxiliary heads."""
PIXELS = (
    375099645, 333172471, 27015905, 3467864, 2937773, 2928618, 5572580, 5433404, 6164110, 5049695,
    3896683, 5417555, 8898431, 411175974, 12651045, 3102372, 196952, 54031542, 44507381,
)  # fmt: skip


def test_every_reference_network_has_its_numbers_held():
    assert set(FACTS) == {n for n in RECIPES if not n.startswith(("compact", "demo", "smoke", "fpn"))}


@pytest.mark.parametrize("name", FACTS)
def test_a_recipe_has_the_reports_numbers(name):
    steps, learning, loss, flips, auxiliary = FACTS[name]
    config = RECIPES[name]()
    assert (config.steps, config.batch_size, config.image_size) == (1000 * steps, 4, 512)
    assert (config.eval_every, config.log_every, config.average_decay) == (100 * steps, 50, 0.0)
    o = config.optimizer
    power = o.power if o.schedule == "poly" else None
    found = (o.kind, o.learning_rate, o.weight_decay, o.schedule, power, o.warmup_steps, o.warmup_ratio,
             o.learning_rate * o.final_ratio, o.layer_decay, o.num_layers, o.head_rate, config.clip_norm)  # fmt: skip
    assert found == pytest.approx(learning)
    assert (o.momentum, o.betas, o.layer_kind) == (0.9, (0.9, 0.999), "stage")
    terms = (config.loss.cross_entropy, config.loss.lovasz, config.loss.dice, config.loss.focal, config.loss.ohem)
    assert terms == {CE: (1, 0, 0, 0, 0), WINNER: (1, 2, 0, 0, 0)}.get(loss, terms)
    assert (config.augment.flip, config.loss.auxiliary) == (flips, auxiliary)


def test_weights_by_log_frequency_are_the_pixels_and_give_mmsegmentations_scale():
    """log2(total / count); the term's weight is their mean over pixels, by which MMSegmentation does not divide."""
    share = torch.tensor(PIXELS, dtype=torch.float64) / sum(PIXELS)
    loss = RECIPES["deeplabv3plus_r50_weighted"]().loss
    torch.testing.assert_close(torch.tensor(loss.class_weights, dtype=torch.float64), -share.log2(), atol=5e-5, rtol=0)
    assert loss.cross_entropy == pytest.approx(float((-share * share.log2()).sum()), abs=1e-4)
    assert (loss.lovasz, loss.dice) == (0, 0)


@pytest.fixture(scope="module")
def told():
    """What `faceparse recipes --json` says, by name."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert exit_code("recipes", "--json") == 0
    return {row["name"]: row for row in json.loads(out.getvalue())}


def test_the_page_of_models_has_the_counts_that_recipes_show(told):
    """The page's parameters are the challenge's own list (`test_reference_models.py`); multiply-adds are at 512²."""
    page = (Path(__file__).parents[1] / "docs" / "models.md").read_text(encoding="utf-8")
    rows = {
        name: (int(parameters.replace(",", "")), float(macs))
        for name, parameters, macs in re.findall(r"^\| `(\w+)` \| ([\d,]+) \| ([\d.]+) G \|", page, re.MULTILINE)
    }
    assert set(rows) == set(CONFIGS)
    for name, (parameters, macs) in rows.items():
        assert told[name]["parameters"] == parameters
        if RECIPES[name]().image_size == 512:
            assert told[name]["macs"] / 1e9 == pytest.approx(macs, abs=0.00501)
    with torch.device("meta"):
        compact = CONFIGS["compact"].build()
    assert count_macs(compact, 512) / 1e9 == pytest.approx(rows["compact"][1], abs=0.00501)


def test_costs_are_three_times_a_photos_multiply_adds(told):
    costs = {name: re.match(r"([\d,.]+) P multiply-adds", card(recipe)["cost"]) for name, recipe in RECIPES.items()}
    assert {name for name, cost in costs.items() if cost} >= set(FACTS)
    for name, cost in costs.items():
        if cost:
            config = RECIPES[name]()
            macs = 3 * config.steps * config.batch_size * told[name]["macs"]
            assert float(cost[1].replace(",", "")) == pytest.approx(macs / 1e15, abs=0.051)


def test_each_recipe_says_what_its_backbone_was_trained_on_and_which_challenge_it_may_enter(told):
    assert told["compact"]["pretraining"] == "none"
    assert told["compact"]["challenges"] == ["2022", "2025"]
    assert told["upernet_swin_b"]["pretraining"] == "imagenet-1k"
    assert told["upernet_swin_b"]["challenges"] == ["2022"]
    for name in ("upernet_swin_l", "upernet_convnext_xl"):  # as reported: from ImageNet-21k, which 2022 rules out
        assert told[name]["pretraining"] == "imagenet-21k"
        assert told[name]["challenges"] == []
    assert all(row["pretraining"] == RECIPES[row["name"]]().pretraining for row in told.values())
