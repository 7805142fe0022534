"""Muon: momentum whose matrix is orthogonalised before it is applied (Jordan et al., 2024).

A gradient's matrix is dominated by a few directions; Muon makes all of them count alike. On small networks trained from
scratch that is worth half the steps and more: see `docs/journal.md`.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic that takes singular values between 0 and 1 near 1, in five steps (Jordan et al., 2024)."""
_NUM_STEPS = 5
_RMS = 0.2
"""Size of an entry of the update. AdamW's is about as large, so that both take the same learning rate (Liu et al.,
2025, "Muon is scalable for LLM training", equation 4)."""
_EPSILON = 1e-8


class Muon(torch.optim.Optimizer):
    """Muon for weights of two or more dimensions, AdamW for the rest (norms and biases), at one learning rate.

    A convolution's weight counts as a matrix of its output channels by everything else. Weight decay is decoupled, as
    AdamW's. (`torch.optim.Muon` takes plain matrices only.)

    Args:
        params: parameters or groups of them.
        lr: of both.
        momentum: of Muon; the update looks ahead as Nesterov's.
        betas: AdamW's averages.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float,
        *,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
    ):
        super().__init__(params, {"lr": lr, "momentum": momentum, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    state = self.state[parameter]
                    update = (_muon if parameter.ndim > 1 else _adam)(parameter.grad, state, group)
                    parameter.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-group["lr"])


def orthogonalise(matrix: Tensor) -> Tensor:
    """A matrix with the same singular vectors and singular values near 1 (0.7 to 1.2), by Newton and Schulz's steps."""
    wide = matrix.shape[0] <= matrix.shape[1]
    x = matrix if wide else matrix.T
    # bfloat16 will do: the steps pull singular values towards 1 whatever rounding does to them
    gains = x.is_cuda or torch.cpu._is_avx512_bf16_supported()
    x = (x / x.norm().clamp_min(1e-7)).to(torch.bfloat16 if gains else x.dtype)
    a, b, c = _COEFFICIENTS
    for _ in range(_NUM_STEPS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x if wide else x.T).to(matrix.dtype)


def _muon(gradient: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> Tensor:
    if not state:
        state["momentum"] = torch.zeros_like(gradient)
    momentum = state["momentum"].lerp_(gradient, 1 - group["momentum"])
    matrix = gradient.lerp(momentum, group["momentum"]).flatten(1)
    return (orthogonalise(matrix) * (_RMS * max(matrix.shape) ** 0.5)).view_as(gradient)


def _adam(gradient: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> Tensor:
    if not state:
        state.update(step=torch.zeros(()), mean=torch.zeros_like(gradient), square=torch.zeros_like(gradient))
    first, second = group["betas"]
    step = int(state["step"].add_(1))
    mean = state["mean"].lerp_(gradient, 1 - first)
    square = state["square"].lerp_(gradient.square(), 1 - second)
    return mean / (1 - first**step) / ((square / (1 - second**step)).sqrt() + _EPSILON)
