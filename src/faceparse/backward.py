"""Gradients of the loss of a whole batch, which may be computed in parts: one after another, or by several processes.

Losses are no sums over samples: cross-entropy is divided by the pixels that count, Lovász's and hard mining sort the
pixels of the whole batch. So logits are brought together, the loss is taken of them all, and its gradient goes back
through each part.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from faceparse.distributed import Processes

Loss = Callable[[Tensor, Tensor, tuple[Tensor, ...]], Tensor]
"""From logits `b c h w`, labels `b h w` and a tuple of auxiliary logits to a number."""


def backward(
    network: nn.Module,
    loss_of: Loss,
    images: Tensor,
    labels: Tensor,
    num_parts: int = 1,
    processes: Processes | None = None,
    autocast: Callable[[], AbstractContextManager] = nullcontext,
) -> Tensor:
    """Leave each parameter's gradient, in the whole batch's loss, in its `grad`; that was empty before.

    In parts only one part's activations are held at a time, and each goes through the network twice (first for its
    logits, then for its gradients), a third more work; batch norms see one part at a time. Gao et al. (2021) do so for
    contrastive losses.

    Args:
        images: `b 3 h w`, this process's share of the batch.
        labels: `b h w`.
        num_parts: divides b.

    Returns:
        The loss of the whole batch, over all processes.
    """
    processes = processes or Processes()

    def forward(part: Tensor) -> tuple[Tensor, ...]:
        with autocast():
            logits, auxiliary = network(part)
        return logits, *auxiliary

    if num_parts == 1 and processes.num == 1:
        logits, *auxiliary = forward(images)
        loss = loss_of(logits, labels, tuple(auxiliary))
        loss.backward()
        return loss.detach()

    parts = images.chunk(num_parts)
    outputs = [forward(images)] if num_parts == 1 else _without_trace(network, forward, parts)
    mine = [torch.cat(same).detach().requires_grad_() for same in zip(*outputs, strict=True)]
    logits, *auxiliary = [processes.gather(tensor) for tensor in mine]
    loss = loss_of(logits, processes.gather(labels), tuple(auxiliary))
    loss.backward()
    gradients = zip(*(_gradient(tensor).chunk(num_parts) for tensor in mine), strict=True)
    for index, (part, gradient) in enumerate(zip(parts, gradients, strict=True)):
        torch.autograd.backward(outputs[index] if num_parts == 1 else forward(part), gradient)
    processes.sum_gradients(network)
    return loss.detach()


@torch.no_grad()
def _without_trace(
    network: nn.Module, forward: Callable[[Tensor], tuple[Tensor, ...]], parts: tuple[Tensor, ...]
) -> list[tuple[Tensor, ...]]:
    """What each part gives, with nothing kept and nothing moved on: neither statistics nor random numbers."""
    devices = [parts[0].device] if parts[0].is_cuda else []
    with torch.random.fork_rng(devices), _statistics_kept(network):
        return [forward(part) for part in parts]


@contextmanager
def _statistics_kept(network: nn.Module) -> Iterator[None]:
    """Batch norms leave their running statistics as they are."""
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True


def _gradient(tensor: Tensor) -> Tensor:
    """An auxiliary head whose weight is 0 has none."""
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad
