"""`faceparse evaluate MODEL --data DATASET [--split NAME] [--json]`."""

from pathlib import Path
from typing import Annotated

import tyro

from faceparse.cli.arguments import call
from faceparse.evaluate import Predict
from faceparse.tta import Views, averaged


def main(arguments: list[str]) -> int:
    """Score a model on a data set."""
    return call(evaluate, arguments, "evaluate")


def evaluate(
    model: Annotated[str, tyro.conf.arg(metavar="MODEL")],
    /,
    data: Path,
    split: str = "val",
    tta: str = "",
    counts: Path | None = None,
    json: bool = False,
) -> int:
    """Score a model on labelled pairs, by every protocol, at the label maps' own size.

    Example: faceparse evaluate runs/compact --data DATA

    Args:
        model: run folder, checkpoint folder, .onnx file or shipped name; the last two run without PyTorch.
        data: dataset folder: a root with splits, or one split.
        split: which split of a root.
        tta: views of a photo whose probabilities are averaged: flip (mirrored, left and right exchanged back), scales,
            or both, as in flip,0.75,1,1.25. Scales need PyTorch.
        counts: also write every image's counts to this .npz, for `faceparse compare`.
        json: print one JSON object instead of the tables.
    """
    from faceparse.cli.tables import print_scores
    from faceparse.console import print_json
    from faceparse.data.dataset import find_split, list_pairs
    from faceparse.evaluate import evaluate as score
    from faceparse.tta import parse_views

    pairs = list_pairs(find_split(data, split))
    report = score(find_predictor(model, parse_views(tta)), pairs)
    if counts:
        from faceparse.image_counts import ImageCounts

        ImageCounts(tuple(pair.name for pair in pairs), report.image_counts).save(counts)
    if json:
        print_json(report.as_dict())
    else:
        print_scores(report)
    return 0


def find_predictor(model: str, views: Views | None = None) -> Predict:
    """What parses photos for a MODEL: onnxruntime for ONNX files and shipped models, PyTorch for runs and scales."""
    from faceparse.infer import weights
    from faceparse.infer.onnx import OnnxNetwork
    from faceparse.infer.parser import Parser

    views = views or Views()
    path = weights.find(model)
    if not path.is_dir() or (model in weights.shipped() and views.scales == (1.0,)):
        parser = Parser(OnnxNetwork(weights.find_onnx(model)), views)
        return lambda image: parser(image).labels

    import torch

    from faceparse.checkpoint import load_network
    from faceparse.infer.torch import torch_predictor, torch_probabilities

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, _ = load_network(path)
    if views.single:
        return torch_predictor(network.to(device), device)
    see = averaged(torch_probabilities(network.to(device), device), views)
    return lambda image: see(image).argmax(0).astype("uint8")
