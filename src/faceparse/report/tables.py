"""A report's curves and tables as files of their own: PNG and SVG, Markdown and CSV."""

import csv
import io
import math
import shutil
from collections.abc import Sequence
from pathlib import Path

from faceparse.files import write_atomically
from faceparse.report.content import SCORE_NAMES, Content
from faceparse.report.figures import draw_history
from faceparse.report.rows import ablation_rows, class_means, class_rows, mean_rows


def write_beside(content: Content, folder: Path) -> None:
    """Fill `folder` with `curves.png`, `curves.svg`, `report.md`, and CSVs: training, scores, classes, ablations."""
    for kind in ("png", "svg"):
        write_atomically(folder / f"curves.{kind}", draw_history(content.history, kind))
    write_atomically(folder / "training.csv", _csv(_course(content)))
    write_atomically(folder / "report.md", markdown(content))
    best = content.evaluation
    if best:
        # files that programs read keep fractions, unrounded, as everything else that they read does
        measured = [[name, best.scores[name]] for name in SCORE_NAMES if math.isfinite(best.scores.get(name, math.nan))]
        write_atomically(folder / "scores.csv", _csv([["score", "value"], *measured]))
        rows = [
            [name, *(row.get(key, math.nan) for key in ("iou", "acc", "f1"))] for name, row in best.per_class.items()
        ]
        write_atomically(folder / "classes.csv", _csv([["class", "iou", "acc", "f1"], *rows]))
    if content.ablations:
        names = list(SCORE_NAMES)
        runs = [[it.name, it.changes, *(it.scores.get(name, math.nan) for name in names)] for it in content.ablations]
        write_atomically(folder / "ablations.csv", _csv([["run", "differs in", *names], *runs]))
    for example in content.examples:
        target = folder / example.picture.name
        if target.resolve() != example.picture.resolve():
            shutil.copyfile(example.picture, target)


def markdown(content: Content) -> str:
    """The report's tables as Markdown."""
    best = content.evaluation
    parts = [f"# {_escaped(content.cover.title)}", _table(["", ""], content.facts)]
    for section in content.sections:
        parts += [f"## {_escaped(section.heading)}", _table(["", ""], section.rows)]
    if best:
        parts += ["## Scores on validation", _table(["score", "%", "95 % interval", "what it is"], mean_rows(content))]
    if best and best.per_class:
        rows = [[row["name"], row["iou"], row["acc"], row["f1"]] for row in class_rows(best)]
        columns = ["class", "IoU %", "Acc %", "F %"]
        parts += ["## Every class", _table(columns, [*rows, ["mean", *class_means(best)]])]
    if content.ablations:
        parts += ["## Ablations", _table(["run", "differs in", "mIoU %", "mAcc %", "F %"], ablation_rows(content))]
    parts += ["## References", "\n".join(f"{i}. {_escaped(it)}" for i, it in enumerate(content.references, start=1))]
    return "\n\n".join(parts) + "\n"


def _course(content: Content) -> list[list[object]]:
    """One row a step that was logged or evaluated."""
    losses = dict(content.history.losses)
    scored = {it.step: it.scores for it in content.history.evaluations}
    rows = [
        [step, losses.get(step, ""), *(scored.get(step, {}).get(name, "") for name in SCORE_NAMES)]
        for step in sorted({*losses, *scored})
    ]
    return [["step", "loss", *SCORE_NAMES], *rows]


def _csv(rows: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    cells = [["" if isinstance(cell, float) and math.isnan(cell) else cell for cell in row] for row in rows]
    csv.writer(out, lineterminator="\n").writerows(cells)
    return out.getvalue()


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *([_escaped(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _escaped(text: str) -> str:
    """Without what Markdown would read as its own: HTML, pipes, emphasis, links, line ends."""
    for character in "\\`*_[]<>|#":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
