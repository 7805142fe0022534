"""The average of weights that is evaluated and kept."""

import torch
from torch import Tensor, nn


class WeightAverage:
    """Exponential moving average of a network's weights and running statistics (Polyak averaging).

    The decay grows from 0 so that early averages are not tied to the random start: min(decay, (1+t)/(10+t)).
    """

    def __init__(self, network: nn.Module, decay: float):
        self.decay = decay
        self.tensors = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after `step` finished steps."""
        keep = min(self.decay, (1 + step) / (10 + step))
        averaged: list[Tensor] = []
        current: list[Tensor] = []
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                averaged.append(self.tensors[name])
                current.append(tensor)
            else:
                self.tensors[name].copy_(tensor)
        torch._foreach_lerp_(averaged, current, 1 - keep)
