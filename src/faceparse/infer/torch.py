"""A torch network as a function from photo to label map; the counterpart of `onnx.py` for networks in training."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from faceparse.models.network import Network
from faceparse.types import Image, Labels


def torch_predictor(network: Network, device: torch.device) -> Callable[[Image], Labels]:
    """Parse photos in fp32, at their own size. The network is taken as it is: put it in `eval()` first."""

    @torch.inference_mode()
    def predict(image: Image) -> Labels:
        return _labels(network(_to_tensor(image, device)))

    return predict


def sliding_predictor(network: Network, device: torch.device, crop: int, stride: int) -> Callable[[Image], Labels]:
    """As `torch_predictor`, window by window: each is a photo of its own, and logits are averaged where they overlap.

    Where one window covers the photo, that is the whole photo's prediction. (MMSegmentation's `slide_inference`.)

    Args:
        crop: side of the windows in pixels of the photo.
        stride: pixels from one to the next, at most `crop`; the last ones of a row or column end at the border.
    """

    @torch.inference_mode()
    def predict(image: Image) -> Labels:
        rgb = _to_tensor(image, device)
        total, times = None, rgb.new_zeros(rgb.shape[-2:])
        for top in window_starts(rgb.shape[-2], crop, stride):
            for left in window_starts(rgb.shape[-1], crop, stride):
                window = (..., slice(top, top + crop), slice(left, left + crop))
                logits = network(rgb[window])
                if total is None:
                    total = logits.new_zeros(1, logits.shape[1], *rgb.shape[-2:])
                total[window] += logits
                times[window] += 1
        assert total is not None
        return _labels(total / times)

    return predict


def window_starts(length: int, crop: int, stride: int) -> list[int]:
    """Where windows begin so that they cover a side: a stride apart, the last one where it ends at the border."""
    last = max(length - crop, 0)
    return [*range(0, last, stride), last]


def _to_tensor(image: Image, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image)).to(device).permute(2, 0, 1)[None].float() / 255


def _labels(logits: Tensor) -> Labels:
    return logits[0].argmax(0).to(torch.uint8).cpu().numpy()
