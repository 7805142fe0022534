"""Recipes: functions that return the configuration of a run.

A recipe's docstring is its card: the command, `Source:`, `Cost:` and `Expected:` lines are what `faceparse recipes`
shows.
"""

from collections.abc import Callable

from faceparse.config import RunConfig
from faceparse.errors import UsageError
from faceparse.recipes.bisenet import bisenetv2
from faceparse.recipes.compact import compact, compact_dense, demo, smoke
from faceparse.recipes.deeplab import (
    deeplabv3plus_r50,
    deeplabv3plus_r50_40k,
    deeplabv3plus_r50_ablation,
    deeplabv3plus_r50_weighted,
    deeplabv3plus_r101,
    deeplabv3plus_r101_40k,
)
from faceparse.recipes.efficientnet import fpn_efficientnet_lite0
from faceparse.recipes.knet import knet_r50, knet_swin_t
from faceparse.recipes.psanet import psanet_r50, psanet_r101
from faceparse.recipes.segformer import segformer_b0, segformer_b5
from faceparse.recipes.upernet import (
    upernet_convnext_l,
    upernet_convnext_t,
    upernet_convnext_xl,
    upernet_swin_b,
    upernet_swin_l,
    upernet_swin_t,
)

RECIPES: dict[str, Callable[[], RunConfig]] = {
    recipe.__name__: recipe
    for recipe in (
        compact,
        compact_dense,
        demo,
        smoke,
        deeplabv3plus_r50,
        deeplabv3plus_r50_40k,
        deeplabv3plus_r101,
        deeplabv3plus_r101_40k,
        deeplabv3plus_r50_weighted,
        deeplabv3plus_r50_ablation,
        psanet_r50,
        psanet_r101,
        upernet_swin_t,
        upernet_swin_b,
        upernet_swin_l,
        upernet_convnext_t,
        upernet_convnext_l,
        upernet_convnext_xl,
        knet_r50,
        knet_swin_t,
        segformer_b0,
        segformer_b5,
        bisenetv2,
        fpn_efficientnet_lite0,
    )
}


def find_recipe(name: str) -> Callable[[], RunConfig]:
    """The recipe of this name.

    Raises:
        UsageError: there is none; the nearest name is given.
    """
    if name not in RECIPES:
        raise UsageError.unknown("recipe", name, RECIPES)
    return RECIPES[name]


def card(recipe: Callable[[], RunConfig]) -> dict[str, str]:
    """The lines of a recipe's docstring that begin with `Source:`, `Cost:` and `Expected:`, by lower-case name."""
    text = " ".join((recipe.__doc__ or "").split())
    found = {}
    for name in ("Source", "Cost", "Expected"):
        _, _, rest = text.partition(f"{name}: ")
        found[name.lower()] = rest.split(" Source: ")[0].split(" Cost: ")[0].split(" Expected: ")[0].strip()
    return found
