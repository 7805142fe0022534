"""`faceparse data stats`: a dataset counted."""

from pathlib import Path
from typing import Annotated

import tyro

from faceparse.console import print_json, print_table

Dataset = Annotated[Path, tyro.conf.arg(metavar="DATASET")]


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
