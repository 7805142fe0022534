"""Blocks one after another, with less memory where it is wanted."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


def run_blocks(blocks: Iterable[nn.Module], x: Tensor, *arguments: object, recompute: bool = False) -> Tensor:
    """Each block on the output of the one before.

    With `recompute` only what stands between blocks is kept for the backward pass, and the rest is computed a second
    time there (Chen et al., 2016), with the same random numbers: less memory for a third more time.
    """
    recompute = recompute and torch.is_grad_enabled()
    for block in blocks:
        x = checkpoint(block, x, *arguments, use_reentrant=False) if recompute else block(x, *arguments)
    return x


def drop_path_rates(highest: float, depths: tuple[int, ...]) -> list[list[float]]:
    """A rate for each block of each stage, from 0 for the first to `highest` for the last (Huang et al., 2016)."""
    last = max(sum(depths) - 1, 1)
    return [
        [highest * (sum(depths[:stage]) + block) / last for block in range(depth)] for stage, depth in enumerate(depths)
    ]
