"""Scores as a person reads them; `--json` is for everyone else."""

import math

from faceparse.console import print_table
from faceparse.metrics import ScoreReport

PROTOCOLS = {
    "miou_2022": "mean IoU over the classes, one confusion matrix for the set (2022 challenge)",
    "fscore_2025": "mean over images of the mean F over classes in the truth (2025 challenge)",
    "f1_dataset": "mean F1 over the 18 foreground classes, one confusion matrix",
    "macc": "mean accuracy (recall) over the classes in the truth",
    "aacc": "share of pixels that are right",
}
"""Every figure's protocol in a line; `faceparse.metrics` defines them."""


def print_scores(report: ScoreReport) -> None:
    """Print the per-class rows, then every figure under its protocol's name. Fractions in [0, 1]; `-` where absent."""
    total = sum(score.pixels for score in report.per_class.values())
    rows = [
        (name, _figure(s.iou), _figure(s.acc), _figure(s.f1), f"{s.pixels / max(total, 1):.3%}")
        for name, s in report.per_class.items()
    ]
    print_table(f"{report.num_images} images", ("class", "IoU", "accuracy", "F1", "pixels"), rows)
    for name, protocol in PROTOCOLS.items():
        print(f"{name:<12} {_figure(getattr(report, name))}  {protocol}")


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4f}"
