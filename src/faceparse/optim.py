"""Optimisers, schedules as functions of the step, and the average of weights."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from faceparse.muon import Muon


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """AdamW, Muon or SGD with warm-up, then a falling learning rate."""

    kind: Literal["adamw", "muon", "sgd"] = "adamw"
    learning_rate: float = 2e-3
    """The highest rate, reached after the warm-up."""
    weight_decay: float = 0.05
    """Not applied to norms and biases."""
    betas: tuple[float, float] = (0.9, 0.999)
    """AdamW's averages."""
    momentum: float = 0.9
    """SGD's; Muon has its own."""
    schedule: Literal["cosine", "poly", "constant"] = "cosine"
    power: float = 0.9
    """Of the poly schedule."""
    warmup_steps: int = 200
    """Cut to half of a run that has fewer than twice as many steps."""
    final_ratio: float = 0.01
    """The last rate as a fraction of the highest."""

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        decayed = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
        plain = [p for p in network.parameters() if p.requires_grad and p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": self.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        if self.kind == "adamw":
            return torch.optim.AdamW(groups, lr=self.learning_rate, betas=self.betas)
        if self.kind == "muon":
            return Muon(groups, self.learning_rate, betas=self.betas)
        return torch.optim.SGD(groups, lr=self.learning_rate, momentum=self.momentum)


def learning_rate_at(config: OptimizerConfig, step: int, steps: int) -> float:
    """The rate of the step that follows `step` finished ones, of `steps` in all.

    Linear warm-up; then a half cosine (Loshchilov and Hutter, 2017) or (1 - t)^power (DeepLab).
    """
    warmup = min(config.warmup_steps, steps // 2)
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    t = (step - warmup) / max(1, steps - warmup)
    if config.schedule == "cosine":
        fall = (1 + math.cos(math.pi * t)) / 2
    elif config.schedule == "poly":
        fall = (1 - t) ** config.power
    else:
        fall = 1.0
    return config.learning_rate * (config.final_ratio + (1 - config.final_ratio) * fall)


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
