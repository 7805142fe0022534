"""DeepLabV3+ as the 2022 reports trained it."""

from faceparse.config import RunConfig
from faceparse.losses import LossConfig

from .challenge_2022 import (
    BASELINE_MEAN,
    BASELINE_STD,
    LOG_FREQUENCY_WEIGHTS,
    MEAN_LOG_FREQUENCY_WEIGHT,
    MILD_JITTER,
    WINNER_LOSS,
    report_run,
    sgd,
)


def deeplabv3plus_r50() -> RunConfig:
    """`faceparse train deeplabv3plus_r50 --data DATA --out runs/deeplabv3plus_r50`

    Source: a 2022 report; MMSegmentation's schedule of 20k steps.
    Cost: 42.3 P multiply-adds; the winner's log of such a run has 2.1 hours of one RTX 3090 and 19.9 GB.
    Expected: 70 to 73.6 mIoU on test as reported (5,000 pairs, ImageNet weights).
    """
    return report_run("deeplabv3plus_r50", "deeplabv3plus_r50", 20_000, sgd())


def deeplabv3plus_r50_40k() -> RunConfig:
    """`faceparse train deeplabv3plus_r50_40k --data DATA --out runs/deeplabv3plus_r50_40k`

    Source: a 2022 report; MMSegmentation's schedule of 40k steps.
    Cost: 84.6 P multiply-adds; not timed here.
    Expected: 70 to 73.6 mIoU on test as reported (5,000 pairs, ImageNet weights).
    """
    return report_run("deeplabv3plus_r50_40k", "deeplabv3plus_r50", 40_000, sgd())


def deeplabv3plus_r101() -> RunConfig:
    """`faceparse train deeplabv3plus_r101 --data DATA --out runs/deeplabv3plus_r101`

    Source: a 2022 report; MMSegmentation's schedule of 20k steps.
    Cost: 60.9 P multiply-adds; not timed here.
    Expected: 70 to 73.6 mIoU on test as reported (5,000 pairs, ImageNet weights).
    """
    return report_run("deeplabv3plus_r101", "deeplabv3plus_r101", 20_000, sgd())


def deeplabv3plus_r101_40k() -> RunConfig:
    """`faceparse train deeplabv3plus_r101_40k --data DATA --out runs/deeplabv3plus_r101_40k`

    Source: a 2022 report; MMSegmentation's schedule of 40k steps.
    Cost: 121.8 P multiply-adds; not timed here.
    Expected: 70 to 73.6 mIoU on test as reported (5,000 pairs, ImageNet weights).
    """
    return report_run("deeplabv3plus_r101_40k", "deeplabv3plus_r101", 40_000, sgd())


def deeplabv3plus_r50_weighted() -> RunConfig:
    """`faceparse train deeplabv3plus_r50_weighted --data DATA --out runs/deeplabv3plus_r50_weighted`

    Source: the 2022 report on weighted cross-entropy; 43,589,878 parameters.
    Cost: 84.6 P multiply-adds; not timed here.
    Expected: about 77 mIoU on val, best near 30k steps, as reported.
    """
    return report_run(
        "deeplabv3plus_r50_weighted",
        "deeplabv3plus_r50",
        40_000,
        sgd(),
        loss=LossConfig(cross_entropy=MEAN_LOG_FREQUENCY_WEIGHT, dice=0.0, class_weights=LOG_FREQUENCY_WEIGHTS),
    )


def deeplabv3plus_r50_ablation() -> RunConfig:
    """`faceparse train deeplabv3plus_r50_ablation --data DATA --out runs/deeplabv3plus_r50_ablation`

    The ground that `faceparse ablate` varies: mild jitter alone, neither flips nor rotation.

    Source: the 2022 winner's baseline of its ablations, best row of the losses.
    Cost: 42.3 P multiply-adds; the winner's log has 2.5 hours of one RTX 3090 (.446 s a step) and 19.9 GB.
    Expected: 78.40 mIoU on val as reported (weighted cross-entropy and Lovász 1 : 2).
    """
    return report_run(
        "deeplabv3plus_r50_ablation",
        "deeplabv3plus_r50",
        20_000,
        sgd(),
        loss=WINNER_LOSS,
        augment=MILD_JITTER,
        input_mean=BASELINE_MEAN,
        input_std=BASELINE_STD,
    )
