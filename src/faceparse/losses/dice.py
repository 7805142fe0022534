"""Soft Dice."""

from jaxtyping import Float
from torch import Tensor


def dice(
    mass: Float[Tensor, "b classes"], overlap: Float[Tensor, "b classes"], counts: Float[Tensor, "b classes"]
) -> Float[Tensor, ""]:
    """Soft Dice per image, over the classes that its labels hold: 1 - mean of 2 Σ p·y / (Σ p + Σ y).

    The 2025 challenge's F is a mean over exactly these classes and then over images. (Milletari et al., 2016, eq. 3,
    has squares in the denominator; without them the gradient is that of F itself. MMSegmentation's has the squares, and
    averages over all classes, absent ones too.)

    Args:
        mass: Σ p of each class.
        overlap: Σ p over the pixels of that class.
        counts: pixels of that class.
    """
    present = counts > 0
    scores = 2 * overlap / (mass + counts).clamp_min(1e-7)
    per_image = (scores * present).sum(1) / present.sum(1).clamp_min(1)
    return 1 - per_image.mean()
