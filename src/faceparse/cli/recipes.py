"""`faceparse recipes [NAME] [--json]`."""

from faceparse.cli.arguments import call


def main(arguments: list[str]) -> int:
    """Show what can be trained."""
    return call(recipes, arguments, "recipes")


def recipes(name: str | None = None, /, json: bool = False) -> int:
    """Show what can be trained: the network, its size, what it costs and what it is expected to score.

    Example: faceparse recipes compact

    Args:
        name: one recipe, with all its fields; without it, a table of all.
        json: print a list of {name, model, parameters, macs, source, expected, pretraining, challenges}.
    """
    import inspect

    from faceparse.challenge.rules import years_allowing
    from faceparse.config import to_json
    from faceparse.console import print_json, print_table, results
    from faceparse.models.cost import parameters_and_macs
    from faceparse.recipes import RECIPES, card, find_recipe

    chosen = [find_recipe(name)] if name else list(RECIPES.values())
    if name and not json:
        results.print(inspect.cleandoc(chosen[0].__doc__ or ""), markup=False)
        results.print(to_json(chosen[0]()), markup=False)
        return 0
    rows = []
    for recipe in chosen:
        config = recipe()
        parameters, macs = parameters_and_macs(config.model, config.image_size)
        rows.append(
            {
                "name": recipe.__name__,
                "model": config.model.name,
                "parameters": parameters,
                "macs": macs,
                "source": card(recipe)["source"],
                "expected": card(recipe)["expected"],
                "pretraining": config.pretraining,
                "challenges": years_allowing(config.pretraining, parameters),
            }
        )
    if json:
        print_json(rows)
    else:
        cells = [
            [r["name"], r["model"], f"{r['parameters']:,}", f"{r['macs'] / 1e9:.2f} G", r["pretraining"],
             " ".join(r["challenges"]), r["expected"]]
            for r in rows
        ]  # fmt: skip
        print_table(
            "recipes", ("name", "model", "parameters", "multiply-adds", "pretraining", "may enter", "expected"), cells
        )
    return 0
