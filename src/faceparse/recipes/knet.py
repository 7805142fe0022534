"""K-Net, which two 2022 reports tried, as MMSegmentation trains it."""

from faceparse.config import RunConfig
from faceparse.optim import OptimizerConfig

from .challenge_2022 import report_run

_CLIP_NORM = 1.0


def _adamw(learning_rate: float) -> OptimizerConfig:
    """MMSegmentation's schedule for K-Net: 1,000 steps of warm-up from a thousandth, tenths at 60k and 72k."""
    return OptimizerConfig(kind="adamw", learning_rate=learning_rate, weight_decay=5e-4, schedule="step",
                           milestones=(0.75, 0.9), warmup_steps=1000, warmup_ratio=1e-3, final_ratio=0.0)  # fmt: skip


def knet_r50() -> RunConfig:
    """`faceparse train knet_r50 --data DATA --out runs/knet_r50`

    Source: MMSegmentation's schedule of 80k steps.
    Cost: 259.3 P multiply-adds; not timed here.
    Expected: no report has a figure.
    """
    return report_run("knet_r50", "knet_r50", 80_000, _adamw(1e-4), clip_norm=_CLIP_NORM)


def knet_swin_t() -> RunConfig:
    """`faceparse train knet_swin_t --data DATA --out runs/knet_swin_t`

    Source: MMSegmentation's schedule of 80k steps.
    Cost: 227.5 P multiply-adds; not timed here.
    Expected: no report has a figure.
    """
    return report_run("knet_swin_t", "knet_swin_t", 80_000, _adamw(6e-5), clip_norm=_CLIP_NORM)
