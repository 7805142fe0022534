"""Several processes that train one network, as `torchrun` starts them: each computes a share of every batch.

Every process holds the whole network, and all take the same step: gradients are summed over them, batch norms see the
whole batch. The first one alone writes and evaluates.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed, nn

from faceparse.console import log
from faceparse.errors import UsageError

_PATIENCE = timedelta(hours=4)
"""So long the others wait while the first process reads a data set or evaluates."""
_BUCKET = 2**24
"""Numbers that are summed over the processes in one go: few enough to copy, enough to be worth a round."""


@dataclass(frozen=True)
class Processes:
    """Those that train together, as one of them sees it."""

    rank: int = 0
    """Of this process, from 0."""
    num: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    """Where this process computes."""

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def share_of(self, batch_size: int, accumulate: int = 1) -> range:
        """This process's positions in a batch that all share evenly, each in some parts.

        Raises:
            UsageError: it cannot be shared evenly.
        """
        if batch_size % (self.num * accumulate):
            raise UsageError(
                f"batch_size is {batch_size}, where a multiple of accumulate ({accumulate}) times {self.num} processes "
                "is needed"
            )
        share = batch_size // self.num
        return range(self.rank * share, (self.rank + 1) * share)

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        """What is done within is done by the leader, then by the others at once: they find its files."""
        if not self.leads:
            self.wait()
        try:
            yield
        finally:
            # also where it failed: the others then fail in the same way, and say so
            if self.leads:
                self.wait()

    def wait(self) -> None:
        """Go on when all processes are here."""
        if self.num > 1:
            distributed.barrier(device_ids=[self.device.index] if self.device.type == "cuda" else None)

    def gather(self, mine: Tensor) -> Tensor:
        """The first axes of all processes' tensors of one shape one after another; mine keeps its gradient."""
        if self.num == 1:
            return mine
        parts = [torch.empty_like(mine, memory_format=torch.contiguous_format) for _ in range(self.num)]
        distributed.all_gather(parts, mine.detach().contiguous())
        parts[self.rank] = mine
        return torch.cat(parts)

    def sum_gradients(self, network: nn.Module) -> None:
        """Replace each gradient by its sum over the processes, which comes out the same for all of them."""
        if self.num == 1:
            return
        for bucket in _buckets([p.grad for p in network.parameters() if p.grad is not None]):
            flat = torch.cat([gradient.reshape(-1) for gradient in bucket])
            distributed.all_reduce(flat)
            for gradient, total in zip(bucket, flat.split([g.numel() for g in bucket]), strict=True):
                gradient.copy_(total.view(gradient.shape))

    def synchronise_norms(self, network: nn.Module) -> None:
        """Let a network's batch norms take mean and variance over all processes' samples.

        On a GPU they become torch's, which knows no other device; on a CPU ours. Their tensors stay the same, and so do
        the activations that timm puts into its norms.
        """
        if self.num == 1:
            return
        if self.device.type == "cuda":
            from timm.layers import convert_sync_batchnorm  # torch's own loses those activations

            convert_sync_batchnorm(network)
            return
        for parent in list(network.modules()):
            for name, module in parent.named_children():
                if isinstance(module, nn.BatchNorm2d):
                    setattr(parent, name, SynchronisedBatchNorm(module))


@contextmanager
def joined_processes() -> Iterator[Processes]:
    """Join those that `torchrun` started; alone where it did not. Only the leader's messages are shown.

    Raises:
        UsageError: more processes on this machine than it has GPUs.
    """
    num, rank, local = (int(os.environ.get(name, default)) for name, default in
                        (("WORLD_SIZE", 1), ("RANK", 0), ("LOCAL_RANK", 0)))  # fmt: skip
    on_gpu = torch.cuda.is_available()
    if num == 1:
        yield Processes(device=torch.device("cuda" if on_gpu else "cpu"))
        return
    if on_gpu and local >= torch.cuda.device_count():
        raise UsageError(f"process {local + 1} on a machine with {torch.cuda.device_count()} GPUs; start one for each")
    if on_gpu:
        torch.cuda.set_device(local)
    device = torch.device("cuda", local) if on_gpu else torch.device("cpu")
    distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=_PATIENCE)
    level = log.level
    if rank:
        log.setLevel("ERROR")
    try:
        yield Processes(rank, num, device)
    finally:
        log.setLevel(level)
        distributed.destroy_process_group()


class SynchronisedBatchNorm(nn.BatchNorm2d):
    """A batch norm over the samples of all processes, which hold equally many; takes over another's tensors.

    The variance is that of the differences from the common mean, as `F.batch_norm` has it, not E[x²] - E[x]², which
    loses digits. (torch's own `SyncBatchNorm` has no CPU kernels.) What timm's `BatchNormAct2d` does to the normalised
    map is done here too.
    """

    def __init__(self, norm: nn.BatchNorm2d):
        super().__init__(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
        for name, tensor in (*norm.named_parameters(recurse=False), *norm.named_buffers(recurse=False)):
            setattr(self, name, tensor)
        self.drop, self.act = (getattr(norm, name, nn.Identity()) for name in ("drop", "act"))

    def forward(self, input: Tensor) -> Tensor:
        return self.act(self.drop(self._normalise(input) if self.training else super().forward(input)))

    def _normalise(self, input: Tensor) -> Tensor:
        x = input.float()
        num = x.numel() // x.shape[1] * distributed.get_world_size()
        mean = _Sum.apply(x.sum((0, 2, 3), keepdim=True)) / num
        centred = x - mean
        variance = _Sum.apply(centred.square().sum((0, 2, 3), keepdim=True)) / num
        if self.track_running_stats:
            self._remember(mean.detach().flatten(), variance.detach().flatten() * (num / max(1, num - 1)))
        normalised = centred * (variance + self.eps).rsqrt()
        if self.affine:
            normalised = normalised * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)
        return normalised.to(input.dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        assert self.num_batches_tracked is not None
        assert self.running_mean is not None
        assert self.running_var is not None
        self.num_batches_tracked.add_(1)
        momentum = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance, momentum)


class _Sum(torch.autograd.Function):
    """The sum over processes. All of them use it, so its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, mine: Tensor) -> Tensor:
        total = mine.contiguous().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total


def _buckets(tensors: list[Tensor]) -> Iterator[list[Tensor]]:
    """Tensors in their order, some at a time; all of one kind, as weights are fp32."""
    bucket: list[Tensor] = []
    for tensor in tensors:
        bucket.append(tensor)
        if sum(t.numel() for t in bucket) >= _BUCKET:
            yield bucket
            bucket = []
    if bucket:
        yield bucket
