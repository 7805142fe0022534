"""The course of a run and its settings, from `metrics.jsonl` and `config.json`."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from faceparse.errors import FaceparseError
from faceparse.report.content import SCORE_NAMES, Evaluation, History


def read_history(run: Path) -> History:
    """The course of a run from its `metrics.jsonl`, up to the first line that is not whole.

    Raises:
        FaceparseError: no such file, or it holds no training steps.
    """
    path = run / "metrics.jsonl"
    losses: list[tuple[int, float]] = []
    evaluations: list[Evaluation] = []
    for line in read_text(path, "is this a run folder?").splitlines():
        try:
            values = json.loads(line)
            step = int(values["step"])
        except (ValueError, KeyError, TypeError):
            break
        if isinstance(values.get("loss"), int | float):
            losses.append((step, float(values["loss"])))
        if "fscore_2025" in values:
            evaluations.append(_evaluation(step, values))
    if not losses:
        raise FaceparseError(f"{path}: holds no training steps yet; there is nothing to draw")
    return History(losses, evaluations, read_settings(run).get("steps"), chosen_by="fscore_2025")


def has_trained(run: Path) -> bool:
    """Whether a run has logged a step yet; False only for what is a run's folder that begins.

    Raises:
        FaceparseError: it is no run's folder.
    """
    if not (run / "config.json").exists():
        raise FaceparseError(f"{run}: not a run folder (config.json)")
    path = run / "metrics.jsonl"
    return path.exists() and '"loss"' in read_text(path)


def read_settings(run: Path) -> dict:
    """The run's `config.json` as plain values, of this version's fields or another's; empty where there is none."""
    path = run / "config.json"
    if not path.exists():
        return {}
    try:
        values = json.loads(read_text(path))
    except ValueError as error:
        raise FaceparseError(f"{path}: not JSON ({error}); restore it from a checkpoint's folder") from error
    return values if isinstance(values, dict) else {}


def _evaluation(step: int, values: Mapping[str, object]) -> Evaluation:
    per_class = values.get("per_class")
    rows = per_class if isinstance(per_class, dict) else {}
    return Evaluation(
        step,
        {name: _fraction(values.get(name)) for name in SCORE_NAMES},
        {str(name): {key: _fraction(row.get(key)) for key in ("iou", "acc", "f1")} for name, row in rows.items()},
    )


def _fraction(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def read_text(path: Path, hint: str = "restore it") -> str:
    """A file's text.

    Raises:
        FaceparseError: it cannot be read.
    """
    try:
        return path.read_text(errors="replace")
    except OSError as error:
        raise FaceparseError(f"{path}: cannot be read ({error.strerror}); {hint}") from error
