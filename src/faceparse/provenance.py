"""What a run's weights were made of, written down while it trains, so that a challenge's rules can be held against it.

`provenance.json` of a run folder: the files of every pair that was trained on, by hash, the weights that it began with
and of what kind they are, how many parameters were trained, and how many runs the weights are averaged from. A run that
begins with another run's weights takes on that run's pairs and beginnings.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from faceparse.checkpoint import find_checkpoint
from faceparse.config import RunConfig
from faceparse.data.dataset import Pair
from faceparse.data.manifest import hash_file
from faceparse.errors import FaceparseError
from faceparse.files import write_atomically
from faceparse.infer import weights

FILE = "provenance.json"

RANDOM, UNKNOWN = "random", "unknown"
"""Kinds of initial weights; others are named by what they were trained on: `imagenet-1k`, `imagenet-21k`."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What is known of a model's making."""

    pairs: dict[str, tuple[str, str]]
    """sha256 of the photo and of the label map of each pair trained on, by name; empty where nobody wrote them down."""
    splits: tuple[str, ...]
    """The splits that they came from."""
    initial_weights: str
    """`random`, `unknown`, or the data of the pretraining."""
    num_runs: int = 1
    """Runs whose weights were averaged; a moving average along one run is one."""
    num_parameters: int | None = None
    """Trainable ones; None in files of earlier versions."""
    began_from: dict[str, Any] | None = None
    """Of the weights that it began with, where these were another run's: `path`, `checkpoint` and `sha256`, and in
    `began_from` what those had begun with in turn. Of a converted model: the file that it was, and its `program`."""
    backbone: dict[str, str] = field(default_factory=dict)
    """Of pretrained backbones: the file or name, `sha256`, `trained_on`, and who told that (`told_by`)."""


def write_provenance(
    run: Path, config: RunConfig, pairs: Sequence[Pair], backbone: dict[str, str] | None = None
) -> None:
    """Write down what a run trains on; what an interrupted run of this folder had trained on stays in the list.

    Args:
        backbone: the record of a pretrained backbone with which the run begins.
    """
    began_from = config.init_from
    own = read_provenance(run)
    place = weights.find(began_from) if began_from and own is None else None
    source = read_provenance(place) if place else None
    earlier = [own, source]
    if own is not None:  # what it began with may be gone when it is resumed
        initial, origin = own.initial_weights, own.began_from
    elif place:
        initial = source.initial_weights if source else UNKNOWN
        origin = {"path": began_from, **_origin(place, source)}
    else:
        initial, origin = backbone["trained_on"] if backbone else RANDOM, None
    kept = next((one.backbone for one in earlier if one and one.backbone), {})
    known = {name: digests for one in earlier if one for name, digests in one.pairs.items()}
    splits = dict.fromkeys([*(split for one in earlier if one for split in one.splits), *config.train_splits])
    provenance = Provenance(
        pairs={**known, **hash_pairs(pairs)}, splits=tuple(splits), initial_weights=initial,
        num_runs=max(one.num_runs if one else 1 for one in earlier), num_parameters=_num_parameters(config),
        began_from=origin, backbone=backbone or kept,
    )  # fmt: skip
    write_atomically(run / FILE, to_json(provenance))


def to_json(provenance: Provenance) -> str:
    """The text of `provenance.json`."""
    return json.dumps(asdict(provenance), indent=1) + "\n"


def hash_pairs(pairs: Sequence[Pair]) -> dict[str, tuple[str, str]]:
    """sha256 of the photo and of the label map of each pair, by name."""
    # SHA-256 lets other threads run; disks answer several at a time
    with ThreadPoolExecutor(2) as pool:
        digests = pool.map(_digests, pairs)
        return dict(zip((pair.name for pair in pairs), digests, strict=True))


def read_provenance(model: Path) -> Provenance | None:
    """What is written down about a run or checkpoint folder; None where nothing is, as for older runs.

    Raises:
        FaceparseError: the file is damaged.
    """
    for place in places(model):
        path = place / FILE
        if path.is_file():
            try:
                return _structured(json.loads(path.read_text()))
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise FaceparseError(
                    f"{path}: not what training writes ({error}); restore it, or take it away to go on without"
                ) from error
    return None


def places(model: Path) -> list[Path]:
    """Folders that may say something about a model: its own, and the run's of a checkpoint in `RUN/checkpoints/`."""
    run = model.parent.parent if model.parent.name == "checkpoints" else None
    return [model] if run is None else [model, run]


def _digests(pair: Pair) -> tuple[str, str]:
    return hash_file(pair.image), hash_file(pair.mask) if pair.mask else ""


def _origin(path: Path, source: Provenance | None) -> dict[str, Any]:
    """Which weights those in a checkpoint or run folder are, and what they had begun with."""
    folder = find_checkpoint(path).resolve()
    digest = hash_file(folder / "model.safetensors")
    earlier = source.began_from if source else None
    return {"checkpoint": folder.name, "sha256": digest, "began_from": earlier}


def _num_parameters(config: RunConfig) -> int:
    with torch.device("meta"):  # shapes alone: the largest networks would take gigabytes
        return config.model.build(working_size=config.image_size).num_parameters


def _structured(values: dict[str, Any]) -> Provenance:
    pairs = {str(name): (str(image), str(mask)) for name, (image, mask) in values["pairs"].items()}
    return Provenance(
        pairs=pairs,
        splits=tuple(map(str, values["splits"])),
        initial_weights=str(values["initial_weights"]),
        num_runs=int(values["num_runs"]),
        num_parameters=values.get("num_parameters"),
        began_from=values.get("began_from"),
        backbone={str(name): str(value) for name, value in dict(values.get("backbone", {})).items()},
    )
