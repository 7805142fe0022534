"""Losses on logits, one a file, and their weighted sum."""

from faceparse.losses.softmax import softmax_sums
from faceparse.losses.weighted_sum import LossConfig, SegmentationLoss

__all__ = ["LossConfig", "SegmentationLoss", "softmax_sums"]
