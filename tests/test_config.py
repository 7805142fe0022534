"""A run's configuration survives the trip through JSON, and what is wrong with one is said."""

import json
from dataclasses import replace

import pytest

from faceparse.config import check, differences, field_names, from_json, to_json
from faceparse.data.augment import AugmentConfig
from faceparse.errors import FaceparseError, UsageError
from faceparse.optim import OptimizerConfig
from faceparse.recipes import RECIPES


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_comes_back_from_json_as_it_was(recipe):
    assert from_json(to_json(recipe())) == recipe()


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipes_values_are_allowed_and_its_card_is_filled(recipe):
    check(recipe())
    assert f"faceparse train {recipe.__name__} --data" in recipe.__doc__
    assert all(f"{line}: " in recipe.__doc__ for line in ("Source", "Cost", "Expected"))
    assert recipe().recipe == recipe.__name__


def test_an_unknown_key_is_refused_with_the_nearest_name():
    text = to_json(RECIPES["smoke"]()).replace('"learning_rate"', '"learning_rat"')
    with pytest.raises(FaceparseError, match=r"unknown field 'learning_rat'; did you mean 'learning_rate'\?"):
        from_json(text)


@pytest.mark.parametrize("text", ["", "[1, 2", '{"steps": 3}', "null"])
def test_what_is_no_configuration_is_told_in_one_line(text):
    with pytest.raises(FaceparseError) as told:
        from_json(text, "run/config.json")
    assert str(told.value).startswith("run/config.json: ")
    assert "\n" not in str(told.value)


def test_a_value_of_the_wrong_type_is_refused():
    values = json.loads(to_json(RECIPES["smoke"]()))
    values["steps"] = "many"
    with pytest.raises(FaceparseError, match="steps"):
        from_json(json.dumps(values))


def test_values_that_cannot_work_are_all_named_at_once():
    with pytest.raises(UsageError) as told:
        check(replace(RECIPES["smoke"](), steps=0, image_size=100))
    assert "steps" in str(told.value)
    assert "image_size" in str(told.value)


def test_differences_name_nested_fields():
    ours = RECIPES["smoke"]()
    theirs = replace(ours, steps=99, loss=replace(ours.loss, dice=0.25))
    assert differences(ours, theirs) == ["steps 20 against 99", "loss.dice 1.0 against 0.25"]


def test_the_command_line_knows_nested_fields():
    assert {"steps", "train-splits", "optimizer.learning-rate", "augment.flip"} <= set(field_names())


def test_a_configuration_from_before_focal_lovasz_and_ohem_still_loads():
    values = json.loads(to_json(RECIPES["smoke"]()))
    old = ("cross_entropy", "dice", "label_smoothing", "class_weights", "auxiliary")
    values["loss"] = {name: values["loss"][name] for name in old}
    assert from_json(json.dumps(values)) == RECIPES["smoke"]()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"accumulate": 0}, "accumulate is 0"),
        ({"accumulate": 3}, "batch_size is 4, where a multiple of accumulate"),
        ({"augment": AugmentConfig(cat_max_ratio=0.75)}, "augment.crop must ask for"),
        ({"augment": AugmentConfig(crop=True)}, "augment.scale must be at least 1"),
        ({"augment": AugmentConfig(cutout_holes=(3, 1))}, "augment.cutout_holes"),
        ({"augment": AugmentConfig(cutout_sides=())}, "augment.cutout_sides"),
        ({"optimizer": OptimizerConfig(layer_decay=0.0)}, "optimizer.layer_decay is 0.0"),
        ({"optimizer": OptimizerConfig(warmup_ratio=2.0)}, "optimizer.warmup_ratio is 2.0"),
    ],
)
def test_values_that_cannot_work_together_are_told(changed, said):
    with pytest.raises(UsageError, match=said):
        check(replace(RECIPES["smoke"](), **changed))


def test_a_run_from_before_a_field_was_added_is_read():
    values = json.loads(to_json(RECIPES["smoke"]()))
    for part, name in ((values, "accumulate"), (values, "init_from"), (values["augment"], "crop"),
                       (values["optimizer"], "layer_decay"), (values["optimizer"], "warmup_ratio")):  # fmt: skip
        del part[name]
    assert from_json(json.dumps(values)) == RECIPES["smoke"]()
