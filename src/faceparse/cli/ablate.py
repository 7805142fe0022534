"""`faceparse ablate [RECIPE] --data DATASET --out DIR [--rows ROW,...] [--FIELD VALUE ...]`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from faceparse.cli.arguments import call
from faceparse.cli.train import refuse_unknown, splits_as_words
from faceparse.console import log
from faceparse.errors import FaceparseError, UsageError

if TYPE_CHECKING:
    from faceparse.config import RunConfig


def main(arguments: list[str]) -> int:
    """Find the recipe that all rows share, let the command line override its fields, train row by row."""
    from faceparse.config import RunConfig, field_names
    from faceparse.recipes import find_recipe

    named = bool(arguments) and not arguments[0].startswith("-")
    name = arguments[0] if named else "deeplabv3plus_r50_ablation"
    rest = arguments[1:] if named else arguments
    default = find_recipe(name)()
    fields = [field for field in field_names() if field not in ("recipe", "model.name")]
    settable = [field for field in fields if not field.startswith(("augment.", "loss."))]
    refuse_unknown(rest, ["data", "out", "rows", "help", *settable])

    import tyro

    def ablate(
        data: Path,
        out: Path,
        config: Annotated[RunConfig, tyro.conf.arg(name=""), tyro.conf.AvoidSubcommands] = default,
        rows: str = "",
    ) -> int:
        """Train the 2022 winner's ablations, one augmentation or loss changed at a time, and write their table.

        Rows that are finished are kept and the one that was interrupted goes on, so give the same command again after a
        crash. Example: faceparse ablate --data DATA --out runs/ablation --rows loss

        Args:
            data: dataset folder (a root with train/ and val/).
            out: folder for a run folder a row, and table.md, table.csv, table.json.
            config: the fields that all rows share; augmentation and loss are the rows'.
            rows: names of rows, or augmentation or loss, with commas between; all unless given.
        """
        return _run(config, data, out, [row for row in rows.split(",") if row])

    return call(ablate, splits_as_words(rest), "ablate")


def _run(config: "RunConfig", data: Path, out: Path, chosen: list[str]) -> int:
    from faceparse.cli.ablation_table import Result, result_of, write_table
    from faceparse.config import check
    from faceparse.recipes.ablation import GRID, find_rows
    from faceparse.train import train

    rows = find_rows(chosen)
    check(config)
    failed: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        log.info("row %d of %d: %s", number, len(rows), row.name)
        try:
            train(row.config(config), data, out / row.name, resume=True)
        except UsageError:
            raise  # the same for every row
        except FaceparseError as error:
            log.error("%s: %s", row.name, error)
            failed[row.name] = str(error)
        results: list[Result] = [result_of(other, out / other.name, failed.get(other.name)) for other in GRID]
        write_table(out, results)
    log.info("table: %s", out / "table.md")
    return int(bool(failed))
