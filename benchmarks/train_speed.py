"""What bfloat16 and channels-last are worth in a training step of `compact` at 256², side by side.

    python benchmarks/train_speed.py

Each row runs whole steps (forward, loss, backward, clipping, optimiser, average) on the same batch in one process; rows
take turns, so that what else the machine does meets them alike. Fractions of the arithmetic peak are not guessed at:
the last column is multiply-adds a second, counting a step as three forward passes.
"""

import argparse
import os

os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # as the command has it

import torch

from faceparse.allocator import keep_freed_memory
from faceparse.models.cost import count_macs
from faceparse.recipes import compact
from step_parts import stepper

SIZE = 256
WAYS = {
    "fp32, channels first": (False, torch.contiguous_format),
    "fp32, channels last": (False, torch.channels_last),
    "bf16, channels first": (True, torch.contiguous_format),
    "bf16, channels last (shipped)": (True, torch.channels_last),
}


def main() -> None:
    """Print a Markdown table of images a second."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--batch-size", type=int, default=16)
    arguments.add_argument("--rounds", type=int, default=6)
    options = arguments.parse_args()
    keep_freed_memory()
    steps = {name: stepper(compact(), SIZE, *way) for name, way in WAYS.items()}
    images = torch.rand(options.batch_size, 3, SIZE, SIZE)
    labels = torch.randint(0, 19, (options.batch_size, SIZE // 32, SIZE // 32), dtype=torch.uint8)
    labels = labels.repeat_interleave(32, 1).repeat_interleave(32, 2)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(options.rounds + 1):
        for name, step in steps.items():
            parts = step(images.contiguous(memory_format=WAYS[name][1]), labels)
            if round_:
                times[name].append(sum(parts))
    macs = 3 * count_macs(compact().model.build(), SIZE)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, batch {options.batch_size}, {SIZE}²\n")
    print("| training step | images a second | against fp32, channels first | G multiply-adds a second |")
    print("|---|---|---|---|")
    speeds = {name: options.batch_size / sorted(spent)[len(spent) // 2] for name, spent in times.items()}
    for name, speed in speeds.items():
        print(f"| {name} | {speed:.1f} | {speed / speeds['fp32, channels first']:.2f} | {speed * macs / 1e9:.0f} |")


if __name__ == "__main__":
    main()
