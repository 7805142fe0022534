"""The learning rate as a function of the step."""

import math

import torch

from .config import OptimizerConfig


def learning_rate_at(config: OptimizerConfig, step: int, steps: int) -> float:
    """The rate of the step that follows `step` finished ones, of `steps` in all.

    Linear warm-up; then a half cosine (Loshchilov and Hutter, 2017), (1 - t)^power (DeepLab) or steps of a tenth. With
    `warmup_ratio` the curve begins at the first step and the warm-up is a factor on it, which is MMSegmentation 0.x's
    schedule number for number (1.x begins the curve after the warm-up, as we do without the ratio).
    """
    warmup = min(config.warmup_steps, steps // 2)
    if config.warmup_ratio is None:
        if step < warmup:
            return config.learning_rate * (step + 1) / warmup
        return config.learning_rate * _curve(config, (step - warmup) / max(1, steps - warmup))
    factor = 1.0 if step >= warmup else config.warmup_ratio + (1 - config.warmup_ratio) * step / warmup
    return config.learning_rate * factor * _curve(config, step / steps)


def _curve(config: OptimizerConfig, t: float) -> float:
    """From 1 where t is 0 towards `final_ratio` where it is 1."""
    if config.schedule == "cosine":
        fall = (1 + math.cos(math.pi * t)) / 2
    elif config.schedule == "poly":
        fall = (1 - t) ** config.power
    elif config.schedule == "step":
        fall = 0.1 ** sum(t >= milestone for milestone in config.milestones)
    else:
        fall = 1.0
    return config.final_ratio + (1 - config.final_ratio) * fall


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give each group its share of a rate: lower for a backbone's early layers, say."""
    for group in optimizer.param_groups:
        # .get: the states of runs before there were shares are resumed as well
        group["lr"] = rate * group.get("share", 1.0)
