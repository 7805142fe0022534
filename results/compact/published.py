"""What published parsers would score by the 2025 challenge's rule, estimated from their F1 per class.

    python results/compact/published.py DATA results/compact/dense-6400/evaluation.json

The rule takes a face's mean over the classes that it has. So each class's F1 over a test set, which papers give, is
weighted by the share of our `val` faces that have the class; background, which they do not give, is taken as ours at
best (.941). What that estimate is worth is seen on our own model, of which both figures are known.
"""

import json
import sys
from pathlib import Path

import numpy as np

from faceparse.classes import CLASSES, NUM_CLASSES
from faceparse.data.dataset import find_split, list_pairs
from faceparse.images import read_labels

BACKGROUND = 0.941

# Percent, skin to cloth with left and right side by side: skin nose glasses eyes brows ears mouth lips hair hat earring
# necklace neck cloth. SegFace's table of results restates all of them (Narayan et al., 2025)
PUBLISHED = {
    "SegFace Swin-B, ImageNet weights":
        "96.7 94.2 95.4 90.9 91.1 87.2 87.1 89.3 88.9 93.1 90.3 91.6 96.0 89.3 75.1 63.4 92.1 89.8",
    "FP-LIIF, from scratch":
        "96.6 94.0 92.5 90.0 90.1 85.6 85.4 86.8 86.7 92.7 89.4 91.3 95.2 86.7 67.2 42.2 91.4 86.8",
    "DML-CSR":
        "95.7 93.9 92.6 89.4 89.6 85.5 85.7 88.3 88.2 91.8 89.1 91.0 94.5 88.5 69.6 40.6 89.6 85.7",
    "FaRL's network, from scratch":
        "96.2 93.8 92.3 89.0 89.0 85.3 85.4 86.9 87.3 91.7 88.1 90.0 94.9 82.7 63.1 33.5 90.8 85.9",
}  # fmt: skip


def main(dataset: Path, evaluation: Path) -> None:
    """Print a Markdown table."""
    maps = [read_labels(pair.mask) for pair in list_pairs(find_split(dataset, "val"))]
    has = np.array([np.bincount(ids.ravel(), minlength=NUM_CLASSES)[:NUM_CLASSES] > 0 for ids in maps]).mean(0)

    ours = json.loads(evaluation.read_text())
    per_class = np.array([ours["per_class"][face_class.name]["f1"] for face_class in CLASSES])
    by_presence = float(per_class @ has / has.sum())
    below = ours["fscore_2025"] - by_presence
    print("| model | trained on | mean F1 of 18 classes | weighted by presence | so F, about |\n|---|---|---|---|---|")
    print(f"| ours | 709 | {per_class[1:].mean():.3f} | {by_presence:.3f} | {ours['fscore_2025']:.3f} (measured) |")
    for name, percents in PUBLISHED.items():
        values = np.array([BACKGROUND, *(float(percent) / 100 for percent in percents.split())])
        weighted = values @ has / has.sum()
        print(f"| {name} | 24,183 | {values[1:].mean():.3f} | {weighted:.3f} | {weighted + below:.3f} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
