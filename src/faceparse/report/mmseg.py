"""A report from the logs of MMSegmentation: `*.log.json` of its versions 0.x, `scalars.json` of 1.x.

Both hold one JSON object a line. In 0.x the first may describe the machine (`env_info`), and lines have the mode
train or val; a validation line's `iter` is often the number of validation batches rather than the step, which is then
the last training line's. In 1.x lines have a `step`. Scores are fractions in 0.x and per cent in 1.x.
Of several files of one training that was resumed, a later one takes over from its first step on.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from faceparse.classes import NAMES
from faceparse.console import log
from faceparse.errors import FaceparseError
from faceparse.report.content import SCORE_NAMES, Content, Cover, Evaluation, History, Section, number
from faceparse.report.mmseg_config import describe_config
from faceparse.report.references import references_for

_LARGEST_FILE = 500_000_000
"""Bytes; a log of a whole training has one or two millions."""

_MEANS = {"mIoU": "miou_2022", "mAcc": "macc", "aAcc": "aacc"}
_STAMP = re.compile(r"(\d{8}_\d{6})")


@dataclass
class _Log:
    """What one file says."""

    losses: list[tuple[int, float]] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    environment: str = ""
    config: str = ""
    memory: float = 0.0
    """Most MiB that a training line told."""
    seconds: float = 0.0
    """Sum of what training lines told, each for the iterations since the last."""


def collect_logs(paths: Sequence[Path], cover: Cover, parameters: int | None = None) -> Content:
    """Everything that the logs of one training say.

    Raises:
        FaceparseError: a file cannot be read, or none of them holds a line of training or validation.
    """
    stamped = all(_STAMP.search(path.name) for path in paths)
    order = sorted(paths, key=lambda path: _STAMP.search(path.name)[1]) if stamped else paths  # type: ignore[index]
    logs = [_read(path) for path in order]
    history = _joined(logs)
    if not history.losses and not history.evaluations:
        raise FaceparseError(
            f"{paths[0]}: holds no line of training or validation; expected *.log.json or scalars.json"
        )
    best = history.best
    config = next((it.config for it in logs if it.config), "")
    counted = f"{parameters:,}" if parameters else "the logs do not tell; give --parameters"
    described = describe_config(config)
    model = next(
        (text for section in described for name, text in section.rows if name == "Network"), "MMSegmentation's"
    )
    facts = [("Model", model), ("Trainable parameters", counted)]
    if best:
        facts += [(f"Validation {SCORE_NAMES[name]}", f"{number(value)} %") for name, value in best.scores.items()]
    rule = "sum(p.numel() for p in model.parameters() if p.requires_grad)"
    sections = [
        *described,
        Section("Size", [("Trainable parameters", f"{counted}, by {rule}")]),
        Section("Machine", _machine(logs)),
    ]
    shown = f"The scores below are those at step {best.step:,}, where validation mIoU is highest." if best else ""
    notes = ["There are no example faces: logs hold no pictures."]
    if best and best.per_class:
        notes.append("F of a class follows from its IoU: F = 2 IoU / (1 + IoU).")
    return Content(
        cover=cover,
        history=history,
        sections=sections,
        facts=facts,
        evaluation=best,
        evaluated=shown,
        references=references_for(["MMSegmentation", config]),
        notes=notes,
    )


def _joined(logs: Sequence[_Log]) -> History:
    losses: dict[int, float] = {}
    evaluations: dict[int, Evaluation] = {}
    for it in logs:
        steps = [step for step, _ in it.losses] or [evaluation.step for evaluation in it.evaluations]
        start = min(steps, default=math.inf)
        losses = {step: loss for step, loss in losses.items() if step < start} | dict(it.losses)
        kept = {step: evaluation for step, evaluation in evaluations.items() if step < start}
        evaluations = kept | {evaluation.step: evaluation for evaluation in it.evaluations}
    return History(sorted(losses.items()), [evaluations[step] for step in sorted(evaluations)])


def _read(path: Path) -> _Log:
    found, last, lines_since = _Log(), 0, 0
    scored: list[tuple[int, int, Mapping]] = []
    for line in _lines(path):
        if "env_info" in line or "config" in line:
            found.environment, found.config = str(line.get("env_info", "")), str(line.get("config", ""))
        elif _is_validation(line):
            scored.append((_whole(line.get("step", line.get("iter"))) or last, last if "step" not in line else 0, line))
        elif _finite(line.get("loss")) is not None:
            step = _whole(line.get("step", line.get("iter")))
            if step is None:
                continue
            found.losses.append((step, float(line["loss"])))
            found.memory = max(found.memory, _finite(line.get("memory")) or 0.0)
            found.seconds += (_finite(line.get("time")) or 0.0) * max(0, step - last if lines_since else 0)
            last, lines_since = step, lines_since + 1
    found.evaluations = _evaluations(scored)
    found.config = found.config or _config_beside(path)
    return found


def _config_beside(path: Path) -> str:
    """1.x writes `config.py` beside `scalars.json`."""
    try:
        return (path.parent / "config.py").read_text(errors="replace")
    except OSError:
        return ""


def _lines(path: Path) -> Iterator[Mapping]:
    """The objects of a file; a line that is none is told and left out."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise FaceparseError(f"{path}: larger than any training's log; name a *.log.json or scalars.json")
        text = path.read_text(errors="replace")
    except OSError as error:
        raise FaceparseError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from error
    for num, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            yield value
        else:
            log.warning("%s: line %d is left out: not a JSON object (cut off?)", path, num)


def _is_validation(line: Mapping) -> bool:
    return line.get("mode") == "val" or any(_finite(line.get(name)) is not None for name in _MEANS)


def _evaluations(scored: Sequence[tuple[int, int, Mapping]]) -> list[Evaluation]:
    values = [value for _, _, line in scored for name, value in line.items() if name in _MEANS or name[:4] in _COLUMNS]
    known = [value for value in map(_finite, values) if value is not None]
    scale = 100.0 if max(known, default=0) > 1.5 else 1.0
    told = [step for step, _, _ in scored]
    # the same "step" each time, or one that training had passed already: validation batches were counted
    batches = len(set(told)) < len(told) or any(last and step < last for step, last, _ in scored)
    found = [_evaluation(last if batches and last else step, line, scale) for step, last, line in scored]
    return [it for it in found if any(map(math.isfinite, it.scores.values()))]


_COLUMNS = {"IoU.": "iou", "Acc.": "acc"}


def _evaluation(step: int, line: Mapping, scale: float) -> Evaluation:
    def fraction(name: str) -> float:
        value = _finite(line.get(name))
        return math.nan if value is None else value / scale

    rows: dict[str, dict[str, float]] = {}
    for name in line:
        if name[:4] in _COLUMNS:
            rows.setdefault(_class_name(name[4:]), {})[_COLUMNS[name[:4]]] = fraction(name)
    for row in rows.values():
        iou = row.get("iou", math.nan)
        row["f1"] = 2 * iou / (1 + iou)
    scores = {ours: fraction(theirs) for theirs, ours in _MEANS.items() if theirs in line}
    f1 = [row["f1"] for name, row in rows.items() if name != NAMES[0] and math.isfinite(row["f1"])]
    return Evaluation(step, scores | ({"f1_dataset": sum(f1) / len(f1)} if f1 else {}), rows)


def _class_name(theirs: str) -> str:
    """Our name of a class where it can be told: `l_eye` and `left_eye` are `left eye`."""
    from faceparse.classes import CLASSES

    plain = theirs.replace("_", " ").strip().lower()
    for cls in CLASSES:
        if plain in (cls.name, (cls.suffix or "").replace("_", " ")):
            return cls.name
    return plain


def _machine(logs: Sequence[_Log]) -> list[tuple[str, str]]:
    environment = next((it.environment for it in logs if it.environment), "")
    rows = [
        (shown, ", ".join(dict.fromkeys(match.strip() for match in re.findall(pattern, environment, re.MULTILINE))))
        for shown, pattern in (
            ("GPUs", r"^(GPU [\d,]+: .+)$"),
            ("PyTorch", r"^PyTorch: (.+)$"),
            ("System", r"^sys.platform: (.+)$"),
        )
    ]
    rows = [row for row in rows if row[1]] or [("Machine", "the logs do not tell")]
    memory, seconds = max(it.memory for it in logs), sum(it.seconds for it in logs)
    if memory:
        rows.append(("GPU memory used", f"{memory / 1024:.1f} GiB"))
    if seconds:
        rows.append(("Time", f"{seconds / 3600:.1f} hours of training"))
    return rows


def _finite(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else None  # type: ignore[arg-type]


def _whole(value: object) -> int | None:
    known = _finite(value)
    return None if known is None else int(known)
