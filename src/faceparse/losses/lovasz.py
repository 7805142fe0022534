"""Lovász-softmax, with its gradient written out."""

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64, Integer
from torch import Tensor

ONE = 0x3F800000
"""The bits of 1.0: floats from 0 to 1 have those from 0 to here, and in the same order."""
LAST = 0x7FFFFFFF
"""A key behind all others."""


def lovasz_softmax_(planes: Float32[Tensor, "classes p"], labels: Integer[Tensor, " p"]) -> Float32[Tensor, ""]:
    """Mean over the classes that the labels hold of Σ e_(k) g_k; 0 where there are none. `planes` becomes the gradient.

    Berman et al., 2018, eq. 9 and 11, classes "present": e is |[y = c] - p[c]|, in descending order, and g_k is what
    the k-th pixel adds to the Jaccard loss of the pixels before it. That loss (eq. 8) is 1 - (G - n) / (G + m) where
    n of the G pixels of the class and m others are before, hence g = 1 / (G + m) for a pixel of the class and
    (G - n) / ((G + m) (G + m + 1)) for another. (The paper subtracts neighbouring values, which are nearly equal.)

    So g is 0 after the last pixel of the class: others with a smaller error than all of its pixels are left out of
    the sort, and nothing is approximated.

    Args:
        planes: probabilities, overwritten with the gradient of the loss on them.
        labels: 255, or anything that is not a class, is ignored.
    """
    num_classes = len(planes)
    by_label, pixels = torch.sort(labels.to(torch.int32))
    counts = torch.bincount(by_label, minlength=num_classes)
    num_present = int((counts[:num_classes] > 0).sum())
    total = planes.new_zeros(())
    *members, rest = pixels.split([*counts[:num_classes].tolist(), int(counts[num_classes:].sum())])
    for plane, own in zip(planes, members, strict=True):
        if len(own):
            total += _lovasz_of_class_(plane, own, rest, 1 / num_present)
        else:
            plane.zero_()
    return total


def _lovasz_of_class_(
    plane: Float32[Tensor, " p"], own: Int64[Tensor, " g"], rest: Int64[Tensor, " r"], scale: float
) -> Float32[Tensor, ""]:
    """`scale` times the loss of the class with pixels `own`, where `rest` is ignored; `plane` becomes its gradient.

    Errors are sorted as integers with the error's bits, and below them whether the pixel is of the class: PyTorch
    sorts integers by radix, on a CPU in a seventh of the time that floats take, and all that is wanted comes along.
    """
    missed = (1 - plane.index_select(0, own)).clamp_(0, 1)
    keys = plane.view(torch.int32).neg_().add_(ONE).mul_(2)
    own_keys = missed.view(torch.int32).neg().add_(ONE).mul_(2).add_(1)
    keys.scatter_(0, own, own_keys)
    if len(rest):
        keys.index_fill_(0, rest, LAST)
    kept = _positions(keys <= own_keys.max())
    keys, order = torch.sort(keys.index_select(0, kept))
    is_own = keys & 1
    errors = keys.bitwise_right_shift_(1).neg_().add_(ONE).view(torch.float32)
    num_own = torch.cumsum(is_own, 0, dtype=torch.int32)
    union = torch.arange(1 + len(own), 1 + len(own) + len(keys), dtype=torch.int32, device=plane.device)
    union = (union - num_own).to(torch.float32)  # G + m, with the pixel itself among the m where it is another
    steps = (len(own) - num_own).to(torch.float32).div_(union - 1)
    steps = steps.masked_fill_(is_own.bool(), 1).div_(union).mul_(scale)
    loss = torch.dot(errors, steps) + 0 * missed.sum()  # a key holds no NaN
    plane.zero_()
    plane.scatter_(0, kept.index_select(0, order), steps.mul_(1 - 2 * is_own))
    return loss


def _positions(mask: Bool[Tensor, " p"]) -> Int64[Tensor, " k"]:
    """Where a mask is true. NumPy finds it in a tenth of PyTorch's time on a CPU."""
    if mask.device.type == "cpu":
        return torch.from_numpy(np.flatnonzero(mask.numpy()))
    return mask.nonzero().squeeze(1)
