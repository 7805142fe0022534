"""`faceparse train RECIPE --data DATASET --out RUN [--FIELD VALUE ...] [--resume]`."""

import re
from pathlib import Path
from typing import Annotated

from faceparse.cli.arguments import call
from faceparse.errors import UsageError


def main(arguments: list[str]) -> int:
    """Find the recipe, let the command line override its fields, train."""
    from faceparse.config import RunConfig, field_names
    from faceparse.recipes import RECIPES, find_recipe

    asks_help = bool({"-h", "--help"} & set(arguments))
    if not arguments or (arguments[0].startswith("-") and not asks_help):
        raise UsageError(
            f"which recipe? known: {', '.join(RECIPES)}; as in: faceparse train compact --data DATA --out RUN"
        )
    name = arguments[0] if not arguments[0].startswith("-") else "compact"
    recipe = find_recipe(name)
    rest = arguments if arguments[0].startswith("-") else arguments[1:]
    settable = [field for field in field_names() if field not in ("recipe", "model.name")]
    refuse_unknown(rest, ["data", "out", "resume", "help", *settable])

    import tyro

    default = recipe()

    def train(
        data: Path,
        out: Path,
        config: Annotated[RunConfig, tyro.conf.arg(name=""), tyro.conf.AvoidSubcommands] = default,
        resume: bool = False,
    ) -> None:
        """Train a recipe on a data set.

        Example: faceparse train compact --data DATA --out runs/compact --steps 1000

        Args:
            data: dataset folder (a root with train/ and val/, or one split).
            out: run folder: config, metrics, log, checkpoints.
            config: the recipe's fields.
            resume: go on from the run's last checkpoint.
        """
        from faceparse.report.examples import draw_examples
        from faceparse.report.figures import draw_curves
        from faceparse.train import train as run

        if run(config, data, out, resume=resume):
            draw_curves(out / "metrics.jsonl", out / "curves.png")
            draw_examples(out, data, config.train_splits)

    call(train, splits_as_words(rest), f"train {name}")
    return 0


def refuse_unknown(arguments: list[str], known: list[str]) -> None:
    for argument in arguments:
        name = argument.split("=")[0].replace("_", "-").removeprefix("--")
        # a field that is on is turned off with `--no-channels-last` or `--model.no-refine`
        if argument.startswith("--") and not {name, re.sub(r"(^|\.)no-", r"\1", name)} & set(known):
            raise UsageError.unknown("field", name, known)


def splits_as_words(arguments: list[str]) -> list[str]:
    """`--train-splits train,val` as the separate words that tyro wants for a tuple."""
    words: list[str] = []
    for argument in arguments:
        splits = words[-1:] == ["--train-splits"]
        words += argument.split(",") if splits else [argument]
    return words
