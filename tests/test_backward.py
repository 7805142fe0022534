"""A batch in parts gives the gradients of the batch as a whole."""

from contextlib import nullcontext

import pytest
import torch
from torch import nn

from faceparse.backward import backward
from faceparse.losses import LossConfig


class Small(nn.Module):
    """Convolutions with a norm and an auxiliary head; group norm sees samples one by one."""

    def __init__(self, norm: nn.Module, dropout: float = 0.0):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), norm, nn.ReLU(), nn.Dropout(dropout))
        self.head, self.auxiliary = nn.Conv2d(8, 19, 1), nn.Conv2d(8, 19, 1)

    def forward(self, x):
        x = self.body(x)
        return self.head(x), (self.auxiliary(x[:, :, ::2, ::2]),)


def _batch():
    random = torch.Generator().manual_seed(0)
    images = torch.rand(4, 3, 16, 16, generator=random)
    labels = torch.randint(0, 19, (4, 16, 16), generator=random).to(torch.uint8)
    labels[0, :12] = 255  # so that samples differ in how many of their pixels count
    labels[3, 4:] = 255
    return images, labels


def _gradients(network, num_parts, loss=None):
    network.zero_grad()
    loss = loss or LossConfig(class_weights=tuple(1 + i / 10 for i in range(19))).build()
    value = backward(network, loss, *_batch(), num_parts)
    return value, [p.grad.clone() for p in network.parameters()]


def _hard_pixels(logits, labels, auxiliary):
    """A loss that no sum over samples can be: of the batch's hardest hundred pixels."""
    entropy = nn.functional.cross_entropy(logits, labels.long(), ignore_index=255, reduction="none")
    return entropy.flatten().topk(100).values.mean() + 0 * auxiliary[0].mean()


@pytest.mark.parametrize("num_parts", [2, 4])
@pytest.mark.parametrize("loss", [None, _hard_pixels])
def test_parts_of_a_batch_give_its_loss_and_gradients(num_parts, loss):
    torch.manual_seed(0)
    network = Small(nn.GroupNorm(2, 8)).train()
    whole, parts = _gradients(network, 1, loss), _gradients(network, num_parts, loss)
    torch.testing.assert_close(parts[0], whole[0])
    for one, other in zip(parts[1], whole[1], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_batch_norms_take_each_part_in_once():
    norms = nn.BatchNorm2d(8), nn.BatchNorm2d(8)
    networks = [Small(norm).train() for norm in norms]
    networks[1].load_state_dict(networks[0].state_dict())
    _gradients(networks[0], 2)
    images, _ = _batch()
    for part in images.chunk(2):
        networks[1](part)
    assert int(norms[0].num_batches_tracked) == 2
    torch.testing.assert_close(norms[0].running_var, norms[1].running_var)


def test_what_dropout_drops_is_the_same_both_times_through_the_network():
    torch.manual_seed(0)
    network = Small(nn.GroupNorm(2, 8), dropout=0.5).train()
    seen = []
    network.head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    _gradients(network, 2)
    first, second = seen[:2], seen[2:]
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[0] == 0, first[1] == 0)


def test_a_part_may_be_computed_in_another_precision():
    torch.manual_seed(0)
    network = Small(nn.GroupNorm(2, 8)).train()
    loss = LossConfig().build()
    for autocast in (nullcontext, lambda: torch.autocast("cpu", torch.bfloat16)):
        network.zero_grad()
        value = backward(network, loss, *_batch(), 2, autocast=autocast)
        assert torch.isfinite(value)
    assert network.head.weight.grad.dtype == torch.float32
