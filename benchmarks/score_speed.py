"""How much faster than its definition is `fscore_2025`? One core, 512², label maps of made faces.

The definition as code in the usual way: for each class in the truth, boolean masks over the whole image for tp, fp
and fn. A prediction is the truth of the same face moved by two pixels with a disc of another class, so that both maps
have runs as real ones do.

python benchmarks/score_speed.py
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import time
from collections.abc import Callable, Sequence

import numpy as np

from faceparse.data.synthetic.generate import make_face
from faceparse.images import encode_labels, read_labels
from faceparse.metrics import fscore_2025

NUM_FACES, SIZE, NUM_ROUNDS = 16, 512, 15


def definition(truth: np.ndarray, prediction: np.ndarray, beta: float = 1.0) -> float:
    """The 2025 challenge's score of an image, written as it is defined."""
    scores = []
    for c in np.unique(truth):
        tp = np.sum((truth == c) & (prediction == c))
        fp = np.sum((truth != c) & (prediction == c))
        fn = np.sum((truth == c) & (prediction != c))
        precision = tp / (tp + fp + 1e-7)
        recall = tp / (tp + fn + 1e-7)
        scores.append((1 + beta**2) * precision * recall / (beta**2 * precision + recall + 1e-7))
    return float(np.mean(scores))


def pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    """Truths and predictions."""
    made = []
    rows, columns = np.mgrid[:SIZE, :SIZE]
    for index in range(NUM_FACES):
        truth = make_face(0, index, SIZE)[1]
        prediction = np.roll(truth, 2, axis=(0, 1))
        row, column, id = np.random.default_rng(index).integers(0, (SIZE, SIZE, 19))
        prediction[(rows - row) ** 2 + (columns - column) ** 2 < 30**2] = id
        made.append((truth, prediction))
    return made


def milliseconds(functions: Sequence[Callable[..., float]], arguments: Sequence[tuple]) -> list[float]:
    """Per image, for each function: the fastest of several rounds, in CPU time, for other work may run beside."""
    fastest = [float("inf")] * len(functions)
    for _ in range(NUM_ROUNDS):
        for index, function in enumerate(functions):
            start = time.process_time()
            for pair in arguments:
                function(*pair)
            fastest[index] = min(fastest[index], time.process_time() - start)
    return [seconds / len(arguments) * 1e3 for seconds in fastest]


def main() -> None:
    """Print a line for label maps in memory and one for PNGs."""
    maps = pairs()
    for truth, prediction in maps:
        assert abs(fscore_2025(truth, prediction) - definition(truth, prediction)) < 1e-12
    print(f"{NUM_FACES} made faces of {SIZE}×{SIZE}, {np.mean([len(np.unique(t)) for t, _ in maps]):.1f} classes each")
    files = [(encode_labels(truth), encode_labels(prediction)) for truth, prediction in maps]
    decode = read_labels
    for what, arguments, slow, fast in (
        ("in memory", maps, definition, fscore_2025),
        (
            "with PNG decoding",
            files,
            lambda t, p: definition(decode(t), decode(p)),
            lambda t, p: fscore_2025(decode(t), decode(p)),
        ),
    ):
        before, after = milliseconds((slow, fast), arguments)
        print(f"{what}: definition {before:.3f} ms, fscore_2025 {after:.3f} ms per image: {before / after:.1f} times")


if __name__ == "__main__":
    main()
