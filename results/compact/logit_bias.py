"""What a bias on each class's logit, tuned on one half of `val`, is worth on the other half.

    python results/compact/logit_bias.py RUN DATA [hat,earring,necklace]

The score counts an image's own classes only, so naming a rare class too often costs less than missing it, and the best
decision need not be the largest logit. One bias after the other is set to the best of 41 values between -2 and 2, all
of which one histogram of the margins answers; three rounds; F by the 2025 protocol on every second row and column,
logits averaged with those of the mirrored photo. With names, these classes alone are given a bias.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from faceparse.checkpoint import load_network
from faceparse.classes import NAMES, mirror_lookup
from faceparse.data.dataset import find_split, list_pairs, read_pair
from faceparse.infer import weights

VALUES = np.linspace(-2, 2, 41)
ROUNDS = 3
EPSILON = 1e-7


def logits_and_truth(run: str, data: Path) -> tuple[np.ndarray, np.ndarray]:
    """float16 `n 19 h w` and uint8 `n h w`, at half of the photos' size."""
    network, _ = load_network(weights.find(run))
    mirror = torch.from_numpy(mirror_lookup()[: len(NAMES)].astype(np.int64))
    logits, truths = [], []
    for pair in list_pairs(find_split(data, "val")):
        image, truth = read_pair(pair)
        batch = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            seen = network(batch) + network(batch.flip(3)).flip(3)[:, mirror]
        logits.append((seen[0, :, ::2, ::2] / 2).half().numpy())
        truths.append(truth[::2, ::2])
    return np.stack(logits), np.stack(truths)


def mean_fscore(right: np.ndarray, named: np.ndarray, true: np.ndarray) -> np.ndarray:
    """The mean over images of F, from pixels `... images classes` that are right, predicted, and in the truth."""
    precision, recall = right / (named + EPSILON), right / (true + EPSILON)
    each = 2 * precision * recall / (precision + recall + EPSILON)
    present = true > 0
    return ((each * present).sum(-1) / present.sum(-1)).mean(-1)


def scores_of_values(logits: np.ndarray, truths: np.ndarray, bias: np.ndarray, index: int) -> np.ndarray:
    """F for each of `VALUES` as the bias of one class, the others' biases as they are."""
    num, classes = len(truths), len(NAMES)
    shape = (num, len(VALUES) + 1, classes)
    true_counts = np.stack([np.bincount(one.ravel(), minlength=256)[:classes] for one in truths])
    others_right, others_named = np.zeros(shape), np.zeros(shape)
    won_right, won_named = np.zeros(shape[:2]), np.zeros(shape[:2])
    for i in range(num):
        z = logits[i].astype(np.float32) + bias[:, None, None]
        own = logits[i, index].astype(np.float32)
        z[index] = -np.inf
        other = z.argmax(0).ravel()
        # The first value of the bias with which this class wins the pixel; the last bin: none
        first = np.searchsorted(VALUES, (z.max(0) - own).ravel())
        truth = truths[i].ravel()
        size = shape[1] * classes
        others_named[i] = np.bincount(first * classes + other, minlength=size).reshape(shape[1:])
        is_right = other == truth
        others_right[i] = np.bincount((first * classes + other)[is_right], minlength=size).reshape(shape[1:])
        won_named[i] = np.bincount(first, minlength=shape[1])
        won_right[i] = np.bincount(first[truth == index], minlength=shape[1])
    # With value v the class takes the pixels whose first value is v or less, and the others keep the rest
    kept_named = others_named[:, ::-1].cumsum(1)[:, ::-1][:, 1:]
    kept_right = others_right[:, ::-1].cumsum(1)[:, ::-1][:, 1:]
    kept_named[..., index] = won_named.cumsum(1)[:, :-1]
    kept_right[..., index] = won_right.cumsum(1)[:, :-1]
    true = np.broadcast_to(true_counts[:, None], kept_named.shape)
    return mean_fscore(kept_right.swapaxes(0, 1), kept_named.swapaxes(0, 1), true.swapaxes(0, 1))


def tune(logits: np.ndarray, truths: np.ndarray, indices: list[int]) -> np.ndarray:
    bias = np.zeros(len(NAMES))
    for _ in range(ROUNDS):
        for index in indices:
            bias[index] = VALUES[scores_of_values(logits, truths, bias, index).argmax()]
    return bias


def fscore(logits: np.ndarray, truths: np.ndarray, bias: np.ndarray) -> float:
    # a value of the first class's bias shifts nothing else: all scores are asked for, its own is taken
    return float(scores_of_values(logits, truths, bias, 0)[np.abs(VALUES - bias[0]).argmin()])


def main() -> None:
    logits, truths = logits_and_truth(sys.argv[1], Path(sys.argv[2]))
    indices = [NAMES.index(name) for name in (sys.argv[3].split(",") if len(sys.argv) > 3 else NAMES)]
    zero = np.zeros(len(NAMES))
    halves = [np.arange(len(truths)) % 2 == part for part in (0, 1)]
    for tuned_on, other in (halves, halves[::-1]):
        bias = tune(logits[tuned_on], truths[tuned_on], indices)
        for what, half in (("tuned on", tuned_on), ("other half", other)):
            before, after = (fscore(logits[half], truths[half], b) for b in (zero, bias))
            print(f"{what}: F {before:.4f} -> {after:.4f} ({after - before:+.4f})", flush=True)
        print(", ".join(f"{name} {value:+.1f}" for name, value in zip(NAMES, bias, strict=True) if value), flush=True)


if __name__ == "__main__":
    main()
