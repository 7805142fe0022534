"""Losses on logits, as sums of weighted terms.

Both terms are functions of a few sums over pixels, so softmax is taken once: `SoftmaxSums` returns those sums and
carries their gradients back to the logits in two passes over the pixels.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from faceparse.classes import IGNORE_LABEL


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """Which losses are summed, and how they are weighted."""

    cross_entropy: float = 1.0
    """Weight of cross-entropy."""
    dice: float = 1.0
    """Weight of soft Dice."""
    label_smoothing: float = 0.0
    """Share of the target that is spread over all classes, in [0, 1)."""
    class_weights: tuple[float, ...] = ()
    """One a class, for cross-entropy; empty: all 1."""
    auxiliary: float = 0.4
    """Weight of the same loss on each auxiliary head's logits."""

    def build(self) -> "SegmentationLoss":
        return SegmentationLoss(self)


class SegmentationLoss(nn.Module):
    """Weighted sum of cross-entropy and soft Dice on logits `b c h w` and labels `b h w` (255 ignored)."""

    class_weights: Tensor

    def __init__(self, config: LossConfig):
        super().__init__()
        self.config = config
        self.register_buffer("class_weights", torch.tensor(config.class_weights), persistent=False)

    def forward(self, logits: Tensor, labels: Tensor, auxiliary: tuple[Tensor, ...] = ()) -> Tensor:
        total = self._loss(logits, labels)
        for other in auxiliary:
            if other.shape[-2:] != labels.shape[-2:]:
                other = nn.functional.interpolate(other, labels.shape[-2:], mode="bilinear", align_corners=False)
            total = total + self.config.auxiliary * self._loss(other, labels)
        return total

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        log_truth, log_mean, mass, overlap, counts = softmax_sums(logits, labels, mean=self.config.label_smoothing > 0)
        weights = self.class_weights if self.class_weights.numel() else None
        entropy = cross_entropy(log_truth, log_mean, labels, weights, self.config.label_smoothing)
        return self.config.cross_entropy * entropy + self.config.dice * dice(mass, overlap, counts)


def cross_entropy(
    log_truth: Tensor, log_mean: Tensor, labels: Tensor, weights: Tensor | None, smoothing: float
) -> Tensor:
    """Mean over pixels of -w[y] ((1-ε) log p[y] + ε mean_c log p[c]), divided by the mean of w[y].

    (PyTorch weights the smoothing term by each class's own weight; here the pixel keeps its one weight.)

    Args:
        log_truth: log-probability of each pixel's own class, `b hw`.
        log_mean: mean over classes of the log-probabilities, `b hw`.
    """
    flat = labels.flatten(1)
    valid = (flat != IGNORE_LABEL).to(log_truth.dtype)
    if weights is not None:
        valid = valid * weights[flat.long() * (flat != IGNORE_LABEL)]
    surprise = log_truth if smoothing == 0 else (1 - smoothing) * log_truth + smoothing * log_mean
    return -(surprise * valid).sum() / valid.sum().clamp_min(1e-7)


def dice(mass: Tensor, overlap: Tensor, counts: Tensor) -> Tensor:
    """Soft Dice per image, over the classes that its labels hold: mean of 1 - 2 Σ p·y / (Σ p + Σ y).

    The challenge's F is a mean over exactly these classes and then over images. (Milletari et al., 2016, eq. 3, has
    squares in the denominator; without them the gradient is that of F itself.)

    Args:
        mass: Σ p of each class, `b c`.
        overlap: Σ p over the pixels of that class, `b c`.
        counts: pixels of that class, `b c`.
    """
    present = counts > 0
    scores = 2 * overlap / (mass + counts).clamp_min(1e-7)
    per_image = (scores * present).sum(1) / present.sum(1).clamp_min(1)
    return 1 - per_image.mean()


def softmax_sums(logits: Tensor, labels: Tensor, *, mean: bool) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """What the losses need to know of softmax(logits), for logits `b c h w` and labels `b h w` (255 ignored).

    Returns:
        log-probability of the pixel's class `b hw` (0 where ignored), mean log-probability over classes `b hw`
        (0 unless `mean` asks for it), and for each image and class Σ p, Σ p over that class's pixels, and their
        number, each `b c`.
    """
    return _SoftmaxSums.apply(logits, labels, mean)  # type: ignore[return-value]


class _SoftmaxSums(torch.autograd.Function):
    """Rows of classes (channels last) keep every pass over memory in order; gradients are written out by hand."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor, mean: bool) -> tuple[Tensor, ...]:
        batch, classes = logits.shape[:2]
        rows = logits.permute(0, 2, 3, 1).reshape(batch, -1, classes).float()
        flat = labels.reshape(batch, -1).long()
        valid = flat != IGNORE_LABEL
        index = torch.where(valid, flat, 0)[..., None]
        log_probabilities = torch.log_softmax(rows, 2)
        log_truth = log_probabilities.gather(2, index).squeeze(2) * valid
        log_mean = log_probabilities.mean(2) if mean else torch.zeros_like(log_truth)
        probabilities = log_probabilities.exp_()
        truth = probabilities.gather(2, index).squeeze(2) * valid
        mass = torch.bmm(valid[:, None].to(rows.dtype), probabilities).squeeze(1)
        overlap = torch.zeros_like(mass).scatter_add_(1, index.squeeze(2), truth)
        counts = torch.zeros_like(mass).scatter_add_(1, index.squeeze(2), valid.to(mass.dtype))
        ctx.save_for_backward(probabilities, truth, index, valid)
        ctx.shape, ctx.dtype, ctx.mean = logits.shape, logits.dtype, mean
        ctx.mark_non_differentiable(counts)
        return log_truth, log_mean, mass, overlap, counts

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        log_truth, log_mean, mass, overlap, _ = gradients
        probabilities, truth, index, valid = ctx.saved_tensors
        batch, classes, height, width = ctx.shape
        # d/dz of log p[y] is onehot - p, of mean log p is 1/C - p, and of a sum g·p it is p (g - p·g)
        log_truth = log_truth * valid
        along_truth = truth * overlap.gather(1, index.squeeze(2))
        inner = torch.bmm(probabilities, mass[..., None]).squeeze(2) * valid
        total = inner + along_truth + log_truth + log_mean
        gradient = probabilities * (mass[:, None] * valid[..., None] - total[..., None])
        gradient.scatter_add_(2, index, (along_truth + log_truth)[..., None])
        if ctx.mean:
            gradient += (log_mean / classes)[..., None]
        gradient = gradient.to(ctx.dtype).view(batch, height, width, classes)
        return gradient.permute(0, 3, 1, 2), None, None
