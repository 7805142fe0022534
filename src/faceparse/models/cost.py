"""What a network costs to run, in multiply-adds.

Counted are convolutions, linear layers, products of matrices and attention (its two products), of one image in
evaluation: auxiliary heads do not run there. Not counted are norms, activations, softmax, biases and resizing. It is
the network's definition that is counted: `fusion.py` gets by with less (UPerNet on Swin-T at 512²: 136 G of 236).
The report of 2022's winner gives UPerNet ConvNeXt-XL 223.34 G at 512²; that is this count without ConvNeXt's
point-wise linear layers (309.2 G), which its tool passed over.
"""

import copy
import functools

import torch
from torch.utils.flop_counter import FlopCounterMode

from . import ModelConfig
from .fusion import in_order_of_definition
from .network import Network


def count_macs(network: Network, size: int) -> int:
    """Multiply-adds for one image, `size` by `size`; nothing is run."""
    meta = copy.deepcopy(network).to("meta").eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode(), in_order_of_definition(meta):
        meta(torch.empty(1, 3, size, size, device="meta"))
    return counter.get_total_flops() // 2


@functools.cache
def parameters_and_macs(model: ModelConfig, size: int) -> tuple[int, int]:
    """Trainable parameters of a network and its multiply-adds for one image; no memory is taken for its weights."""
    with torch.device("meta"):  # the largest has 1.5 GB of them
        network = model.build()
    return network.num_parameters, count_macs(network, size)
