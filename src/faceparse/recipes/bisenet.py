"""BiSeNetV2 as MMSegmentation trains it."""

from dataclasses import replace

from faceparse.config import RunConfig

from .challenge_2022 import CROSS_ENTROPY, report_run, sgd


def bisenetv2() -> RunConfig:
    """`faceparse train bisenetv2 --data DATA --out runs/bisenetv2`

    Source: MMSegmentation's schedule of 160k steps.
    Cost: 23.6 P multiply-adds; not timed here.
    Expected: no report has a figure.
    """
    return report_run(
        "bisenetv2",
        "bisenetv2",
        160_000,
        sgd(learning_rate=0.05, warmup_steps=1000, warmup_ratio=0.1, final_ratio=0.002),
        loss=replace(CROSS_ENTROPY, auxiliary=1.0),
        pretraining="none",
    )
