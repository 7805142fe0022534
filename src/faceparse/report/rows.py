"""What stands in a report's tables, as text: the PDF, the page and the Markdown show the same."""

import math
from collections.abc import Mapping

from faceparse.classes import CLASSES
from faceparse.report.content import EXPLANATIONS, SCORE_NAMES, Content, Evaluation, number


def subtitle(content: Content) -> str:
    """One line under the title."""
    total = content.history.total_steps
    of = f" of {total:,}" if total and content.history.last_step < total else ""
    return f"Face parsing into the {len(CLASSES)} classes of CelebAMask-HQ; {content.history.last_step:,}{of} steps."


def curves_caption(content: Content) -> str:
    """Which evaluation the scores below are of."""
    return content.evaluated or "This run has not been evaluated yet."


def mean_rows(content: Content) -> list[list[str]]:
    """Name, per cent, interval and meaning of every score that was measured at the best evaluation."""
    best = content.evaluation
    rows = []
    for name, shown in SCORE_NAMES.items():
        value = best.scores.get(name, math.nan) if best else math.nan
        if math.isfinite(value):
            low, high = content.intervals.get(name, (math.nan, math.nan))
            interval = f"{number(low)} to {number(high)}" if math.isfinite(low) else ""
            rows.append([shown, number(value), interval, EXPLANATIONS[name]])
    return rows


def class_rows(evaluation: Evaluation) -> list[dict[str, str]]:
    """Every class of the table with its colour; classes of other tables keep their names and are grey."""
    known = {cls.name: cls.hex_color for cls in CLASSES}
    return [
        {
            "name": name,
            "color": known.get(name, "#999999"),
            **{key: number(row.get(key)) for key in ("iou", "acc", "f1")},
        }
        for name, row in evaluation.per_class.items()
    ]


def class_means(evaluation: Evaluation) -> list[str]:
    """Means of the columns, without classes of which nothing was measured."""
    means = []
    for key in ("iou", "acc", "f1"):
        known = [row[key] for row in evaluation.per_class.values() if math.isfinite(row.get(key, math.nan))]
        means.append(number(sum(known) / len(known)) if known else "-")
    return means


def ablation_rows(content: Content) -> list[list[str]]:
    """Run, what differs, mIoU, mAcc and F in per cent; this run first."""
    best = content.evaluation
    if not content.ablations:
        return []
    rows = [("this run", "", best.scores if best else {})]
    rows += [(it.name, it.changes, it.scores) for it in content.ablations]

    def f(scores: Mapping[str, float]) -> float | None:
        return scores.get("fscore_2025", scores.get("f1_dataset"))

    return [
        [name, changes, number(scores.get("miou_2022")), number(scores.get("macc")), number(f(scores))]
        for name, changes, scores in rows
    ]
