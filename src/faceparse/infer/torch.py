"""A torch network as a function from photo to label map; the counterpart of `onnx.py` for networks in training."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from faceparse.models.network import Network
from faceparse.tta import SeenAt
from faceparse.types import Image, Labels, Probabilities


def torch_predictor(network: Network, device: torch.device) -> Callable[[Image], Labels]:
    """Parse photos in fp32, at their own size. The network is taken as it is: put it in `eval()` first."""

    @torch.inference_mode()
    def predict(image: Image) -> Labels:
        return network(_batch(image, device))[0].argmax(0).to(torch.uint8).cpu().numpy()

    return predict


def torch_probabilities(network: Network, device: torch.device) -> SeenAt:
    """As `torch_predictor`, for probabilities, and at any scale."""

    @torch.inference_mode()
    def seen_at(image: Image, scale: float) -> Probabilities:
        return network(_batch(image, device), scale)[0].softmax(0).cpu().numpy()

    return seen_at


def _batch(image: Image, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image)).to(device).permute(2, 0, 1)[None].float() / 255
