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
    """Rows of classes (channels last) keep every pass over memory in order, and one image at a time stays in the
    cache; gradients are written out by hand."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor, mean: bool) -> tuple[Tensor, ...]:
        parts = [
            _sums_of_image(_rows(image), truth.reshape(-1), mean) for image, truth in zip(logits, labels, strict=True)
        ]
        probabilities, truths, indices, valids, *sums = zip(*parts, strict=True)
        ctx.save_for_backward(*probabilities, *truths, *indices, *valids)
        ctx.shape, ctx.dtype, ctx.mean = logits.shape, logits.dtype, mean
        log_truth, log_mean, mass, overlap, counts = (torch.stack(values) for values in sums)
        ctx.mark_non_differentiable(counts)
        return log_truth, log_mean, mass, overlap, counts

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        batch, classes, height, width = ctx.shape
        saved = [ctx.saved_tensors[i * batch : (i + 1) * batch] for i in range(4)]
        out = torch.empty((batch, height * width, classes), dtype=ctx.dtype, device=gradients[0].device)
        for i, kept in enumerate(zip(*saved, strict=True)):
            log_truth, log_mean, mass, overlap = (gradient[i] for gradient in gradients[:4])
            out[i] = _gradient_of_image(*kept, log_truth, log_mean if ctx.mean else None, mass, overlap)
        return out.view(batch, height, width, classes).permute(0, 3, 1, 2), None, None


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
    counts = torch.bincount(index[valid], minlength=rows.shape[1]).to(rows.dtype)
    return probabilities, truth, index, valid, log_truth, log_mean, mass, overlap, counts


def _gradient_of_image(
    probabilities: Tensor,
    truth: Tensor,
    index: Tensor,
    valid: Tensor,
    log_truth: Tensor,
    log_mean: Tensor | None,
    mass: Tensor,
    overlap: Tensor,
) -> Tensor:
    """d/dz of log p[y] is onehot - p, of mean log p is 1/C - p, and of a sum g·p it is p (g - p·g)."""
    along_truth = truth * overlap[index] + log_truth * valid
    total = (probabilities @ mass) * valid + along_truth
    if log_mean is not None:
        total += log_mean
    # p (g - total) where a pixel counts; where it is ignored all of its terms are 0
    gradient = (mass - total[:, None]).mul_(probabilities)
    gradient.scatter_add_(1, index[:, None], along_truth[:, None])
    if log_mean is not None:
        gradient += (log_mean / probabilities.shape[1])[:, None]
    return gradient.mul_(valid[:, None])
