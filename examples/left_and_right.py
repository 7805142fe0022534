"""Draws docs/left-and-right.png: what left means, and what a mirrored photo does to it.

python examples/left_and_right.py docs/left-and-right.png
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from faceparse.classes import CLASSES, MIRROR
from faceparse.data.doctor.sides import find_side_faults
from faceparse.data.synthetic import make_face

LEFT, RIGHT = "#2f6fed", "#e5484d"
LIFT = {"brow": -26, "eye": 0, "ear": 16}
"""Pixels by which each name stands off its part, so that names do not overlap."""
SIDED = [c for c in CLASSES if c.mirror]


def draw(axis, image, labels, title, verdict):
    shaded = image.astype(float)
    for part in SIDED:
        color = np.array([int((LEFT if part.name.startswith("left") else RIGHT)[i : i + 2], 16) for i in (1, 3, 5)])
        shaded[labels == part.id] = 0.25 * shaded[labels == part.id] + 0.75 * color
    axis.imshow(shaded.astype(np.uint8))
    for part in SIDED:
        rows, columns = np.nonzero(labels == part.id)
        if len(rows):
            color = LEFT if part.name.startswith("left") else RIGHT
            on_right = columns.mean() > labels.shape[1] / 2
            x = labels.shape[1] * (1.01 if on_right else -0.01)
            axis.annotate(
                f"{part.id} {part.name}", (columns.mean(), rows.mean()), (x, rows.mean() + LIFT[part.name.split()[1]]),
                ha="left" if on_right else "right", va="center", color=color, fontsize=11, annotation_clip=False,
                arrowprops={"arrowstyle": "-", "color": color, "linewidth": 1},
            )  # fmt: skip
    axis.set_title(title, fontsize=13, weight="bold", loc="center")
    axis.set_xlabel(verdict, fontsize=11, labelpad=8)
    axis.set_xticks([])
    axis.set_yticks([])


def main(out: Path, seed: int = 5, size: int = 320) -> None:
    image, labels = next(
        (image, labels)
        for image, labels in (make_face(seed, index, size) for index in range(200))
        if all((labels == part.id).sum() > 40 for part in SIDED) and (labels == 13).mean() > 0.2
    )
    mirrored = labels[:, ::-1]
    exchanged = MIRROR[mirrored]
    assert not find_side_faults(labels)
    assert not find_side_faults(exchanged)
    assert [fault.kind for fault in find_side_faults(np.ascontiguousarray(mirrored))] == ["mirrored_labels"]
    figure, axes = plt.subplots(1, 3, figsize=(15.5, 4.3))
    draw(axes[0], image, labels, "A photo", "The subject's left is on the image's right.")
    draw(
        axes[1],
        image[:, ::-1],
        exchanged,
        "Mirrored, ids exchanged: right",
        "4↔5, 6↔7, 8↔9: left stays on the right.",
    )
    draw(axes[2], image[:, ::-1], mirrored, "Mirrored, ids kept: wrong", "kind mirrored_labels: left is on the left.")
    figure.subplots_adjust(left=0.07, right=0.93, wspace=0.7, top=0.93, bottom=0.1)
    figure.savefig(out, dpi=80, metadata={"Software": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
