"""Cross-entropy, weighted and smoothed."""

from jaxtyping import Float, Integer
from torch import Tensor

from faceparse.classes import IGNORE_LABEL


def cross_entropy(
    log_truth: Float[Tensor, "b p"],
    log_mean: Float[Tensor, "b p"],
    labels: Integer[Tensor, "b p"],
    weights: Float[Tensor, " classes"] | None,
    smoothing: float,
) -> Float[Tensor, ""]:
    """Σ -w[y] ((1-ε) log p[y] + ε mean_c log p[c]) / Σ w[y], over the pixels that are not ignored; 0 where all are.

    Smoothing is Szegedy et al., 2016, section 7. (PyTorch weights the smoothing term by each class's own weight; here
    the pixel keeps its one weight. MMSegmentation divides by the number of pixels, not by Σ w: its loss is ours times
    the mean weight of a pixel.)

    Args:
        log_truth: log-probability of each pixel's own class.
        log_mean: mean over classes of the log-probabilities.
        labels: 255 is ignored.
        weights: w, one a class; None: all 1.
        smoothing: ε in [0, 1).
    """
    valid = (labels != IGNORE_LABEL).to(log_truth.dtype)
    if weights is not None:
        valid = valid * weights[labels.long() * (labels != IGNORE_LABEL)]
    surprise = log_truth if smoothing == 0 else (1 - smoothing) * log_truth + smoothing * log_mean
    return -(surprise * valid).sum() / valid.sum().clamp_min(1e-7)
