"""Online hard example mining: cross-entropy of the pixels that are hard."""

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from faceparse.classes import IGNORE_LABEL


@torch.no_grad()
def hard_labels(
    log_truth: Float[Tensor, "b p"], labels: Integer[Tensor, "b p"], threshold: float, min_kept: int
) -> Integer[Tensor, "b p"]:
    """The labels with all but the hard pixels ignored: p[y] < max(threshold, the batch's (k+1)-th lowest p[y]).

    Shrivastava et al., 2016, as MMSegmentation's `OHEMPixelSampler` has it: k is `min_kept` times the number of images;
    of a batch with no more than k pixels all but the surest stay. Cross-entropy is then a mean over what is kept,
    where MMSegmentation divides by all pixels, so that the loss keeps its scale as fewer pixels are hard.

    Args:
        log_truth: log-probability of each pixel's own class.
        labels: 255 is ignored.
        threshold: in [0, 1]: a pixel whose class has less is hard.
        min_kept: pixels an image, on the batch's average, that are kept even where fewer are hard.
    """
    valid = labels != IGNORE_LABEL
    truth = log_truth.exp()
    known = truth[valid]
    if known.numel() == 0:
        return labels
    rank = min(min_kept * len(labels), known.numel() - 1)
    if (known < threshold).sum() > rank:  # the usual case early on, and no order is needed
        limit = torch.full_like(known[0], threshold)
    else:
        limit = known.kthvalue(rank + 1).values
    return torch.where(valid & (truth < limit), labels, IGNORE_LABEL)
