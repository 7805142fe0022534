"""A torch network as a function from photo to label map; the counterpart of `onnx.py` for networks in training."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from faceparse.infer.sliding import Windows, sliding_logits
from faceparse.models.network import Network
from faceparse.precision import Precision, autocast_for, layout_for
from faceparse.tta import SeenAt
from faceparse.types import Image, Labels, Probabilities


def torch_predictor(
    network: Network, device: torch.device, windows: Windows | None = None, precision: Precision = "fp32"
) -> Callable[[Image], Labels]:
    """Parse photos at their own size, as a whole or through windows; in fp32 unless asked otherwise.

    The network is taken as it is: put it in `eval()` first.
    """
    autocast = autocast_for(precision, device)

    @torch.inference_mode()
    def predict(image: Image) -> Labels:
        with autocast():
            logits = _logits(network, _batch(image, device), windows)[0]
        return logits.argmax(0).to(torch.uint8).cpu().numpy()

    return predict


def torch_probabilities(
    network: Network, device: torch.device, windows: Windows | None = None, precision: Precision = "fp32"
) -> SeenAt:
    """As `torch_predictor`, for probabilities, and at any scale."""
    autocast = autocast_for(precision, device)

    @torch.inference_mode()
    def seen_at(image: Image, scale: float) -> Probabilities:
        with autocast():
            logits = _logits(network, _batch(image, device), windows, scale)[0]
        return logits.softmax(0).cpu().numpy()

    return seen_at


def _logits(network: Network, rgb: Tensor, windows: Windows | None, scale: float = 1.0) -> Tensor:
    return network(rgb, scale) if windows is None else sliding_logits(network, rgb, windows, scale)


def _batch(image: Image, device: torch.device) -> Tensor:
    # Convolutions keep the layout of what they are given
    rgb = torch.from_numpy(np.ascontiguousarray(image)[None]).to(device).permute(0, 3, 1, 2)
    return rgb.contiguous(memory_format=layout_for(True, device)).float() / 255
