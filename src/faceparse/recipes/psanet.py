"""PSANet as a 2022 report trained it."""

from faceparse.config import RunConfig

from .challenge_2022 import report_run, sgd


def psanet_r50() -> RunConfig:
    """`faceparse train psanet_r50 --data DATA --out runs/psanet_r50`

    Source: a 2022 report; MMSegmentation's schedule of 80k steps.
    Cost: 187.6 P multiply-adds; not timed here.
    Expected: 70 to 73.6 mIoU on test as reported (5,000 pairs, ImageNet weights).
    """
    return report_run("psanet_r50", "psanet_r50", 80_000, sgd())


def psanet_r101() -> RunConfig:
    """`faceparse train psanet_r101 --data DATA --out runs/psanet_r101`

    Source: a 2022 report; MMSegmentation's schedule of 80k steps.
    Cost: 262.1 P multiply-adds; not timed here.
    Expected: 70 to 73.6 mIoU on test as reported (5,000 pairs, ImageNet weights).
    """
    return report_run("psanet_r101", "psanet_r101", 80_000, sgd())
