"""What a network costs to run."""

import copy

import torch
from torch.utils.flop_counter import FlopCounterMode

from .network import Network


def count_macs(network: Network, size: int) -> int:
    """Multiply-adds of convolutions, linear layers and attention for one image, `size` by `size`; nothing is run."""
    meta = copy.deepcopy(network).to("meta").eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        meta(torch.empty(1, 3, size, size, device="meta"))
    return counter.get_total_flops() // 2
