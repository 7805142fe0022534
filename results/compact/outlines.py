"""How much F a parser loses by outlines alone that are a pixel or two beside the annotators'.

    python results/compact/outlines.py DATA

Each label map of `val` is scored against itself after a smooth random displacement (Gaussian noise blurred over 16
pixels, of so many pixels' root mean square along each axis), and after going through a coarser grid and back
(bilinearly): no class is confused, none is missed, only outlines move.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from faceparse.classes import NUM_CLASSES
from faceparse.data.dataset import find_split, list_pairs
from faceparse.images import read_labels
from faceparse.metrics import fscore_2025

REACH = 16


def displaced(labels: np.ndarray, size: float, random: np.random.Generator) -> np.ndarray:
    """Labels read from places that are off by `size` pixels along each axis, in root mean square."""
    height, width = labels.shape
    off = [cv2.GaussianBlur(random.normal(size=labels.shape).astype(np.float32), (0, 0), REACH) for _ in range(2)]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    along, down = (noise * (size / noise.std()) for noise in off)
    return cv2.remap(labels, columns + along, rows + down, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)


def through_grid(labels: np.ndarray, side: int) -> np.ndarray:
    """The most probable class of shares of a coarser grid's pixels, enlarged again."""
    height, width = labels.shape
    shares = (cv2.resize((labels == i).astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
              for i in range(NUM_CLASSES))  # fmt: skip
    return np.stack([cv2.resize(share, (width, height)) for share in shares]).argmax(0).astype(np.uint8)


def main(dataset: Path) -> None:
    """Print a Markdown table."""
    random = np.random.default_rng(0)
    maps = [read_labels(pair.mask) for pair in list_pairs(find_split(dataset, "val"))]
    changes = {
        f"outlines displaced by {size:g} pixels of 512": lambda ids, size=size: displaced(ids, size, random)
        for size in (1, 1.5, 2, 2.5, 3)
    }
    changes |= {f"through a grid of {side}²": lambda ids, side=side: through_grid(ids, side) for side in (288, 144, 72)}
    print("| the annotators' own labels | F |\n|---|---|")
    for name, change in changes.items():
        scores = [fscore_2025(ids, change(ids)) for ids in maps]
        print(f"| {name} | {np.mean(scores):.3f} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
