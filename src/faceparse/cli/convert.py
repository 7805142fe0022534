"""`faceparse convert mmseg CKPT --model NAME --out MODEL`."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from faceparse.cli.arguments import call
from faceparse.errors import UsageError

SOURCES = ("mmseg",)


def main(arguments: list[str]) -> int:
    """Run `faceparse convert SOURCE ...`."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(
            "usage: faceparse convert mmseg CKPT --model NAME --out MODEL\n\n"
            "  mmseg      a checkpoint of MMSegmentation as a model of ours\n\nIt explains itself with --help."
        )
        return 0 if arguments else 2
    source, *rest = arguments
    if source not in SOURCES:
        raise UsageError.unknown("kind of checkpoint", source, SOURCES)
    return call(mmseg, rest, "convert mmseg")


def mmseg(
    checkpoint: Path,
    /,
    model: str,
    out: Path,
    image_size: int = 512,
    initial_weights: Literal["random", "imagenet-1k", "imagenet-21k", "other", "unknown"] | None = None,
    data: Path | None = None,
    train_splits: Annotated[str, tyro.conf.arg(metavar="SPLIT,...")] = "train",
) -> int:
    """Make a model that evaluate, predict, export and train take of a checkpoint of MMSegmentation (0.x or 1.x).

    Example: faceparse convert mmseg iter_160000.pth --model upernet_swin_t --out models/swin_t

    Args:
        checkpoint: the .pth file; only tensors are read from it, no code in it is run
        model: which network it is: deeplabv3plus_r50, psanet_r50, upernet_swin_t, ...
        out: folder to make: model.safetensors, config.json and provenance.json
        image_size: side of the images on which it was trained; photos are brought there
        initial_weights: what its training began with, which a challenge's rules ask for; by the config in the file
            unless given
        data: the data set on which it was trained, whose pairs are written down by hash
        train_splits: the splits of it
    """
    from faceparse.console import results
    from faceparse.convert.mmseg import convert_checkpoint
    from faceparse.data.dataset import find_split, list_pairs

    splits = tuple(train_splits.split(",")) if data else ()
    pairs = [pair for split in splits for pair in list_pairs(find_split(data, split))] if data else []
    network = convert_checkpoint(
        checkpoint, model, out, image_size, initial_weights=initial_weights, pairs=pairs, splits=splits
    )
    results.print(f"{out}: {model}, {network.num_parameters:,} parameters", markup=False)
    return 0
