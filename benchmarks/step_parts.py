"""Where the time of a training step of `compact` goes, and what fraction of the machine's arithmetic it uses.

    python benchmarks/step_parts.py

Noise of 512², whole steps as `faceparse train compact` takes them, timed part by part. The peak is what
a large bfloat16 matrix product (fp32 where the CPU lacks it) reaches on the same threads in the same run; convolutions'
share is counted from multiply-adds, a step being three forward passes.
"""

import argparse
import os
import time
from collections.abc import Callable

os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # as the command has it

import numpy as np
import torch
from torch import Tensor

from faceparse.allocator import keep_freed_memory
from faceparse.config import RunConfig
from faceparse.data.augment import apply_opencv, draw_plan
from faceparse.models.cost import count_macs
from faceparse.optim import WeightAverage
from faceparse.precision import layout_for
from faceparse.recipes import compact


def peak(dtype: torch.dtype) -> float:
    """Multiply-adds a second of a matrix product that fits in the cache."""
    a, b = (torch.randn(1024, 1024).to(dtype) for _ in range(2))
    best = 0.0
    for _ in range(30):
        start = time.perf_counter()
        a @ b
        best = max(best, 1024**3 / (time.perf_counter() - start))
    return best


def stepper(
    config: RunConfig, size: int, bf16: bool, layout: torch.memory_format
) -> Callable[[Tensor, Tensor], list[float]]:
    """A function that takes one training step on images `b 3 h w` in that layout and labels `b h w`: the seconds of its
    forward pass, loss, backward pass, and optimiser with average."""
    network = config.model.build(working_size=size).to(memory_format=layout).train()
    loss_of, optimizer = config.loss.build(), config.optimizer.build(network)
    average = WeightAverage(network, config.average_decay)

    def step(images: Tensor, labels: Tensor) -> list[float]:
        times = [time.perf_counter()]
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits, auxiliary = network(images)
        times.append(time.perf_counter())
        loss = loss_of(logits, labels, auxiliary)
        times.append(time.perf_counter())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        times.append(time.perf_counter())
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.clip_norm)
        optimizer.step()
        average.update(network, 1)
        times.append(time.perf_counter())
        return np.diff(times).tolist()

    return step


def part_times(config: RunConfig, size: int, bf16: bool, steps: int) -> np.ndarray:
    """Seconds of each part of some steps, `steps parts`, two steps of warm-up left out."""
    random = np.random.default_rng(0)
    photos = random.integers(0, 256, (config.batch_size, 512, 512, 3), dtype=np.uint8)
    maps = random.integers(0, 19, (config.batch_size, 16, 16), dtype=np.uint8).repeat(32, 1).repeat(32, 2)
    layout = layout_for(config.channels_last, torch.device("cpu"))
    step = stepper(config, size, bf16, layout)
    rows = []
    for _ in range(steps + 2):
        start = time.perf_counter()
        images, labels = apply_opencv(draw_plan(config.augment, config.batch_size, random), photos, maps, size)
        batch = torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=layout)
        drawn = time.perf_counter() - start
        rows.append([drawn, *step(batch, torch.from_numpy(labels))])
    return np.array(rows[2:])


def main() -> None:
    """Print a Markdown table for each size that the recipe trains at."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--steps", type=int, default=8)
    options = arguments.parse_args()
    keep_freed_memory()
    config = compact()
    fast = torch.cpu._is_avx512_bf16_supported()
    top = peak(torch.bfloat16 if fast else torch.float32)
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, peak {top / 1e9:.0f} G multiply-adds a second\n"
    )
    print("| side | batch | forward | loss | backward | optimiser, average | images a second | of the peak |")
    print("|---|---|---|---|---|---|---|---|")
    for size in (*config.growth, config.image_size):
        parts = np.median(part_times(config, size, fast, options.steps), axis=0)
        speed = config.batch_size / parts.sum()
        share = speed * 3 * count_macs(config.model.build(), size) / top
        cells = " | ".join(f"{1000 * part:.0f} ms" for part in parts)
        print(f"| {size} | {cells} | {speed:.1f} | {share:.0%} |", flush=True)


if __name__ == "__main__":
    main()
