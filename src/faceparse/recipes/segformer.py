"""SegFormer as MMSegmentation trains it."""

from faceparse.config import RunConfig

from .challenge_2022 import FLIPS, adamw, report_run


def segformer_b0() -> RunConfig:
    """`faceparse train segformer_b0 --data DATA --out runs/segformer_b0`

    Source: MMSegmentation's schedule of 160k steps.
    Cost: 15.0 P multiply-adds; not timed here.
    Expected: no report has a figure; from scratch F .802 on val after 560 steps of 8 at 256² (results/real-input).
    """
    return report_run("segformer_b0", "segformer_b0", 160_000, adamw(head_rate=10.0))


def segformer_b5() -> RunConfig:
    """`faceparse train segformer_b5 --data DATA --out runs/segformer_b5`

    Source: the 2022 winner's comparison of backbones, label-swapping flips only.
    Cost: 142.7 P multiply-adds; not timed here.
    Expected: 79.50 mIoU on val as reported.
    """
    return report_run("segformer_b5", "segformer_b5", 160_000, adamw(head_rate=10.0), augment=FLIPS)
