"""The weighted sum of losses that a run trains on."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from faceparse.losses.cross_entropy import cross_entropy
from faceparse.losses.dice import dice
from faceparse.losses.focal import focal
from faceparse.losses.ohem import hard_labels
from faceparse.losses.softmax import softmax_sums

TERMS = ("cross_entropy", "dice", "focal", "lovasz", "ohem")
"""The fields that are a loss's weight."""


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """Which losses are summed, and how they are weighted."""

    cross_entropy: float = 1.0
    """Weight of cross-entropy."""
    dice: float = 1.0
    """Weight of soft Dice, per image over the classes that it has."""
    focal: float = 0.0
    """Weight of focal loss (softmax, not a sigmoid a class)."""
    focal_gamma: float = 2.0
    """Of focal loss: how much less the pixels count that are right already; 0 is cross-entropy."""
    focal_alpha: float = 0.25
    """Of focal loss: a factor, the same for all classes."""
    lovasz: float = 0.0
    """Weight of Lovász-softmax, over the classes that are present."""
    lovasz_per_image: bool = False
    """Lovász-softmax of each image, averaged, rather than of the batch as one image."""
    ohem: float = 0.0
    """Weight of cross-entropy on hard pixels alone."""
    ohem_threshold: float = 0.7
    """A pixel is hard where its own class has less than this probability."""
    ohem_min_kept: int = 100_000
    """Pixels an image that count as hard at least: the hardest of the batch."""
    label_smoothing: float = 0.0
    """Share of the target that is spread over all classes in both cross-entropies, in [0, 1)."""
    class_weights: tuple[float, ...] = ()
    """One a class, for both cross-entropies; empty: all 1."""
    auxiliary: float = 0.4
    """Weight of the same loss on each auxiliary head's logits. K-Net's earlier stages are none, and weigh 1."""

    def faults(self, num_classes: int = 19) -> list[str]:
        """What keeps these values from being a loss; empty where nothing does."""
        not_negative = (*TERMS, "focal_gamma", "focal_alpha", "auxiliary")
        values = {name: getattr(self, name) for name in not_negative}
        faults = [
            f"loss.{name} is {value}, where a number from 0 is needed"
            for name, value in values.items()
            if not 0 <= value < math.inf
        ]
        if not any(values[name] for name in TERMS):
            faults.append(f"all of loss.{', loss.'.join(TERMS)} are 0; give one of them a weight")
        if not 0 <= self.label_smoothing < 1:
            faults.append(f"loss.label_smoothing is {self.label_smoothing}, where at least 0 and below 1 is needed")
        if not 0 <= self.ohem_threshold <= 1:
            faults.append(f"loss.ohem_threshold is {self.ohem_threshold}, where a probability from 0 to 1 is needed")
        if self.ohem_min_kept < 1:
            faults.append(f"loss.ohem_min_kept is {self.ohem_min_kept}, where at least 1 is needed")
        weights = self.class_weights
        if len(weights) not in (0, num_classes):
            faults.append(f"loss.class_weights has {len(weights)} values, where {num_classes} or none are needed")
        if weights and not (all(0 <= weight < math.inf for weight in weights) and any(weights)):
            faults.append("loss.class_weights must be numbers from 0, and not all 0")
        return faults

    def build(self, num_earlier: int = 0) -> "SegmentationLoss":
        return SegmentationLoss(self, num_earlier)


class SegmentationLoss(nn.Module):
    """Σ w_k L_k of the losses on logits and labels (255 ignored), and `auxiliary` times that on the logits of each
    auxiliary head, which are enlarged to the labels' size.

    Args:
        num_earlier: the first so many auxiliary logits are predictions of the decode head itself, and count once
            each, as all of K-Net's stages do (Zhang et al., 2021).
    """

    class_weights: Tensor

    def __init__(self, config: LossConfig, num_earlier: int = 0):
        super().__init__()
        self.config = config
        self.num_earlier = num_earlier
        self.register_buffer("class_weights", torch.tensor(config.class_weights), persistent=False)

    def forward(
        self,
        logits: Float[Tensor, "b classes h w"],
        labels: Integer[Tensor, "b h w"],
        auxiliary: tuple[Tensor, ...] = (),
    ) -> Float[Tensor, ""]:
        total = self._loss(logits, labels)
        for place, other in enumerate(auxiliary):
            if other.shape[-2:] != labels.shape[-2:]:
                other = nn.functional.interpolate(other, labels.shape[-2:], mode="bilinear", align_corners=False)
            weight = 1.0 if place < self.num_earlier else self.config.auxiliary
            total = total + weight * self._loss(other, labels)
        return total

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        config = self.config
        lovasz_over = ("image" if config.lovasz_per_image else "batch") if config.lovasz else None
        sums = softmax_sums(logits, labels, mean=config.label_smoothing > 0, lovasz_over=lovasz_over)
        flat = labels.flatten(1)
        weights = self.class_weights if self.class_weights.numel() else None
        total = sums.log_truth.new_zeros(())
        if config.cross_entropy:
            entropy = cross_entropy(sums.log_truth, sums.log_mean, flat, weights, config.label_smoothing)
            total = total + config.cross_entropy * entropy
        if config.dice:
            total = total + config.dice * dice(sums.mass, sums.overlap, sums.counts)
        if config.focal:
            total = total + config.focal * focal(sums.log_truth, flat, config.focal_gamma, config.focal_alpha)
        if config.lovasz:
            total = total + config.lovasz * sums.lovasz
        if config.ohem:
            hard = hard_labels(sums.log_truth, flat, config.ohem_threshold, config.ohem_min_kept)
            entropy = cross_entropy(sums.log_truth, sums.log_mean, hard, weights, config.label_smoothing)
            total = total + config.ohem * entropy
        return total
