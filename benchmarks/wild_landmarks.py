"""Whether eyes, brows and mouth lie where an independent landmark model has them.

    python benchmarks/wild_landmarks.py DATA/val

mediapipe 0.10.14, whose wheel still holds its models, runs in an environment of its own. Its face mesh gives closed
contours of eyes, brows and lips; their middles are compared with those of our parts and of the true ones, in
percent of the distance of the eyes. Truth differs from the mesh as well: what counts is how much more we do.
"""

import argparse
from pathlib import Path

import mediapipe
import numpy as np

import faceparse
from faceparse.classes import class_id
from faceparse.data.dataset import list_pairs, read_pair

MESH = mediapipe.solutions.face_mesh
PARTS = {
    "left eye": (MESH.FACEMESH_LEFT_EYE, ("left eye",)),
    "right eye": (MESH.FACEMESH_RIGHT_EYE, ("right eye",)),
    "left brow": (MESH.FACEMESH_LEFT_EYEBROW, ("left brow",)),
    "right brow": (MESH.FACEMESH_RIGHT_EYEBROW, ("right brow",)),
    "mouth": (MESH.FACEMESH_LIPS, ("upper lip", "mouth", "lower lip")),
}
LEAST = 30


def middle(labels: np.ndarray, names: tuple[str, ...]) -> np.ndarray | None:
    """Of a part's box, which is what contours and label maps have in common."""
    found = np.argwhere(np.isin(labels, [class_id(name) for name in names]))[:, ::-1]
    return None if len(found) < LEAST else (np.percentile(found, 1, axis=0) + np.percentile(found, 99, axis=0)) / 2


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("data", type=Path, help="one split: a folder of images/ and masks/")
    options.add_argument("--model", default="compact")
    chosen = options.parse_args()
    parser = faceparse.Parser.load(chosen.model, device="cpu")
    mesh = MESH.FaceMesh(static_image_mode=True, refine_landmarks=True)
    far: dict[str, list[tuple[float, float]]] = {name: [] for name in PARTS}
    for pair in list_pairs(chosen.data):
        image, truth = read_pair(pair)
        found = mesh.process(image).multi_face_landmarks
        if not found:
            continue
        points = np.array([(point.x, point.y) for point in found[0].landmark]) * image.shape[1::-1]
        middles = {}
        for name, (edges, _) in PARTS.items():
            contour = points[sorted({index for edge in edges for index in edge})]
            middles[name] = (contour.min(axis=0) + contour.max(axis=0)) / 2
        apart = np.linalg.norm(middles["left eye"] - middles["right eye"])
        labels = parser(image).labels
        for name, (_, parts) in PARTS.items():
            ours, true = middle(labels, parts), middle(truth, parts)
            if ours is not None and true is not None:
                far[name].append(tuple(100 * np.linalg.norm(x - middles[name]) / apart for x in (ours, true)))
    print("| part | faces | ours to the mesh, median (95th) | truth to the mesh, median (95th) |\n|---|---:|---:|---:|")
    for name, pairs in far.items():
        ours, true = np.array(pairs).T
        cells = (f"{np.median(x):.1f} ({np.percentile(x, 95):.1f})" for x in (ours, true))
        print(f"| {name} | {len(pairs)} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
