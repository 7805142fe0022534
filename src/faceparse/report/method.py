"""What a run's settings and files say of how it was trained: sections of the report."""

import re
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from faceparse.console import duration, log
from faceparse.errors import FaceparseError
from faceparse.report.content import History, Section
from faceparse.report.history import read_text
from faceparse.report.wording import describe, write

if TYPE_CHECKING:
    pass

_PARAMETER_RULE = "sum(p.numel() for p in model.parameters() if p.requires_grad)"
"""The 2022 rules ask for the number by this expression."""


def model_section(run: Path, settings: Mapping, parameters: int | None) -> tuple[Section, list[tuple[str, str]]]:
    """The network, its parameters and cost; and what of it stands on the cover."""
    found = settings.get("model")
    model: dict = found if isinstance(found, dict) else {}
    name, summary, counted, macs = str(model.get("name", "unknown")), "", parameters, None
    try:
        from faceparse.config import read_config
        from faceparse.models.cost import parameters_and_macs

        config = read_config(run / "config.json")
        # the first line of the file that defines the network says what it is
        line = (sys.modules[type(config.model).__module__].__doc__ or "").split("\n")[0].replace("`", "")
        summary = line.removeprefix(f"{name}: ")
        counted, macs = parameters_and_macs(config.model, config.image_size)
    except FaceparseError as error:
        log.warning("the network is not built: %s", error)
        counted = counted or _logged_parameters(run)
    size = settings.get("image_size")
    rows = [("Network", f"{name}: {summary}" if summary else name), ("Its sizes", describe(model, leave_out=("name",)))]
    told = f"{counted:,}" if counted else "not recorded; give --parameters"
    rows.append(("Trainable parameters", f"{told}, by {_PARAMETER_RULE}"))
    if macs:
        per_image = f"for one image at {size} × {size}: convolutions, linear layers and attention"
        rows.append(("Cost", f"{macs / 1e9:.2f} G multiply-adds ({2 * macs / 1e9:.2f} GFLOPs, two each) {per_image}"))
    rows.append(("First weights", _first_weights(run, settings)))
    return Section("Model", rows), [("Model", name), ("Trainable parameters", told)]


def _logged_parameters(run: Path) -> int | None:
    found = re.search(r"training ([\d,]+) parameters", read_text(run / "log.txt") if (run / "log.txt").exists() else "")
    return int(found[1].replace(",", "")) if found else None


def _first_weights(run: Path, settings: Mapping) -> str:
    from faceparse.provenance import RANDOM, read_provenance

    try:
        known = read_provenance(run)
    except FaceparseError as error:
        log.warning("%s", error)
        return "not known: provenance.json cannot be read"
    if known and known.began_from:
        return f"{describe(known.began_from)}; at the very first: {known.initial_weights}"
    rest = f"random, by seed {settings.get('seed', 'unknown')}"
    if known and known.backbone:
        return f"backbone: {describe(known.backbone)}; the rest {rest}"
    return known.initial_weights if known and known.initial_weights != RANDOM else rest


def training_sections(run: Path, settings: Mapping, history: History) -> list[Section]:
    """Losses, augmentation, and how it was optimised."""

    def part(name: str) -> dict:
        return settings[name] if isinstance(settings.get(name), dict) else {}

    optimizer = part("optimizer")
    unused = {"sgd": ("betas",), "adamw": ("momentum",), "muon": ("momentum",)}.get(str(optimizer.get("kind")), ())
    of_schedule = {"poly": "power", "step": "milestones"}
    unused += tuple(name for schedule, name in of_schedule.items() if optimizer.get("schedule") != schedule)
    names = (
        "steps",
        "batch_size",
        "accumulate",
        "growth",
        "image_size",
        "precision",
        "clip_norm",
        "average_decay",
        "seed",
    )
    rows = [
        ("Optimiser", describe(optimizer, leave_out=unused)),
        ("Schedule of samples", describe({name: settings.get(name) for name in names})),
        ("Training data", _data(run, settings)),
    ]
    augment = part("augment")
    holes = () if augment.get("cutout") else ("cutout_holes", "cutout_sides")
    time = _time(run)
    if time:
        rows.append(("Time", f"{time}, {history.last_step:,} steps"))
    return [
        Section("Losses", [("Weighted sum of", _losses(part("loss"), part("model")))]),
        Section("Augmentation", [("Each sample", describe(augment, leave_out=holes))]),
        Section("Optimisation", rows),
    ]


def _losses(loss: dict, model: dict) -> str:
    """The losses in use with their settings: those that are off have settings too, and not every network has heads for
    an auxiliary one."""
    off = [name for name in ("focal", "ohem", "lovasz") if not loss.get(name)]
    unused = [name for name in loss if any(name.startswith(f"{it}_") for it in off)]
    heads = "auxiliary" in str(model)  # K-Net's are its base's
    return describe(loss, leave_out=(*unused, *(() if heads else ("auxiliary",))))


def _data(run: Path, settings: Mapping) -> str:
    path = run / "trained_on.txt"
    num = sum(1 for line in path.read_bytes().splitlines() if line) if path.exists() else None
    splits = write(settings.get("train_splits", ["train"]))
    return f"{num:,} pairs of {splits}" if num is not None else f"pairs of {splits}"


def _time(run: Path) -> str | None:
    """Of the log, first line to last; a run that was resumed stood still in between."""
    path = run / "log.txt"
    stamps = re.findall(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) ", read_text(path), re.MULTILINE) if path.exists() else []
    if len(stamps) < 2:
        return None
    first, last = (datetime.fromisoformat(stamp) for stamp in (stamps[0], stamps[-1]))
    return duration((last - first).total_seconds()) + " from first to last line of the log"
