"""Focal loss."""

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from faceparse.classes import IGNORE_LABEL


def focal(
    log_truth: Float[Tensor, "b p"], labels: Integer[Tensor, "b p"], gamma: float, alpha: float
) -> Float[Tensor, ""]:
    """Mean of -α (1 - p[y])^γ log p[y] over the pixels that are not ignored; 0 where all are.

    Lin et al., 2017, eq. 5, with the probability of the pixel's own class under softmax for p_t, and one α for all
    classes. (MMSegmentation's focal loss, which the 2022 winner tried with γ 3 and α .25, is another: a sigmoid and a
    two-class loss for each class, averaged over classes too.)

    Args:
        log_truth: log-probability of each pixel's own class.
        labels: 255 is ignored.
        gamma: γ, at least 0: how much less the pixels count that are right already; 0 is α times cross-entropy.
        alpha: α, a factor.
    """
    valid = (labels != IGNORE_LABEL).to(log_truth.dtype)
    # 1 - p by expm1, exact where p is nearly 1; the floor keeps the slope of x^γ at 0 finite for γ below 1
    doubt = (-torch.expm1(log_truth)).clamp_min(1e-12)
    return -alpha * (doubt**gamma * log_truth * valid).sum() / valid.sum().clamp_min(1)
