"""Recipes: functions that return the configuration of a run.

A recipe's docstring is its card: the command, `Source:`, `Cost:` and `Expected:` lines are what `faceparse recipes`
shows.
"""

from collections.abc import Callable

from faceparse.config import RunConfig
from faceparse.errors import UsageError
from faceparse.recipes.compact import compact, demo, smoke

RECIPES: dict[str, Callable[[], RunConfig]] = {recipe.__name__: recipe for recipe in (compact, demo, smoke)}


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
