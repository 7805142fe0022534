"""Augmentation in two parts: a *plan* is drawn, then carried out.

A plan holds one affine map and one colour map a sample, each composed of everything that happens to it, so that
pixels are resampled once and recoloured once. Two executors carry out the same plan: OpenCV on uint8 for training on
a CPU, torch on batched tensors for a GPU. They agree to about one grey level but for rounding at label borders.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float32, UInt8
from torch.nn import functional as F

from faceparse.classes import IGNORE_LABEL, mirror_lookup
from faceparse.types import Image, Images, LabelMaps, Labels

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of R, G and B in brightness (ITU-R BT.601)."""


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """How far samples are varied. The defaults follow the 2022 winner: mild colour, rotation to 25°."""

    flip: float = 0.5
    """Probability of mirroring the photo and exchanging its left and right labels."""
    rotation: float = 25.0
    """Largest angle in degrees, either way."""
    rotation_probability: float = 0.5
    scale: tuple[float, float] = (0.85, 1.25)
    """Smallest and largest magnification."""
    stretch: float = 0.05
    """Largest relative difference between the magnifications of width and height."""
    shift: float = 0.06
    """Largest displacement as a fraction of the side, in each direction."""
    brightness: float = 16.0
    """Largest grey levels added or taken (of 255)."""
    contrast: tuple[float, float] = (0.75, 1.25)
    saturation: tuple[float, float] = (0.75, 1.25)
    hue: float = 18.0
    """Largest turn of the colour circle in degrees."""
    color_probability: float = 0.5
    """Probability of each of brightness, contrast, saturation and hue."""


NO_AUGMENTATION = AugmentConfig(
    flip=0.0, rotation=0.0, scale=(1.0, 1.0), stretch=0.0, shift=0.0, color_probability=0.0
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What happens to each of `num` samples."""

    affine: Float32[np.ndarray, "num 2 3"]
    """From an output position to the source's, both in [-1, 1] edge to edge (as `torch.nn.functional.affine_grid`)."""
    mirrored: Bool[np.ndarray, "num"]
    """Whether left and right labels are exchanged."""
    color: Float32[np.ndarray, "num 3 4"]
    """From RGB and 1 to RGB, in grey levels 0-255."""


def draw_plan(config: AugmentConfig, num: int, random: np.random.Generator) -> Plan:
    """Draw what happens to `num` samples."""
    affines = np.empty((num, 2, 3), np.float32)
    colors = np.empty((num, 3, 4), np.float32)
    mirrored = random.random(num) < config.flip
    for i in range(num):
        affines[i] = _draw_affine(config, bool(mirrored[i]), random)
        colors[i] = _draw_color(config, random)
    return Plan(affines, mirrored, colors)


def _draw_affine(config: AugmentConfig, mirrored: bool, random: np.random.Generator) -> np.ndarray:
    turned = random.random() < config.rotation_probability
    angle = np.deg2rad(random.uniform(-config.rotation, config.rotation)) * turned
    scale = np.exp(random.uniform(*np.log(config.scale)))
    stretch = 1 + random.uniform(-config.stretch, config.stretch)
    shift = random.uniform(-config.shift, config.shift, 2) * 2
    cos, sin = np.cos(angle), np.sin(angle)
    # Output to source: the inverse of mirror, stretch and scale, turn, shift in this order
    shape = np.diag([(-1.0 if mirrored else 1.0) / (scale * stretch), 1.0 / scale])
    linear = shape @ np.array([[cos, sin], [-sin, cos]])
    return np.concatenate([linear, (-linear @ shift)[:, None]], axis=1)


def _draw_color(config: AugmentConfig, random: np.random.Generator) -> np.ndarray:
    chosen = random.random(4) < config.color_probability
    matrix, offset = np.eye(3), np.zeros(3)
    brightness = random.uniform(-config.brightness, config.brightness) * chosen[0]
    contrast = random.uniform(*config.contrast) if chosen[1] else 1.0
    saturation = random.uniform(*config.saturation) if chosen[2] else 1.0
    hue = np.deg2rad(random.uniform(-config.hue, config.hue)) if chosen[3] else 0.0
    grey = np.tile(LUMA, (3, 1))
    matrix = contrast * (saturation * np.eye(3) + (1 - saturation) * grey) @ _hue_rotation(hue)
    offset += brightness
    return np.concatenate([matrix, offset[:, None]], axis=1)


def _hue_rotation(angle: float) -> np.ndarray:
    """Turn colours about the grey axis (Rodrigues' formula); grey stays grey."""
    axis = np.full(3, 1 / np.sqrt(3))
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.cos(angle) * np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * np.outer(axis, axis)


def apply_opencv(
    plan: Plan, images: Images | Sequence[Image], labels: LabelMaps | Sequence[Labels], size: int
) -> tuple[UInt8[np.ndarray, "num {size} {size} 3"], UInt8[np.ndarray, "num {size} {size}"]]:
    """Carry out a plan on uint8 samples of one size; outputs are `size` by `size`.

    What lies outside the source is ignored (255) in the labels, and as black as brightness leaves it in the image.
    """
    num, (height, width) = len(labels), labels[0].shape
    out_images = np.empty((num, size, size, 3), np.uint8)
    out_labels = np.empty((num, size, size), np.uint8)
    # OpenCV resamples four channels in a third of the time that it takes for three
    source, turned = np.empty((height, width, 4), np.uint8), np.empty((size, size, 4), np.uint8)
    exchange = mirror_lookup()
    linear, nearest = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR, cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
    for i in range(num):
        matrix = _to_pixels(plan.affine[i], (height, width), size)
        cv2.cvtColor(images[i], cv2.COLOR_RGB2RGBA, dst=source)
        cv2.warpAffine(source, matrix, (size, size), dst=turned, flags=linear)
        cv2.cvtColor(turned, cv2.COLOR_RGBA2RGB, dst=out_images[i])
        if not np.array_equal(plan.color[i], np.eye(3, 4)):
            cv2.transform(out_images[i], plan.color[i], dst=out_images[i])
        cv2.warpAffine(labels[i], matrix, (size, size), dst=out_labels[i], flags=nearest, borderValue=IGNORE_LABEL)
        if plan.mirrored[i]:
            cv2.LUT(out_labels[i], exchange, dst=out_labels[i])
    return out_images, out_labels


def _to_pixels(affine: np.ndarray, source: tuple[int, int], size: int) -> np.ndarray:
    """The map between edge-to-edge coordinates as one between pixel indices, whose centres are whole numbers."""
    height, width = source
    half = np.array([width, height]) / 2
    linear = affine[:, :2] * half[:, None] * (2 / size)
    # index x <-> coordinate (2x + 1)/size - 1
    offset = affine[:, 2] * half + half - 0.5 + affine[:, :2] @ np.full(2, 1 / size - 1) * half
    return np.concatenate([linear, offset[:, None]], axis=1)


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
    grid = F.affine_grid(torch.from_numpy(plan.affine).to(device), [num, 3, size, size], align_corners=False)
    rgb = images.permute(0, 3, 1, 2).float()
    rgb = F.grid_sample(rgb, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    color = torch.from_numpy(plan.color).to(device)
    rgb = torch.einsum("nij,njhw->nihw", color[:, :, :3], rgb) + color[:, :, 3, None, None]
    # 255 is shifted to 0 so that what lies outside comes back as ignored
    shifted = (labels[:, None].float() + (256 - IGNORE_LABEL)) % 256
    ids = F.grid_sample(shifted, grid, mode="nearest", padding_mode="zeros", align_corners=False)[:, 0]
    ids = (ids - (256 - IGNORE_LABEL)) % 256
    exchange = torch.from_numpy(mirror_lookup()).to(device)
    mirrored = torch.from_numpy(plan.mirrored).to(device)[:, None, None]
    ids = ids.round().long()
    ids = torch.where(mirrored, exchange[ids].long(), ids)
    return rgb.clamp(0, 255) / 255, ids.to(torch.uint8)
