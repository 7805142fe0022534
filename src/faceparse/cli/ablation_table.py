"""The table of an ablation: what each row scored, beside what its report gives, as Markdown, CSV and JSON."""

import csv
import io
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from faceparse.errors import FaceparseError
from faceparse.files import write_atomically
from faceparse.recipes.ablation import Row
from faceparse.report.history import read_history, read_settings


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a row."""

    group: str
    row: str
    reported_miou: float
    """In per cent, as the report gives it, on its data and budget."""
    miou_2022: float | None
    """Of the last evaluation of a finished run, a fraction; None until then."""
    fscore_2025: float | None
    steps: int
    """At which it was evaluated last; 0 where it never was."""
    state: str
    """`finished`, `begun`, `not begun`, or why it failed."""


def result_of(row: Row, run: Path, failure: str | None) -> Result:
    """What a row's run folder tells."""
    steps, scores, state = 0, {}, "not begun"
    if (run / "config.json").exists():
        state = "begun"
        try:
            history = read_history(run)
        except FaceparseError:
            history = None  # not a step yet
        if history is not None and history.evaluations:
            last = history.evaluations[-1]
            steps = last.step
            if steps >= int(read_settings(run).get("steps", 0)):
                scores = {name: value for name, value in last.scores.items() if not math.isnan(value)}
                state = "finished"
    return Result(
        group=row.group, row=row.name, reported_miou=row.reported, miou_2022=scores.get("miou_2022"),
        fscore_2025=scores.get("fscore_2025"), steps=steps, state=failure or state,
    )  # fmt: skip


def write_table(out: Path, results: list[Result]) -> None:
    """Write `table.md`, `table.csv` and `table.json`; those there before are replaced."""
    write_atomically(out / "table.json", json.dumps([asdict(result) for result in results], indent=2) + "\n")
    text = io.StringIO()
    writer = csv.DictWriter(text, list(asdict(results[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(result) for result in results)
    write_atomically(out / "table.csv", text.getvalue())
    write_atomically(out / "table.md", _markdown(results))


def _markdown(results: list[Result]) -> str:
    lines = []
    for group in dict.fromkeys(result.group for result in results):
        members = [result for result in results if result.group == group]
        lines += [
            f"| {group} | mIoU | against the first row | F | steps | reported | against its first row |",
            "|---|---|---|---|---|---|---|",
        ]
        first = members[0]
        for one in members:
            ours = [f"{100 * one.miou_2022:.2f}", _gain(one.miou_2022, first.miou_2022, 100)] if one.miou_2022 else []
            cells = [
                one.row,
                *(ours or [one.state.replace("|", "/"), ""]),
                "" if one.fscore_2025 is None else f"{one.fscore_2025:.4f}",
                str(one.steps or ""),
                f"{one.reported_miou:.2f}",
                _gain(one.reported_miou, first.reported_miou, 1),
            ]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    lines += [
        "mIoU in per cent on `val`, at the last step. Reported: the 2022 winner's, DeepLabV3+ R-50 from ImageNet,",
        "20,000 steps of 4 at 512², on the challenge's own pairs.",
    ]
    return "\n".join(lines) + "\n"


def _gain(value: float | None, first: float | None, scale: int) -> str:
    return "" if value is None or first is None else f"{scale * (value - first):+.2f}"
