"""`faceparse evaluate MODEL --data DATASET [--split NAME] [--json]`."""

from pathlib import Path
from typing import Annotated

import tyro

from faceparse.cli.arguments import call
from faceparse.evaluate import Predict


def main(arguments: list[str]) -> int:
    """Score a model on a data set."""
    return call(evaluate, arguments, "evaluate")


def evaluate(
    model: Annotated[str, tyro.conf.arg(metavar="MODEL")], /, data: Path, split: str = "val", json: bool = False
) -> int:
    """Score a model on labelled pairs, by every protocol, at the label maps' own size.

    Example: faceparse evaluate runs/compact --data DATA

    Args:
        model: run folder, checkpoint folder, .onnx file or shipped name; the last two run without PyTorch.
        data: dataset folder: a root with splits, or one split.
        split: which split of a root.
        json: print one JSON object instead of the tables.
    """
    from faceparse.cli.tables import print_scores
    from faceparse.console import print_json
    from faceparse.data.dataset import find_split, list_pairs
    from faceparse.evaluate import evaluate as score

    pairs = list_pairs(find_split(data, split))
    report = score(find_predictor(model), pairs)
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
