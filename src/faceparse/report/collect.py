"""What a run folder has to say, read from its files alone."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from faceparse.console import log
from faceparse.errors import FaceparseError
from faceparse.image_counts import FILE_NAME, ImageCounts, load_image_counts
from faceparse.report.content import SCORE_NAMES, Ablation, Content, Cover, Evaluation, Section, number
from faceparse.report.examples import read_examples
from faceparse.report.history import read_history, read_settings, read_text
from faceparse.report.method import model_section, training_sections
from faceparse.report.references import references_for
from faceparse.report.wording import machine_rows, write


def collect_run(
    run: Path,
    cover: Cover,
    ablations: Sequence[Path] = (),
    counts: ImageCounts | None = None,
    parameters: int | None = None,
    examples: Path | None = None,
) -> Content:
    """Everything that a run's files say.

    Args:
        ablations: folders of other runs.
        counts: of an evaluation that was just made, in place of the run's own.
        parameters: trainable ones, where the run's network is of another version and cannot be built.
        examples: a folder with the faces of that evaluation.

    Raises:
        FaceparseError: not a run folder, or it has not trained yet.
    """
    history, settings = read_history(run), read_settings(run)
    best = history.best
    if counts is not None:
        best = _evaluation_of(counts, best.step if best else history.last_step)
        evaluated = f"The scores below are those of its best checkpoint on the {len(counts.names):,} images of --data."
    elif best is not None:
        counts = load_image_counts(run / FILE_NAME) if (run / FILE_NAME).exists() else None
        name = SCORE_NAMES[history.chosen_by]
        evaluated = f"The scores below are those at step {best.step:,}, where validation {name} is highest."
    else:
        evaluated = ""
    model, facts = model_section(run, settings, parameters)
    if best:
        facts += [(f"Validation {SCORE_NAMES[name]}", f"{number(best.scores.get(name))} %") for name in SCORE_NAMES]
    faces = read_examples(examples or run)
    sections = [model, *training_sections(run, settings, history), Section("Machine", machine_rows(_machine(run)))]
    # what the report says was used: settings of losses that are off are not in it
    used = [text for section in sections for _, text in section.rows]
    return Content(
        cover=cover,
        history=history,
        sections=sections,
        facts=facts,
        evaluation=best,
        evaluated=evaluated,
        intervals=_intervals(counts),
        examples=faces,
        ablations=[_ablation(other, settings) for other in ablations],
        references=references_for([*used, "interval" if counts else ""]),
        notes=[] if faces else ["There are no example faces: the run kept none, and no --data were given."],
    )


def find_runs(paths: Sequence[Path]) -> list[Path]:
    """Run folders, and those within folders of runs, by name.

    Raises:
        FaceparseError: one is neither.
    """
    found = []
    for path in paths:
        inside = [path] if (path / "metrics.jsonl").exists() else sorted(p.parent for p in path.glob("*/metrics.jsonl"))
        if not inside:
            raise FaceparseError(f"--ablations {path}: neither a run folder (metrics.jsonl) nor a folder of such")
        found += inside
    return found


def _evaluation_of(counts: ImageCounts, step: int) -> Evaluation:
    from faceparse.comparison import score_intervals

    means = {name: it.value for name, it in score_intervals(counts, num_resamples=2).items()}
    rows = {name: {"iou": iou, "acc": acc, "f1": f1} for name, (iou, acc, f1) in counts.per_class().items()}
    return Evaluation(step, means, rows)


def _machine(run: Path) -> dict | None:
    path = run / "machine.json"
    if not path.exists():
        return None
    try:
        values = json.loads(read_text(path))
    except ValueError as error:
        log.warning("%s: not JSON (%s); the machine is left out", path, error)
        return None
    return values if isinstance(values, dict) else None


def _intervals(counts: ImageCounts | None) -> dict[str, tuple[float, float]]:
    from faceparse.comparison import score_intervals

    if counts is None or len(counts.names) < 2:
        return {}
    return {name: (it.low, it.high) for name, it in score_intervals(counts).items()}


def _ablation(run: Path, settings: Mapping) -> Ablation:
    other, history = read_settings(run), read_history(run)
    ours, theirs = _flat(settings), _flat(other)
    changed = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name) and name != "recipe"]
    changes = ", ".join(f"{name.replace('_', ' ')} {write(theirs.get(name, 'absent'))}" for name in changed)
    best = history.best
    return Ablation(run.name, changes or "nothing", best.scores if best else {})


def _flat(values: Mapping, prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in values.items():
        flat.update(_flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value})
    return flat
