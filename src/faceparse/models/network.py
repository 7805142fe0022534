"""What every network here is from outside: RGB in [0, 1] at any size in, logits at that size out."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

if TYPE_CHECKING:
    Size = int  # as `Tensor.shape` has it
else:
    Size = int | torch.SymInt
    """A side in pixels; a symbol while a graph of any size is exported."""

Shape = tuple[int | torch.SymInt, int | torch.SymInt]
"""Height and width that were computed, which may be symbols even where sizes are taken for numbers."""


class Network(nn.Module):
    """Normalise → resize to the working size → body → resize the logits to the input's size.

    mean and std are buffers, so what a network is fed cannot drift from its weights. The working size is where the
    body was trained: in evaluation the longer side of an input is brought there (antialiased when it shrinks); in
    training inputs come at that size already and are taken as they are.

    Args:
        body: takes normalised `b 3 h w`; returns logits `b classes h w`, in training with a tuple of auxiliary
            logits of any size. Logits may be smaller than the input, by a factor, or larger, by rows and columns
            after its last ones: what a side was rounded up by.
        working_size: pixels of the longer side; None runs the body at the input's own size.
        stride: sides are rounded to a multiple of this when resized.
        mean, std: of RGB in [0, 1], by which inputs are normalised.
    """

    mean: Tensor
    std: Tensor
    logit_bias: Tensor

    def __init__(
        self,
        body: nn.Module,
        *,
        num_classes: int = 19,
        working_size: int | None = None,
        stride: int = 32,
        mean: tuple[float, float, float] = IMAGENET_MEAN,
        std: tuple[float, float, float] = IMAGENET_STD,
    ):
        super().__init__()
        self.body = body
        self.working_size = working_size
        self.stride = stride
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1))
        # Added to each class's logits in evaluation: a decision rule that is tuned after training, 0 until then
        self.register_buffer("logit_bias", torch.zeros(num_classes, 1, 1))

    def forward(self, images: Tensor, scale: float = 1.0) -> Tensor | tuple[Tensor, tuple[Tensor, ...]]:
        """Logits `b classes h w` for images `b 3 h w` in [0, 1]; in training also the auxiliary logits, of any size.

        Args:
            scale: in evaluation, the body sees the images at so many times their usual size.
        """
        normalised = (images - self.mean) / self.std
        height, width = images.shape[-2:]
        if self.training:
            logits, auxiliary = self.body(normalised)
            logits = logits[..., :height, :width]
            if logits.shape[-2:] != images.shape[-2:]:
                logits = F.interpolate(logits, size=(height, width), mode="bilinear", align_corners=False)
            return logits, auxiliary
        size = self._seen_shape(height, width, scale)
        if size is not None:
            normalised = F.interpolate(normalised, size, mode="bilinear", align_corners=False, antialias=True)  # type: ignore[arg-type]
        logits = self.body(normalised).float() + self.logit_bias
        if size is None:  # else the sides are multiples of the stride, and nothing was rounded up
            logits = logits[..., :height, :width]
        return F.interpolate(logits, size=(height, width), mode="bilinear", align_corners=False)

    def set_moments(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        """Normalise by other moments of RGB in [0, 255] from now on; an empty one stays as it is."""
        for buffer, values in ((self.mean, mean), (self.std, std)):
            if values:
                buffer.copy_(torch.tensor(values).view(3, 1, 1) / 255)

    @property
    def num_parameters(self) -> int:
        """Trainable parameters, by the challenges' own expression."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)

    def _seen_shape(self, height: Size, width: Size, scale: float) -> Shape | None:
        """The height and width at which the body sees an input; None where that is the input's own."""
        if self.working_size is not None:
            return self._working_shape(height, width, round(scale * self.working_size / self.stride))
        return None if scale == 1 else (max(1, round(height * scale)), max(1, round(width * scale)))  # type: ignore[arg-type]

    def _working_shape(self, height: Size, width: Size, steps: int) -> Shape:
        """Sides of an input whose longer one is brought to `steps` times the stride; both are multiples of it."""
        # Whole numbers, rounded half up: an exported graph computes the very same sizes from symbolic ones
        longer = torch.sym_max(height, width)
        rows = (2 * height * steps + longer) // (2 * longer)
        columns = (2 * width * steps + longer) // (2 * longer)
        return torch.sym_max(rows, 1) * self.stride, torch.sym_max(columns, 1) * self.stride
