"""`faceparse evaluate MODEL --data DATASET [--split NAME] [--inference slide --crop N --stride N] [--json]`."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from faceparse.cli.arguments import call
from faceparse.errors import UsageError
from faceparse.evaluate import Predict


def main(arguments: list[str]) -> int:
    """Score a model on a data set."""
    return call(evaluate, arguments, "evaluate")


def evaluate(
    model: Annotated[str, tyro.conf.arg(metavar="MODEL")],
    /,
    data: Path,
    split: str = "val",
    inference: Literal["whole", "slide"] = "whole",
    crop: int | None = None,
    stride: int | None = None,
    json: bool = False,
) -> int:
    """Score a model on labelled pairs, by every protocol, at the label maps' own size.

    Example: faceparse evaluate runs/compact --data DATA

    Args:
        model: run folder, checkpoint folder, .onnx file or shipped name; the last two run without PyTorch.
        data: dataset folder: a root with splits, or one split.
        split: which split of a root.
        inference: look at each photo as a whole, or slide a window over it and average where windows overlap.
        crop: side of the sliding window in pixels of the photo; 512 unless given.
        stride: pixels from one window to the next; two thirds of the window unless given.
        json: print one JSON object instead of the tables.
    """
    from faceparse.cli.tables import print_scores
    from faceparse.console import print_json
    from faceparse.data.dataset import find_split, list_pairs
    from faceparse.evaluate import evaluate as score

    pairs = list_pairs(find_split(data, split))
    if inference == "slide":
        predict = find_sliding_predictor(model, crop, stride)
    elif crop is not None or stride is not None:
        raise UsageError("--crop and --stride are the sliding window's; add --inference slide")
    else:
        predict = find_predictor(model)
    report = score(predict, pairs)
    if json:
        print_json(report.as_dict())
    else:
        print_scores(report)
    return 0


def find_predictor(model: str) -> Predict:
    """What parses photos for a MODEL: onnxruntime for ONNX files and shipped models, PyTorch for runs."""
    from faceparse.infer import weights
    from faceparse.infer.parser import Parser

    path = weights.find(model)
    if model in weights.shipped() or not path.is_dir():
        parser = Parser.load(model)
        return lambda image: parser(image).labels

    import torch

    from faceparse.checkpoint import load_network
    from faceparse.infer.torch import torch_predictor

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, _ = load_network(path)
    return torch_predictor(network.to(device), device)


def find_sliding_predictor(model: str, crop: int | None, stride: int | None) -> Predict:
    """The same through a sliding window, for runs and checkpoints: logits are averaged, which ONNX files do not give.

    Raises:
        UsageError: another kind of MODEL, or windows that would leave gaps.
    """
    from faceparse.infer import weights

    crop = 512 if crop is None else crop
    stride = max(1, 2 * crop // 3) if stride is None else stride
    if crop < 32 or not 1 <= stride <= crop:
        raise UsageError(f"--crop {crop} --stride {stride}: at least 32, and a stride from 1 to the crop, are needed")
    path = weights.find(model)
    if not path.is_dir():
        raise UsageError(f"{model}: --inference slide needs a run or checkpoint folder")

    import torch

    from faceparse.checkpoint import load_network
    from faceparse.infer.torch import sliding_predictor

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, _ = load_network(path)
    return sliding_predictor(network.to(device), device, crop, stride)
