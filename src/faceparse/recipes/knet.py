"""K-Net, which two 2022 reports tried."""

from faceparse.config import RunConfig

from .challenge_2022 import adamw, report_run


def knet_r50() -> RunConfig:
    """`faceparse train knet_r50 --data DATA --out runs/knet_r50`

    Source: MMSegmentation's schedule of 80k steps.
    Cost: a GPU; its time is not measured here.
    Expected: no report has a figure.
    """
    return report_run("knet_r50", "knet_r50", 80_000, adamw(1e-4, 0.05))


def knet_swin_t() -> RunConfig:
    """`faceparse train knet_swin_t --data DATA --out runs/knet_swin_t`

    Source: MMSegmentation's schedule of 80k steps.
    Cost: a GPU; its time is not measured here.
    Expected: no report has a figure.
    """
    return report_run("knet_swin_t", "knet_swin_t", 80_000, adamw(6e-5, 5e-4))
