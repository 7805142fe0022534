"""A torch network as a function from photo to label map; the counterpart of `onnx.py` for networks in training."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from faceparse.infer.sliding import Windows, sliding_logits
from faceparse.models.network import Network
from faceparse.tta import SeenAt
from faceparse.types import Image, Labels, Probabilities


def torch_predictor(
    network: Network, device: torch.device, windows: Windows | None = None
) -> Callable[[Image], Labels]:
    """Parse photos in fp32, at their own size, as a whole or through windows.

    The network is taken as it is: put it in `eval()` first.
    """

    @torch.inference_mode()
    def predict(image: Image) -> Labels:
        return _logits(network, _batch(image, device), windows)[0].argmax(0).to(torch.uint8).cpu().numpy()

    return predict


def torch_probabilities(network: Network, device: torch.device, windows: Windows | None = None) -> SeenAt:
    """As `torch_predictor`, for probabilities, and at any scale."""

    @torch.inference_mode()
    def seen_at(image: Image, scale: float) -> Probabilities:
        return _logits(network, _batch(image, device), windows, scale)[0].softmax(0).cpu().numpy()

    return seen_at


def _logits(network: Network, rgb: Tensor, windows: Windows | None, scale: float = 1.0) -> Tensor:
    return network(rgb, scale) if windows is None else sliding_logits(network, rgb, windows, scale)


def _batch(image: Image, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image)).to(device).permute(2, 0, 1)[None].float() / 255
