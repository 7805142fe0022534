"""Every recipe trains, and every reference network has one."""

import json
from dataclasses import replace

import pytest

from faceparse.config import check, from_json, to_json
from faceparse.data.augment import NO_AUGMENTATION
from faceparse.models import CONFIGS
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
    assert (config.steps, config.batch_size, config.image_size) == (160_000, 4, 512)
    assert (config.optimizer.kind, config.optimizer.learning_rate, config.optimizer.weight_decay) == (
        "adamw",
        8e-5,
        0.05,
    )
    assert (config.optimizer.layer_decay, config.optimizer.power, config.optimizer.warmup_steps) == (0.9, 1.0, 1500)
    assert (config.loss.cross_entropy, config.loss.lovasz, config.loss.auxiliary) == (1.0, 2.0, 0.4)
    assert config.loss.class_weights[15:17] == (1.5, 2.0)  # earring, necklace
    assert (config.augment.rotation, config.augment.scale, config.augment.cat_max_ratio) == (25.0, (1.0, 1.2), 0.75)
    assert RECIPES["deeplabv3plus_r50"]().augment == NO_AUGMENTATION


def test_each_recipe_says_what_its_backbone_was_trained_on_and_which_challenge_it_may_enter(capsys):
    assert exit_code("recipes", "--json") == 0
    told = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert told["compact"]["pretraining"] == "none"
    assert told["compact"]["challenges"] == ["2022", "2025"]
    assert told["upernet_swin_b"]["pretraining"] == "imagenet-1k"
    assert told["upernet_swin_b"]["challenges"] == ["2022"]
    for name in ("upernet_swin_l", "upernet_convnext_xl"):  # as reported: from ImageNet-21k, which 2022 rules out
        assert told[name]["pretraining"] == "imagenet-21k"
        assert told[name]["challenges"] == []
    assert all(row["pretraining"] == RECIPES[row["name"]]().pretraining for row in told.values())
