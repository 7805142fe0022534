"""`faceparse evaluate MODEL --data DATASET [--split NAME] [--tta VIEWS] [--inference slide] [--json]`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from faceparse.cli.arguments import call
from faceparse.errors import UsageError
from faceparse.evaluate import Predict
from faceparse.tta import Views, averaged

if TYPE_CHECKING:
    # these need PyTorch, which a shipped model does not
    from faceparse.infer.sliding import Windows
    from faceparse.precision import Precision


def main(arguments: list[str]) -> int:
    """Score a model on a data set."""
    return call(evaluate, arguments, "evaluate")


def evaluate(
    model: Annotated[str, tyro.conf.arg(metavar="MODEL")],
    /,
    data: Path,
    split: str = "val",
    tta: str = "",
    inference: Literal["whole", "slide"] = "whole",
    crop: int | None = None,
    stride: int | None = None,
    precision: Literal["auto", "bf16", "fp32"] | None = None,
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
            or both, as in flip,0.75,1,1.25. Scales of a shipped name need PyTorch.
        inference: look at each photo as a whole, or slide a window over it and average where windows overlap.
        crop: side of the sliding window in pixels of the photo; 512 unless given.
        stride: pixels from one window to the next; two thirds of the window unless given.
        precision: in which a run or checkpoint folder's network computes; as it was trained unless given. auto is
            bfloat16 where the device computes in it, which is faster and moves the labels of some pixels.
        counts: also write every image's counts to this .npz, for `faceparse compare`.
        json: print one JSON object instead of the tables.
    """
    from faceparse.cli.tables import print_scores
    from faceparse.console import print_json
    from faceparse.data.dataset import find_split, list_pairs
    from faceparse.evaluate import evaluate as score
    from faceparse.tta import parse_views

    pairs = list_pairs(find_split(data, split))
    windows = _windows(inference == "slide", crop, stride)
    report = score(find_predictor(model, parse_views(tta), windows, precision), pairs)
    if counts:
        from faceparse.image_counts import ImageCounts

        ImageCounts(tuple(pair.name for pair in pairs), report.image_counts).save(counts)
    if json:
        print_json(report.as_dict())
    else:
        print_scores(report)
    return 0


def _windows(slides: bool, crop: int | None, stride: int | None) -> "Windows | None":
    if slides:
        from faceparse.infer.sliding import Windows

        crop = 512 if crop is None else crop
        return Windows(crop=crop, stride=2 * crop // 3 if stride is None else stride)
    if crop is not None or stride is not None:
        raise UsageError("--crop and --stride are the sliding window's; add --inference slide")
    return None


def find_predictor(
    model: str, views: Views | None = None, windows: "Windows | None" = None, precision: "Precision | None" = None
) -> Predict:
    """What parses photos for a MODEL: onnxruntime for ONNX files and shipped models, PyTorch for runs and windows.

    Raises:
        UsageError: windows for an ONNX file, which does not give the logits that are averaged, or a precision for it.
    """
    from faceparse.infer import weights
    from faceparse.infer.onnx import OnnxNetwork
    from faceparse.infer.parser import Parser

    views = views or Views()
    path = weights.find(model)
    if windows and not path.is_dir():
        raise UsageError(f"{model}: --inference slide needs a run or checkpoint folder, or a shipped name")
    if precision not in (None, "fp32") and not path.is_dir():
        raise UsageError(
            f"{model}: --precision needs a run or checkpoint folder, or a shipped name; ONNX files have theirs"
        )
    if not path.is_dir() or (model in weights.shipped() and not windows and precision in (None, "fp32")):
        parser = Parser(OnnxNetwork(weights.find_onnx(model)), views)
        return lambda image: parser(image).labels

    import torch

    from faceparse.checkpoint import load_network
    from faceparse.infer.torch import torch_predictor, torch_probabilities

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, config = load_network(path)
    precision = precision or config.precision
    if views.single:
        return torch_predictor(network.to(device), device, windows, precision)
    see = averaged(torch_probabilities(network.to(device), device, windows, precision), views)
    return lambda image: see(image).argmax(0).astype("uint8")
