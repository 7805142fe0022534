"""`faceparse data COMMAND ...`: data sets ingested, made, measured and recoloured."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import tyro

from faceparse.cli.arguments import call
from faceparse.console import log, print_json, print_table, progress
from faceparse.errors import UsageError

Source = Annotated[Path, tyro.conf.arg(metavar="SOURCE")]
Dataset = Annotated[Path, tyro.conf.arg(metavar="DATASET")]
In = Annotated[Path, tyro.conf.arg(metavar="IN")]
Out = Annotated[Path, tyro.conf.arg(metavar="OUT")]


def ingest(source: Source, out: Out, /) -> int:
    """Make a dataset folder of raw CelebAMask-HQ or of a challenge's release.

    Run it again to finish one that was stopped. Example: faceparse data ingest CelebAMask-HQ.zip celebamask

    Args:
        source: folder or zip with CelebA-HQ-img/ and CelebAMask-HQ-mask-anno/, or with train/images/ and train/masks/
        out: the dataset's folder to write
    """
    from faceparse.data.celebamask import ingest

    done = ingest(source, out)
    splits = ", ".join(f"{num} in {split}" for split, num in done.num_images.items())
    if done.num_written:
        log.info("%s: %s is ready, a %s: images: %s", source, out, done.layout, splits)
    else:
        log.info("nothing to do: %s has everything of %s already; images: %s", out, source, splits)
    return 0


def synth(
    out: Out, /, num: int = 100, size: int = 512, seed: int = 0, layout: Literal["challenge", "raw"] = "challenge"
) -> int:
    """Draw faces with their label maps, as many as you like: data without a licence to sign.

    Example: faceparse data synth made --num 200 --size 256

    Args:
        out: the dataset's folder to write
        num: labelled faces; a challenge layout has them 80 : 20 in train/ and val/, and photos alone in test/
        size: height and width of the label maps, in pixels
        seed: the same seed draws the same faces
        layout: train/images/ with train/masks/, or one picture per part as raw CelebAMask-HQ has it
    """
    if seed < 0:
        raise UsageError(f"--seed {seed} is negative; give 0 or more")
    from faceparse.data.synthetic import layouts

    write = layouts.write_challenge if layout == "challenge" else layouts.write_raw
    write(out, num, size, seed)
    log.info("%s: %d labelled faces are ready", out, num)
    return 0


def stats(dataset: Dataset, /, json: bool = False) -> int:
    """Count a dataset: pixels and images of each class, class weights, mean and standard deviation of the photos.

    All splits with masks are pooled. Example: faceparse data stats celebamask/train --json

    Args:
        dataset: a dataset's root or one split's folder
        json: print one JSON object instead of the table
    """
    from faceparse.data.dataset import labelled_splits
    from faceparse.data.statistics import statistics

    counted = statistics(dataset)
    if json:
        print_json(counted.as_dict())
        return 0
    total = sum(counted.pixels.values())
    rows = [
        (name, f"{pixels:,}", f"{pixels / total:.3%}", f"{counted.images_with[name]:,}", f"{counted.weights[name]:.4f}")
        for name, pixels in counted.pixels.items()
    ]
    title = f"{counted.num_images} images of {dataset}: {', '.join(labelled_splits(dataset))}"
    print_table(title, ("class", "pixels", "share", "images with", "weight"), rows)
    print("weight = log2(all pixels / pixels of the class), 0 where it has none")
    for name, values in (("mean", counted.mean), ("std", counted.std)):
        print(f"{name:<5}" + " ".join(f"{value:8.3f}" for value in values) + "  (RGB, 0-255)")
    return 0


def color(in_folder: In, out: Out, /) -> int:
    """Write label maps as pictures in the official colours.

    Example: faceparse data color submission/masks pictures

    Args:
        in_folder: folder of label maps (PNG), or a split's folder with masks/
        out: folder for the coloured PNGs, which keep their names
    """
    from faceparse.images import read_labels, write_image
    from faceparse.infer import render

    _for_each(in_folder, out, lambda path, target: write_image(target, render.color(read_labels(path))))
    return 0


def relabel(in_folder: In, out: Out, /) -> int:
    """Write masks in the official colours as label maps, whose pixels are class ids.

    Example: faceparse data relabel colored masks

    Args:
        in_folder: folder of coloured PNGs, or a split's folder with them in masks/
        out: folder for the label maps, which keep their names
    """
    from faceparse.data.colors import read_colored
    from faceparse.images import write_labels

    _for_each(in_folder, out, lambda path, target: write_labels(target, read_colored(path)))
    return 0


def _for_each(folder: Path, out: Path, work: Callable[[Path, Path], None]) -> None:
    """Call `work(path, target)` for each PNG of a folder; its files are never overwritten."""
    from faceparse.data.dataset import list_label_maps

    paths = list(list_label_maps(folder).values())
    if out.resolve() == paths[0].parent.resolve():
        raise UsageError(f"OUT ({out}) is where the files are read from; choose another folder")
    for path in progress(paths, "writing"):
        work(path, out / f"{path.stem}.png")
    log.info("%d files in %s", len(paths), out)


COMMANDS: dict[str, tuple[Callable[..., int], str]] = {
    "ingest": (ingest, "a dataset folder from raw CelebAMask-HQ or a challenge's release"),
    "synth": (synth, "faces that are drawn, with their label maps"),
    "stats": (stats, "count pixels and images of each class; weights, mean and std"),
    "color": (color, "label maps as pictures in the official colours"),
    "relabel": (relabel, "coloured masks as label maps"),
}


def main(arguments: list[str]) -> int:
    """Run `faceparse data COMMAND ...`."""
    if not arguments or arguments[0] in ("-h", "--help"):
        lines = [f"  {name:<10} {summary}" for name, (_, summary) in COMMANDS.items()]
        print("\n".join(["usage: faceparse data COMMAND ...", "", *lines, "", "Each explains itself with --help."]))
        return 0 if arguments else 2
    command, *rest = arguments
    if command not in COMMANDS:
        raise UsageError.unknown("data command", command, COMMANDS)
    return call(COMMANDS[command][0], rest, f"data {command}")
