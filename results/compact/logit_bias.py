"""What a bias on each class's logit, tuned on one half of `val`, is worth on the other half.

    python results/compact/logit_bias.py RUN DATA

The score counts an image's own classes only, so naming a rare class too often costs less than missing it, and the best
decision need not be the largest logit. Coordinate search over the 19 biases, steps of .4, .2 and .1, F by the 2025
protocol on every second row and column.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from faceparse.checkpoint import load_network
from faceparse.classes import NAMES
from faceparse.data.dataset import find_split, list_pairs, read_pair
from faceparse.infer import weights
from faceparse.metrics import Scores

STEPS = (0.4, 0.2, 0.1)


def logits_and_truth(run: str, data: Path) -> tuple[np.ndarray, np.ndarray]:
    """float16 `n 19 h w` and uint8 `n h w`, at half of the photos' size."""
    network, _ = load_network(weights.find(run))
    logits, truths = [], []
    for pair in list_pairs(find_split(data, "val")):
        image, truth = read_pair(pair)
        with torch.inference_mode():
            batch = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
            logits.append(network(batch)[0, :, ::2, ::2].half().numpy())
        truths.append(truth[::2, ::2])
    return np.stack(logits), np.stack(truths)


def fscore(logits: np.ndarray, truths: np.ndarray, bias: np.ndarray) -> float:
    scores = Scores()
    for image, truth in zip(logits, truths, strict=True):
        scores.update(truth, (image + bias[:, None, None]).argmax(0).astype(np.uint8))
    return scores.result().fscore_2025


def tune(logits: np.ndarray, truths: np.ndarray) -> np.ndarray:
    bias = np.zeros(len(NAMES), np.float16)
    best = fscore(logits, truths, bias)
    for step in STEPS:
        for index in range(len(NAMES)):
            for sign in (-1, 1):
                while True:
                    tried = bias.copy()
                    tried[index] += sign * step
                    score = fscore(logits, truths, tried)
                    if score <= best:
                        break
                    bias, best = tried, score
    return bias


def main() -> None:
    run, data = sys.argv[1], Path(sys.argv[2])
    logits, truths = logits_and_truth(run, data)
    zero = np.zeros(len(NAMES), np.float16)
    halves = [np.arange(len(truths)) % 2 == part for part in (0, 1)]
    for tuned_on, other in (halves, halves[::-1]):
        bias = tune(logits[tuned_on], truths[tuned_on])
        for what, half in (("tuned on", tuned_on), ("other half", other)):
            before, after = (fscore(logits[half], truths[half], b) for b in (zero, bias))
            print(f"{what}: F {before:.4f} -> {after:.4f} ({after - before:+.4f})", flush=True)
        print(", ".join(f"{name} {value:+.1f}" for name, value in zip(NAMES, bias, strict=True) if value), flush=True)


if __name__ == "__main__":
    main()
