"""Who may judge a pair, and what they see: probabilities of models that were not trained on it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image as PillowImage

from faceparse.audit.ranking import LEVELS, Verdict, count_levels
from faceparse.data.dataset import Pair, read_pair
from faceparse.errors import DataError, FaceparseError, UsageError
from faceparse.infer import weights
from faceparse.infer.onnx import OnnxNetwork
from faceparse.types import Image, Images, Labels

TRAINED_ON = "trained_on.txt"
"""In a run's folder or beside a model: the names of the pairs that it was trained on, one a line."""

_LONGEST_SIDE = 512
"""Judges see no photo larger than this."""
_COUNTED_SIDE = 256
"""Pixels are counted on a grid of about this many by side: models work at no more, and probabilities are smooth."""
_BATCH_SIZE = 8

Predict = Callable[[Images], Float[np.ndarray, "num 19 height width"]]
"""From photos of one size to their probabilities."""


@dataclass(frozen=True)
class Case:
    """A pair before its judges."""

    judges: tuple[int, ...]
    """Which of the models were not trained on it."""
    split: str
    pair: Pair


def trained_on(model: str | Path) -> frozenset[str]:
    """The names of the pairs that a model was trained on.

    Raises:
        UsageError: no such model, or it does not say.
    """
    path = weights.find(model)
    folder = path if path.is_dir() else path.parent
    places = [folder]
    if folder.resolve().parent.name == "checkpoints":
        places.append(folder.resolve().parent.parent)
    for place in places:
        if (place / TRAINED_ON).is_file():
            try:
                text = (place / TRAINED_ON).read_bytes().decode(errors="surrogateescape")
            except OSError as error:
                raise FaceparseError(f"{place / TRAINED_ON}: cannot be read ({error.strerror})") from error
            return frozenset(line.rstrip("\r") for line in text.split("\n")) - {""}
    raise UsageError(
        f"{model}: does not say what it was trained on, and a model must not judge its own training pairs; put "
        f"{TRAINED_ON} into {places[-1]}: names of photos without suffix, one a line; empty if none are of this dataset"
    )


def predictor(model: str | Path) -> Predict:
    """Predict by onnxruntime for ONNX files and shipped models, by PyTorch for runs."""
    path = weights.find(model)
    if str(model) in weights.shipped() or not path.is_dir():
        return OnnxNetwork(weights.find_onnx(model)).probabilities
    import torch

    from faceparse.checkpoint import load_network
    from faceparse.precision import layout_for

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = load_network(path)[0].to(device)

    @torch.inference_mode()
    def predict(images: Images) -> Float[np.ndarray, "num 19 height width"]:
        rgb = torch.from_numpy(images).to(device).permute(0, 3, 1, 2)
        rgb = rgb.contiguous(memory_format=layout_for(True, device)).float() / 255
        return network(rgb).softmax(1).cpu().numpy()

    return predict


def judge(cases: Sequence[Case], predictors: dict[int, Predict]) -> Iterator[Verdict]:
    """Judge cases, which come sorted by their judges, in batches of one size; unreadable ones are left out."""
    for judges, group in groupby(cases, lambda case: case.judges):
        models = [predictors[i] for i in judges]
        batch: list[tuple[Case, Image, Labels, int]] = []
        for case in group:
            try:
                image, labels = read_pair(case.pair)
            except DataError:
                continue  # the doctor says so
            seen = _reduced(image, labels)
            if batch and (len(batch) == _BATCH_SIZE or seen[0].shape != batch[0][1].shape):
                yield from _count_batch(batch, models)
                batch = []
            batch.append((case, *seen, labels.size))
        if batch:
            yield from _count_batch(batch, models)


def _count_batch(batch: Sequence[tuple[Case, Image, Labels, int]], models: Sequence[Predict]) -> Iterator[Verdict]:
    images = np.stack([image for _, image, _, _ in batch])
    stride = max(1, round(max(images.shape[1:3]) / _COUNTED_SIDE))
    mean = sum(model(images)[:, :, ::stride, ::stride] for model in models) / len(models)
    levels = np.rint(np.clip(mean, 0, 1) * (LEVELS - 1)).astype(np.uint8)
    for level, (case, _, labels, size) in zip(levels, batch, strict=True):
        sampled = labels[::stride, ::stride]
        yield Verdict(case.pair.name, case.split, count_levels(level, sampled), size / sampled.size)


def _reduced(image: Image, labels: Labels) -> tuple[np.ndarray, np.ndarray]:
    """Photo and label map with the longer side at most `_LONGEST_SIDE`."""
    height, width = labels.shape
    scale = _LONGEST_SIDE / max(height, width)
    if scale >= 1:
        return image, labels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = PillowImage.fromarray(image).resize(size, PillowImage.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(small), np.asarray(PillowImage.fromarray(labels).resize(size, PillowImage.Resampling.NEAREST))
