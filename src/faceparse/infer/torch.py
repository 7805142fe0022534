"""A torch network as a function from photo to label map; the counterpart of `onnx.py` for networks in training."""

from collections.abc import Callable

import numpy as np
import torch

from faceparse.models.network import Network
from faceparse.types import Image, Labels


def torch_predictor(network: Network, device: torch.device) -> Callable[[Image], Labels]:
    """Parse photos in fp32, at their own size. The network is taken as it is: put it in `eval()` first."""

    @torch.inference_mode()
    def predict(image: Image) -> Labels:
        rgb = torch.from_numpy(np.ascontiguousarray(image)).to(device).permute(2, 0, 1)[None].float() / 255
        return network(rgb)[0].argmax(0).to(torch.uint8).cpu().numpy()

    return predict
