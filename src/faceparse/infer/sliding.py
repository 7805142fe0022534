"""A network that sees a photo through windows, which overlap; for photos larger than what it was trained on."""

from dataclasses import dataclass

import torch
from torch import Tensor

from faceparse.errors import UsageError
from faceparse.models.network import Network


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Which windows slide over a photo."""

    crop: int = 512
    """Side in pixels of the photo."""
    stride: int = 341
    """Pixels from one window to the next; the last ones of a row or column end at the border."""

    def __post_init__(self) -> None:
        if self.crop < 32 or not 1 <= self.stride <= self.crop:
            raise UsageError(
                f"--crop {self.crop} --stride {self.stride}: a crop of at least 32 and a stride from 1 to the crop "
                "are needed"
            )

    def starts(self, length: int) -> list[int]:
        """Where windows begin that cover a side of so many pixels."""
        last = max(length - self.crop, 0)
        return [*range(0, last, self.stride), last]


def sliding_logits(network: Network, rgb: Tensor, windows: Windows, scale: float = 1.0) -> Tensor:
    """Logits `1 classes h w` of a photo `1 3 h w`, each window seen as a photo of its own, averaged where they overlap.

    Where one window covers the photo, they are those of the whole photo. (MMSegmentation's `slide_inference`.)
    """
    height, width = rgb.shape[-2:]
    total, times = torch.zeros(0), rgb.new_zeros(height, width)
    for top in windows.starts(height):
        for left in windows.starts(width):
            window = (..., slice(top, top + windows.crop), slice(left, left + windows.crop))
            logits = network(rgb[window], scale)
            if not total.numel():
                total = logits.new_zeros(1, logits.shape[1], height, width)
            total[window] += logits
            times[window] += 1
    return total / times
