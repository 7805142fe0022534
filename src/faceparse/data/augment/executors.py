"""The two that carry out a plan: OpenCV on uint8, torch on batched tensors."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch.nn import functional as F

from faceparse.classes import mirror_lookup
from faceparse.types import Image, Images, LabelMaps, Labels

from .plan import Plan


def apply_opencv(
    plan: Plan, images: Images | Sequence[Image], labels: LabelMaps | Sequence[Labels], size: int
) -> tuple[UInt8[np.ndarray, "num {size} {size} 3"], UInt8[np.ndarray, "num {size} {size}"]]:
    """Carry out a plan on uint8 samples of one size; outputs are `size` by `size`.

    Photos that shrink are smoothed as `Network` smooths those that it parses; labels are those of each pixel's centre.
    What lies outside the source has the plan's label for that (255, ignored, unless the config asks for background),
    and is as black as brightness leaves it in the image.
    """
    num, (height, width) = len(labels), labels[0].shape
    out_images = np.empty((num, size, size, 3), np.uint8)
    out_labels = np.empty((num, size, size), np.uint8)
    across = _samples_across((height, width), size)
    fine, kernel = size * across, _smoothing(across)
    # OpenCV resamples four channels in a third of the time that it takes for three
    source, turned = np.empty((height, width, 4), np.uint8), np.empty((fine, fine, 4), np.uint8)
    exchange = mirror_lookup()
    linear, nearest = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR, cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
    for i in range(num):
        cv2.cvtColor(images[i], cv2.COLOR_RGB2RGBA, dst=source)
        matrix = _to_pixels(plan.affine[i], (height, width), fine)
        cv2.warpAffine(source, matrix, (fine, fine), dst=turned, flags=linear)
        smoothed = turned
        if across > 1:
            smoothed = cv2.sepFilter2D(turned, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE)
            smoothed = cv2.resize(smoothed, (size, size), interpolation=cv2.INTER_AREA)
        cv2.cvtColor(smoothed, cv2.COLOR_RGBA2RGB, dst=out_images[i])
        if not np.array_equal(plan.color[i], np.eye(3, 4)):
            cv2.transform(out_images[i], plan.color[i], dst=out_images[i])
        matrix = _to_pixels(plan.affine[i], (height, width), size)
        cv2.warpAffine(labels[i], matrix, (size, size), dst=out_labels[i], flags=nearest, borderValue=plan.outside)
        if plan.mirrored[i]:
            cv2.LUT(out_labels[i], exchange, dst=out_labels[i])
    for i, left, top, right, bottom in _hole_pixels(plan, size):
        out_images[i, top:bottom, left:right] = 0
    return out_images, out_labels


def _samples_across(source: tuple[int, int], size: int) -> int:
    """So many places along each axis a pixel of the sample is made of: one for each of the source's, near enough."""
    smaller = min(source) / size
    return 1 if smaller <= 1 else max(2, round(smaller))


def _smoothing(across: int) -> np.ndarray:
    """What makes the mean of `across` places a weighted one of twice as many, whose weights fall off linearly.

    That is the filter with which `Network` shrinks a photo to be parsed (PyTorch's antialias). Without it, training
    would show sharper photos, with noise between the pixels.
    """
    kernel = np.full(across + 1 - across % 2, 1 / across, np.float32)
    if across % 2 == 0:
        kernel[[0, -1]] /= 2
    return kernel


def _to_pixels(affine: np.ndarray, source: tuple[int, int], size: int) -> np.ndarray:
    """The map between edge-to-edge coordinates as one between pixel indices, whose centres are whole numbers."""
    height, width = source
    half = np.array([width, height]) / 2
    linear = affine[:, :2] * half[:, None] * (2 / size)
    # index x <-> coordinate (2x + 1)/size - 1
    offset = affine[:, 2] * half + half - 0.5 + affine[:, :2] @ np.full(2, 1 / size - 1) * half
    return np.concatenate([linear, offset[:, None]], axis=1)


def _hole_pixels(plan: Plan, size: int) -> Int[np.ndarray, "holes 5"]:
    """The sample, left, top, right and bottom of each hole, in pixels; an end is the first pixel that is kept."""
    if plan.holes is None:
        return np.empty((0, 5), int)
    num, most, _ = plan.holes.shape
    pixels = np.round((plan.holes.reshape(-1, 4) + 1) / 2 * size).astype(int)
    return np.concatenate([np.repeat(np.arange(num), most)[:, None], pixels], axis=1)


def apply_torch(plan: Plan, images: torch.Tensor, labels: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Carry out a plan on the device that holds the sources.

    Args:
        images: uint8 `n h w 3`.
        labels: uint8 `n h w`.

    Returns:
        float32 `n 3 size size` in [0, 1] and uint8 `n size size`.
    """
    device = images.device
    num = images.shape[0]
    affine, across = torch.from_numpy(plan.affine).to(device), _samples_across((images.shape[1], images.shape[2]), size)
    fine_grid = F.affine_grid(affine, [num, 3, size * across, size * across], align_corners=False)
    rgb = images.permute(0, 3, 1, 2).float()
    rgb = F.grid_sample(rgb, fine_grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    if across > 1:
        weights = torch.from_numpy(np.convolve(_smoothing(across), np.full(across, 1 / across, np.float32))).to(device)
        padded = F.pad(rgb, [across // 2] * 4, mode="replicate").flatten(0, 1)[:, None]
        rgb = F.conv2d(padded, torch.outer(weights, weights)[None, None], stride=across).view(num, 3, size, size)
    color = torch.from_numpy(plan.color).to(device)
    rgb = torch.einsum("nij,njhw->nihw", color[:, :, :3], rgb) + color[:, :, 3, None, None]
    # The label of what lies outside is shifted to 0, with which the source is padded, and back
    shifted = (labels[:, None].float() + (256 - plan.outside)) % 256
    grid = F.affine_grid(affine, [num, 3, size, size], align_corners=False)
    ids = F.grid_sample(shifted, grid, mode="nearest", padding_mode="zeros", align_corners=False)[:, 0]
    ids = (ids - (256 - plan.outside)) % 256
    exchange = torch.from_numpy(mirror_lookup()).to(device)
    mirrored = torch.from_numpy(plan.mirrored).to(device)[:, None, None]
    ids = ids.round().long()
    ids = torch.where(mirrored, exchange[ids].long(), ids)
    rgb = rgb.clamp(0, 255) / 255
    for i, left, top, right, bottom in _hole_pixels(plan, size):
        rgb[i, :, top:bottom, left:right] = 0
    return rgb, ids.to(torch.uint8)
