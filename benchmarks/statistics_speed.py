"""What do statistics cost beyond decoding? One core, 512², made faces as JPEG and PNG.

Beside it the usual way: for each class a boolean mask for its count, its presence and its heat map, and the photo's
mean and std in float64.

python benchmarks/statistics_speed.py
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from faceparse.data.dataset import Pair, list_pairs, read_pair
from faceparse.data.statistics import _measure
from faceparse.data.synthetic.generate import make_face
from faceparse.images import write_image, write_labels

NUM_FACES, SIZE, NUM_ROUNDS = 16, 512, 7


def usual(pair: Pair) -> tuple[np.ndarray, ...]:
    """Counts, heat maps, mean and std, each as it is defined."""
    image, labels = read_pair(pair)
    masks = [labels == c for c in range(19)]
    counts = np.array([mask.sum() for mask in masks])
    maps = np.stack([mask.reshape(64, SIZE // 64, 64, SIZE // 64).mean(axis=(1, 3)) for mask in masks])
    return counts, maps, image.mean(axis=(0, 1)), image.std(axis=(0, 1))


def milliseconds(function: Callable[[Pair], object], pairs: list[Pair]) -> float:
    """Per pair: the fastest of several rounds, in CPU time, for other work may run beside."""
    fastest = float("inf")
    for _ in range(NUM_ROUNDS):
        start = time.process_time()
        for pair in pairs:
            function(pair)
        fastest = min(fastest, time.process_time() - start)
    return fastest / len(pairs) * 1e3


def main() -> None:
    """Print a Markdown table."""
    with tempfile.TemporaryDirectory() as folder:
        for index in range(NUM_FACES):
            image, labels = make_face(0, index, SIZE)
            write_image(Path(folder) / "images" / f"{index}.jpg", image)
            write_labels(Path(folder) / "masks" / f"{index}.png", labels)
        pairs = list_pairs(Path(folder))
        for pair in pairs:
            counts, maps, _, _ = usual(pair)
            measured = _measure(pair)
            assert (measured.counts == counts).all()
            np.testing.assert_allclose(measured.maps, maps[counts > 0], rtol=1e-6)
        decoding = milliseconds(read_pair, pairs)
        print("| work | ms per pair | times decoding |\n|---|---|---|")
        for what, function in (("decoding alone", read_pair), ("statistics", _measure), ("the usual way", usual)):
            spent = milliseconds(function, pairs)
            print(f"| {what} | {spent:.2f} | {spent / decoding:.2f} |")


if __name__ == "__main__":
    main()
