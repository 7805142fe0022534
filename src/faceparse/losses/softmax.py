"""What the losses know of softmax(logits): taken once, with a gradient written out.

Cross-entropy, focal loss, OHEM and Dice are functions of a few sums over pixels, so those sums and their gradients cost
two passes over the pixels; Lovász-softmax needs the probabilities themselves and is computed while they are at hand.
"""

from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from faceparse.classes import IGNORE_LABEL
from faceparse.losses.lovasz import lovasz_softmax_


class SoftmaxSums(NamedTuple):
    """For logits `b classes h w` and labels `b h w`."""

    log_truth: Tensor
    """Log-probability of the pixel's own class, `b hw`; 0 where ignored."""
    log_mean: Tensor
    """Mean log-probability over classes, `b hw`; 0 unless asked for."""
    mass: Tensor
    """Σ p of each class over the pixels that are not ignored, `b classes`."""
    overlap: Tensor
    """Σ p of each class over its own pixels, `b classes`."""
    counts: Tensor
    """Pixels of each class, `b classes`."""
    lovasz: Tensor
    """Lovász-softmax, a scalar; 0 unless asked for."""


def softmax_sums(
    logits: Float[Tensor, "b classes h w"],
    labels: Integer[Tensor, "b h w"],
    *,
    mean: bool = False,
    lovasz_over: Literal["image", "batch"] | None = None,
) -> SoftmaxSums:
    """What the losses need to know of softmax(logits), in float32, and differentiable.

    Args:
        labels: 255 is ignored.
        mean: whether `log_mean` is wanted.
        lovasz_over: whether Lovász-softmax is wanted: of each image, averaged, or of the batch as one image.
    """
    sums = SoftmaxSums(*_SoftmaxSums.apply(logits, labels, mean, lovasz_over))  # type: ignore[misc]
    return sums._replace(lovasz=sums.lovasz / len(labels)) if lovasz_over == "image" else sums


class _SoftmaxSums(torch.autograd.Function):
    """Rows of classes (channels last) keep every pass over memory in order, and one image at a time stays in the
    cache; gradients are written out by hand."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor, mean: bool, lovasz_over: str | None) -> tuple[Tensor, ...]:
        parts = [
            _sums_of_image(_rows(image), truth.reshape(-1), mean) for image, truth in zip(logits, labels, strict=True)
        ]
        probabilities, truths, indices, valids, *sums = zip(*parts, strict=True)
        planes, lovasz = (), logits.new_zeros((), dtype=torch.float32)
        if lovasz_over:
            planes, lovasz = _lovasz(probabilities, labels, 1 if lovasz_over == "image" else len(labels))
        ctx.save_for_backward(*probabilities, *truths, *indices, *valids, *planes)
        ctx.shape, ctx.dtype, ctx.mean = logits.shape, logits.dtype, mean
        log_truth, log_mean, mass, overlap, counts = (torch.stack(values) for values in sums)
        ctx.mark_non_differentiable(counts)
        return log_truth, log_mean, mass, overlap, counts, lovasz

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:  # type: ignore[override]
        batch, classes, height, width = ctx.shape
        saved = [ctx.saved_tensors[i * batch : (i + 1) * batch] for i in range(5)]
        planes = saved.pop()
        out = torch.empty((batch, height * width, classes), dtype=ctx.dtype, device=gradients[0].device)
        for i, (probabilities, truth, index, valid) in enumerate(zip(*saved, strict=True)):
            log_truth, log_mean, mass, overlap = (gradient[i] for gradient in gradients[:4])
            per_class = mass
            if planes:
                per_class = torch.addcmul(mass[:, None], planes[i], gradients[5]).t().contiguous()
            about_mean = log_mean if ctx.mean else None
            out[i] = _gradient_of_image(probabilities, truth, index, valid, log_truth, about_mean, per_class, overlap)
        return out.view(batch, height, width, classes).permute(0, 3, 1, 2), None, None, None


def _lovasz(probabilities: tuple[Tensor, ...], labels: Tensor, together: int) -> tuple[list[Tensor], Tensor]:
    """Its gradient on each image's probabilities, `classes hw`, and the sum over groups of `together` images."""
    pixels, classes = probabilities[0].shape
    gradients, losses = [], []
    for first in range(0, len(labels), together):
        group = torch.empty((classes, together, pixels), device=labels.device)
        for i in range(together):
            group[:, i] = probabilities[first + i].t()
        losses.append(lovasz_softmax_(group.view(classes, -1), labels[first : first + together].reshape(-1)))
        gradients += group.unbind(1)
    return gradients, torch.stack(losses).sum()


def _rows(image: Tensor) -> Tensor:
    """`c h w` → float `hw c`."""
    return image.permute(1, 2, 0).reshape(-1, image.shape[0]).float()


def _sums_of_image(rows: Tensor, labels: Tensor, mean: bool) -> tuple[Tensor, ...]:
    valid = labels != IGNORE_LABEL
    index = torch.where(valid, labels, 0).long()
    log_probabilities = torch.log_softmax(rows, 1)
    log_truth = log_probabilities.gather(1, index[:, None]).squeeze(1) * valid
    log_mean = log_probabilities.mean(1) if mean else torch.zeros_like(log_truth)
    probabilities = log_probabilities.exp_()
    truth = log_truth.exp() * valid
    mass = valid.to(rows.dtype) @ probabilities
    overlap = torch.zeros_like(mass).index_add_(0, index, truth)
    # not `bincount`, for which a GPU would have to be waited for
    counts = torch.zeros_like(mass).index_add_(0, index, valid.to(rows.dtype))
    return probabilities, truth, index, valid, log_truth, log_mean, mass, overlap, counts


def _gradient_of_image(
    probabilities: Tensor,
    truth: Tensor,
    index: Tensor,
    valid: Tensor,
    log_truth: Tensor,
    log_mean: Tensor | None,
    per_class: Tensor,
    overlap: Tensor,
) -> Tensor:
    """d/dz of log p[y] is onehot - p, of mean log p is 1/C - p, and of a sum g·p it is p (g - p·g).

    `per_class` is g: the gradient of `mass`, one a class, or with that of Lovász-softmax one a pixel and class."""
    along_truth = truth * overlap[index] + log_truth * valid
    along = probabilities @ per_class if per_class.ndim == 1 else (probabilities * per_class).sum(1)
    total = along * valid + along_truth
    if log_mean is not None:
        total += log_mean
    # p (g - total) where a pixel counts; where it is ignored all of its terms are 0
    gradient = (per_class - total[:, None]).mul_(probabilities)
    gradient.scatter_add_(1, index[:, None], along_truth[:, None])
    if log_mean is not None:
        gradient += (log_mean / probabilities.shape[1])[:, None]
    return gradient.mul_(valid[:, None])
