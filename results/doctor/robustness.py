"""How often are left and right misjudged where heads are tilted and half of the paired parts hidden?

Every real label map, mended, is turned by ±20, ±40 and ±150 degrees, as it is and with each paired part hidden
under hair by the toss of a coin; and judged as it lies and mirrored without exchange. Prints a Markdown table.

    python results/doctor/robustness.py DATA
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from faceparse.classes import CLASSES, class_id
from faceparse.data.dataset import labelled_splits, list_pairs
from faceparse.data.doctor.sides import find_side_faults, mend_sides
from faceparse.images import read_labels

SIDED = [c.id for c in CLASSES if c.mirror]


def turned(labels: np.ndarray, degrees: float) -> np.ndarray:
    height, width = labels.shape
    affine = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return cv2.warpAffine(labels, affine, (width, height), flags=cv2.INTER_NEAREST)


def kinds(labels: np.ndarray) -> set[str]:
    return {fault.kind for fault in find_side_faults(np.ascontiguousarray(labels))}


def main(dataset: Path) -> None:
    cv2.setNumThreads(1)
    pairs = [pair for folder in labelled_splits(dataset).values() for pair in list_pairs(folder)]
    truths = [mend_sides(read_labels(pair.mask)) for pair in pairs if pair.mask]
    rng = np.random.default_rng(0)
    print("| turned by | parts | falsely mirrored | falsely wrong side | mirrored and found |\n|---|---|---|---|---|")
    for degrees in (0, 20, 40, 150):
        for hidden in (False, True):
            false_mirrored = false_side = found = told = 0
            for truth in truths:
                labels = turned(truth, float(rng.choice([-degrees, degrees])))
                if hidden:
                    labels[np.isin(labels, [id for id in SIDED if rng.random() < 0.5])] = class_id("hair")
                false_mirrored += "mirrored_labels" in kinds(labels)
                false_side += "wrong_side" in kinds(labels)
                if any((labels == id).sum() > 20 for id in SIDED):
                    told += 1
                    found += "mirrored_labels" in kinds(labels[:, ::-1])
            parts = "half hidden" if hidden else "all"
            print(f"| ±{degrees}° | {parts} | {false_mirrored} of {len(truths)} | {false_side} | {found} of {told} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
