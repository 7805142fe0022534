"""SegFormer as MMSegmentation trains it."""

from faceparse.config import RunConfig

from .challenge_2022 import FLIPS, adamw, report_run


def segformer_b0() -> RunConfig:
    """`faceparse train segformer_b0 --data DATA --out runs/segformer_b0`

    Source: MMSegmentation's schedule of 160k steps.
    Cost: a GPU; its time is not measured here.
    Expected: no report has a figure.
    """
    return report_run("segformer_b0", "segformer_b0", 160_000, adamw(head_rate=10.0))


def segformer_b5() -> RunConfig:
    """`faceparse train segformer_b5 --data DATA --out runs/segformer_b5`

    Source: the 2022 winner's comparison of backbones, label-swapping flips only.
    Cost: a GPU; its time is not measured here.
    Expected: 79.50 mIoU on val as reported.
    """
    return report_run("segformer_b5", "segformer_b5", 160_000, adamw(head_rate=10.0), augment=FLIPS)
