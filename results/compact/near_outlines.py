"""Which part of what F lacks lies near the annotators' outlines, and which is parts taken for others.

    python results/compact/near_outlines.py DATA MODEL.onnx

The model's label maps of `val` are scored after its labels within so many pixels of a true outline were put right
("outlines mended"), and the true ones after those within so many pixels were replaced by the model's ("only outlines
wrong"). What the one lacks is not of outlines, what the other lacks is.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from faceparse import Parser
from faceparse.data.dataset import find_split, list_pairs
from faceparse.images import read_labels
from faceparse.infer.render import outlines
from faceparse.metrics import fscore_2025

REACHES = (2, 3, 5, 8)


def distance_to_outlines(labels: np.ndarray) -> np.ndarray:
    """Of each pixel to the nearest one that has a neighbour of another class; 0 there."""
    return cv2.distanceTransform((~outlines(labels)).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def main(dataset: Path, model: str) -> None:
    """Print a Markdown table."""
    parser = Parser.load(model)
    faces = []
    for pair in list_pairs(find_split(dataset, "val")):
        labels = read_labels(pair.mask)
        faces.append((labels, parser(pair.image).labels, distance_to_outlines(labels)))
    as_it_is = np.mean([fscore_2025(truth, found) for truth, found, _ in faces])
    print(f"F {as_it_is:.3f}\n\n| within | share of pixels | outlines mended | only outlines wrong |")
    print("|---|---|---|---|")
    for reach in REACHES:
        share = np.mean([distance <= reach for *_, distance in faces])
        mended = np.mean([fscore_2025(truth, np.where(far <= reach, truth, found)) for truth, found, far in faces])
        wrong = np.mean([fscore_2025(truth, np.where(far <= reach, found, truth)) for truth, found, far in faces])
        print(f"| {reach} pixels of 512 | {share:.1%} | {mended:.3f} | {wrong:.3f} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
