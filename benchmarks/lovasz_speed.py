"""Lovász-softmax forward and backward on 4×19×512×512 in fp32, against the one in segmentation-models-pytorch.

    python -m pip install --no-deps --target PEER segmentation-models-pytorch
    OMP_NUM_THREADS=1 PYTHONPATH=PEER python benchmarks/lovasz_speed.py
    OMP_NUM_THREADS=2 PYTHONPATH=PEER python benchmarks/lovasz_speed.py

Without the peer, ours alone is timed. Both take turns on the same logits in one process, after their gradients have
been compared with the formula's in float64. How many errors have to be sorted depends on the logits, so there are
several kinds; labels are blobs of 19 classes. Medians of the rounds, in processor time of all threads, which other
work on the machine disturbs less, and in wall time.
"""

import argparse
import importlib
import os
import statistics
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # as the command does; both profit

import torch
from torch import Tensor
from torch.nn import functional as F

from faceparse.losses import LossConfig

CLASSES, BATCH, SIZE = 19, 4, 512


def peer_loss() -> Callable[[Tensor, Tensor], Tensor] | None:
    """The peer's loss alone: its package would import encoders that need more packages."""
    for folder in map(Path, sys.path):
        losses = folder / "segmentation_models_pytorch" / "losses"
        if losses.is_dir():
            package = types.ModuleType("segmentation_models_pytorch")
            package.__path__ = [str(losses.parent)]
            sys.modules["segmentation_models_pytorch"] = package
            module = importlib.import_module("segmentation_models_pytorch.losses")
            return module.LovaszLoss("multiclass", ignore_index=255)
    return None


def samples(kinds: list[int] | None) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Kinds of logits, from a network's first step to one that is nearly done."""
    torch.manual_seed(0)
    coarse = F.interpolate(torch.randn(BATCH, CLASSES, 9, 9), (SIZE, SIZE), mode="bicubic")
    labels = coarse.argmax(1)
    truth = F.one_hot(labels, CLASSES).permute(0, 3, 1, 2).float()
    noise = torch.randn(BATCH, CLASSES, SIZE, SIZE)
    edges = F.avg_pool2d(truth, 9, stride=1, padding=4)
    ignored = labels.clone()
    ignored[:, :64] = 255
    makers = {
        "first step (noise of 0.1)": lambda: (noise * 0.1, labels),
        "noise of 1": lambda: (noise.clone(), labels),
        "noise of 4": lambda: (noise * 4, labels),
        "half trained": lambda: (4 * edges + noise, labels),
        "nearly done": lambda: (16 * edges + noise, labels),
        "nearly done, channels last": lambda: ((16 * edges + noise).to(memory_format=torch.channels_last), labels),
        "nearly done, an eighth ignored": lambda: (16 * edges + noise, ignored),
        "nearly done, 6 classes present": lambda: (16 * edges + noise, torch.where(labels < 6, labels, 0)),
    }
    for i, (name, make) in enumerate(makers.items()):
        if kinds is None or i in kinds:
            yield name, *make()


def step(loss: Callable[[Tensor, Tensor], Tensor], logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Value and gradient."""
    logits.grad = None
    value = loss(logits, labels)
    value.backward()
    assert logits.grad is not None
    return value.detach(), logits.grad


def exact(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Value and gradient in float64."""
    wide = logits.detach().double().requires_grad_()
    rows = wide.softmax(1).movedim(1, 3)[labels != 255]
    truth = labels[labels != 255]
    losses = []
    for k in truth.unique():
        own = (truth == k).double()
        errors, order = (own - rows[:, k]).abs().sort(descending=True)
        before = own[order].cumsum(0)
        jaccard = 1 - (own.sum() - before) / (own.sum() + (1 - own[order]).cumsum(0))
        losses.append(errors @ torch.diff(jaccard, prepend=jaccard.new_zeros(1)))
    value = torch.stack(losses).mean()
    return value.detach(), torch.autograd.grad(value, wide)[0]


def median_times(ways: dict[str, Callable], logits: Tensor, labels: Tensor, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of the processor and of the wall; the ways take turns."""
    spent: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, loss in ways.items():
            cpu, wall = time.process_time(), time.perf_counter()
            step(loss, logits, labels)
            spent[way].append((time.process_time() - cpu, time.perf_counter() - wall))
    return {
        way: [statistics.median(column) * 1e3 for column in zip(*times, strict=True)] for way, times in spent.items()
    }


def main() -> None:
    """Print a Markdown table of times and ratios."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--kinds", type=int, nargs="*", help="rows of the table, from 0; all where left out")
    arguments.add_argument("--no-check", action="store_true", help="leave out the comparison with float64")
    options = arguments.parse_args()
    peer = peer_loss()
    ways: dict[str, Callable] = {"ours": LossConfig(cross_entropy=0, dice=0, lovasz=1).build()}
    ways |= {} if peer is None else {"peer": peer}
    print(f"torch {torch.__version__}, {torch.get_num_threads()} thread(s), {BATCH}×{CLASSES}×{SIZE}×{SIZE}\n")
    print("| logits | CPU ms: ours | peer | ratio | wall ms: ours | peer | ratio | gradient's error: ours | peer |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, logits, labels in samples(options.kinds):
        logits.requires_grad_()
        truth = None if options.no_check else exact(logits, labels)[1]
        errors = []
        for loss in ways.values():
            gradient = step(loss, logits, labels)[1]
            errors.append("-" if truth is None else f"{(gradient - truth).norm() / truth.norm():.0e}")
        times = median_times(ways, logits, labels, options.rounds)
        (cpu, wall), (peer_cpu, peer_wall) = times["ours"], times.get("peer", [float("nan")] * 2)
        row = [name, f"{cpu:.0f}", f"{peer_cpu:.0f}", f"{peer_cpu / cpu:.1f}"]
        row += [f"{wall:.0f}", f"{peer_wall:.0f}", f"{peer_wall / wall:.1f}", *errors]
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
