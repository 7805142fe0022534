"""`faceparse data stats`: a dataset counted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from faceparse.classes import NAMES
from faceparse.console import log, print_json, print_table
from faceparse.errors import UsageError

if TYPE_CHECKING:
    from faceparse.data.statistics import Statistics

Dataset = Annotated[Path, tyro.conf.arg(metavar="DATASET")]
Figure = Annotated[Path | None, tyro.conf.arg(metavar="FILE")]

FIGURES = (".png", ".pdf", ".svg")


def stats(dataset: Dataset, /, json: bool = False, figure: Figure = None) -> int:
    """Count a dataset: pixels and images of each class, where they are, class weights, mean and std of the photos.

    All splits with masks are pooled. Example: faceparse data stats celebamask/train --figure train.pdf

    Args:
        dataset: a dataset's root or one split's folder
        json: print one JSON object instead of the tables
        figure: draw a page with heat maps, shares and co-occurrence (.png, .pdf or .svg)
    """
    if figure is not None and figure.suffix.lower() not in FIGURES:
        raise UsageError(f"--figure {figure}: a page is drawn as {', '.join(FIGURES)}; name such a file")
    from faceparse.data.dataset import labelled_splits
    from faceparse.data.statistics import statistics

    if figure is not None:
        from faceparse.report.statistics import draw_statistics  # what it lacks is told before the counting

    counted = statistics(dataset)
    title = f"{counted.num_images:,} images of {dataset.resolve().name}: {', '.join(labelled_splits(dataset))}"
    if json:
        print_json(counted.as_dict())
    else:
        _print(counted, title)
    if figure is not None:
        draw_statistics(counted, title, figure)
        log.info("%s: heat maps, shares and co-occurrence", figure)
    return 0


def _print(counted: "Statistics", title: str) -> None:
    columns = ("class", "pixels", "share", "images", "of all", "area", "center")
    centers = ["-" if counted.images_with[i] == 0 else "{:.0%} {:.0%}".format(*counted.centers[i]) for i in range(19)]
    rows = zip(
        NAMES,
        (f"{pixels:,}" for pixels in counted.pixels),
        (f"{share:.3%}" for share in counted.shares),
        (f"{num:,}" for num in counted.images_with),
        (f"{num / counted.num_images:.1%}" for num in counted.images_with),
        ("-" if num == 0 else f"{area:.2%}" for num, area in zip(counted.images_with, counted.areas, strict=True)),
        centers,
        strict=True,
    )
    print_table(title, columns, rows)
    print("images: that hold the class; area and center (from left, from top): means over these\n")

    schemes = counted.weights.values()
    rows = [(name, *(f"{weights[i]:.4f}" for weights in schemes)) for i, name in enumerate(NAMES)]
    print_table("class weights", ("class", "log2", "median frequency", "1/root", "effective number"), rows)
    print("log2: log2(all pixels / pixels of the class); a class without pixels weighs 0 in each scheme\n")

    kinds = {
        "pooled over pixels": (counted.mean, counted.std),
        "average of photos' own": (counted.mean_per_image, counted.std_per_image),
    }
    moments = [(kind, *(" ".join(f"{x:7.3f}" for x in values) for values in pair)) for kind, pair in kinds.items()]
    print_table("photos, RGB 0-255", ("", "mean", "std"), moments)
    _print_co_occurrence(counted)


def _print_co_occurrence(counted: "Statistics") -> None:
    """Of the images with a row's class, the per cent with a column's; what nearly all or no images have is left out."""
    held = counted.images_with
    shown = [i for i in range(len(NAMES)) if 0 < held[i] < 0.95 * counted.num_images]
    if not shown:
        return
    print("\nof the images with the class on the left, per cent that have the one of the column")
    print(" " * 15 + "".join(f"{i:4d}" for i in shown))
    for i in shown:
        cells = (f"{100 * counted.co_occurrence[i, j] / held[i]:4.0f}" for j in shown)
        print(f"{i:2d} {NAMES[i]:<12}" + "".join(cells))
