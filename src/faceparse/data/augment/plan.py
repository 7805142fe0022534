"""What happens to samples: how far it may go, and the plan that is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from faceparse.classes import IGNORE_LABEL
from faceparse.types import LabelMaps, Labels

_NUM_TRIES = 10
"""Of windows in which one class must not take more than its share; then any is taken."""

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
    crop: bool = False
    """Displace the magnified photo so that the sample is a window anywhere within it, rather than by `shift`."""
    cat_max_ratio: float = 1.0
    """Largest share of a window's labelled pixels that one class may take; ten others are tried for one that does."""
    outside: Literal["ignore", "background"] = "ignore"
    """What a sample's label is where the photo has no pixels; the image is black there."""
    brightness: float = 16.0
    """Largest grey levels added or taken (of 255)."""
    contrast: tuple[float, float] = (0.75, 1.25)
    saturation: tuple[float, float] = (0.75, 1.25)
    hue: float = 18.0
    """Largest turn of the colour circle in degrees."""
    color_probability: float = 0.5
    """Probability of each of brightness, contrast, saturation and hue."""
    paste: float = 0.0
    """Probability of hair, cloth or accessories of another face being laid over a sample (`paste.py`)."""
    cutout: float = 0.0
    """Probability of black holes in the image; its labels stay (DeVries and Taylor, 2017)."""
    cutout_holes: tuple[int, int] = (1, 3)
    """Fewest and most of them."""
    cutout_sides: tuple[float, ...] = (0.0625, 0.125)
    """Sides of the square holes as fractions of the sample's: 32 and 64 of 512. One is drawn for each."""

    def faults(self) -> list[str]:
        """What cannot work, in a user's words; empty where nothing is wrong."""
        faults = []
        if min(self.scale) <= 0:
            faults.append("augment.scale must be above 0")
        if not 0 < self.cat_max_ratio <= 1:
            faults.append(f"augment.cat_max_ratio is {self.cat_max_ratio}, where above 0 and at most 1 is needed")
        elif self.cat_max_ratio < 1 and not self.crop:
            faults.append("augment.cat_max_ratio chooses among windows, which augment.crop must ask for")
        if self.crop and min(self.scale) < 1:
            faults.append("augment.scale must be at least 1 where augment.crop takes a window of the magnified photo")
        if not 0 <= self.paste <= 1:
            faults.append(f"augment.paste is {self.paste}, where a probability from 0 to 1 is needed")
        if not 0 <= self.cutout_holes[0] <= self.cutout_holes[1] <= 100:
            faults.append("augment.cutout_holes must be a fewest and a most of at most 100")
        if not self.cutout_sides or not all(0 < side <= 1 for side in self.cutout_sides):
            faults.append("augment.cutout_sides must be above 0 and at most 1")
        return faults


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
    holes: Float32[np.ndarray, "num holes 4"] | None = None
    """Left, top, right and bottom of what is blackened, in the coordinates of the output; without extent where a sample
    has fewer."""
    outside: int = IGNORE_LABEL
    """Label of what lies outside the source."""


def draw_plan(
    config: AugmentConfig,
    num: int,
    random: np.random.Generator,
    labels: LabelMaps | Sequence[Labels] | None = None,
    chosen: range | None = None,
) -> Plan:
    """Draw what happens to `num` samples.

    Args:
        labels: of the chosen samples; asked for where `cat_max_ratio` is below 1.
        chosen: those of the samples that the plan is to hold, if not all. What happens to one does not depend on it.
    """
    chosen = range(num) if chosen is None else chosen
    affines = np.empty((num, 2, 3), np.float32)
    colors = np.empty((num, 3, 4), np.float32)
    mirrored = random.random(num) < config.flip
    for i in range(num):
        affines[i] = _draw_affine(config, bool(mirrored[i]), random)
        colors[i] = _draw_color(config, random)
    holes = None
    if config.crop or config.cutout:
        # Streams of their own, so that what the one above draws for a seed has not changed since there were neither
        crops, cuts = random.spawn(num), random.spawn(num)
        if config.crop:
            for at, i in enumerate(chosen):
                affines[i, :, 2] = _draw_window(config, affines[i], None if labels is None else labels[at], crops[i])
        if config.cutout:
            holes = np.stack([_draw_holes(config, cut) for cut in cuts])
    outside = IGNORE_LABEL if config.outside == "ignore" else 0
    own = slice(chosen.start, chosen.stop)
    return Plan(affines[own], mirrored[own], colors[own], None if holes is None else holes[own], outside)


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


def _draw_window(
    config: AugmentConfig, affine: np.ndarray, labels: Labels | None, random: np.random.Generator
) -> np.ndarray:
    """Centre of a window within the source, which then is turned and mirrored about it (MMSegmentation's RandomCrop).

    Where a window is turned its corners show the photo around it, which MMSegmentation has cut off by then.
    """
    # Rows of the linear part are the source's axes; their lengths are the window's half sides
    half = np.minimum(np.linalg.norm(affine[:, :2], axis=1), 1)
    for _ in range(_NUM_TRIES):
        center = random.uniform(half - 1, 1 - half)
        if config.cat_max_ratio == 1 or _is_mixed(labels, center, half, config.cat_max_ratio):
            break
    else:
        center = random.uniform(half - 1, 1 - half)
    return center


def _is_mixed(labels: Labels | None, center: np.ndarray, half: np.ndarray, largest: float) -> bool:
    """Whether a window has labels of two classes or more, none of which takes more than its share."""
    assert labels is not None, "cat_max_ratio needs the labels"
    size = np.array(labels.shape)[::-1]
    left, top = np.round((center - half + 1) / 2 * size).astype(int)
    right, bottom = np.round((center + half + 1) / 2 * size).astype(int)
    window = np.ascontiguousarray(labels[top:bottom, left:right])
    counts = cv2.calcHist([window], [0], None, [IGNORE_LABEL], [0, IGNORE_LABEL])
    return bool(np.count_nonzero(counts) > 1 and counts.max() < largest * counts.sum())


def _draw_holes(config: AugmentConfig, random: np.random.Generator) -> np.ndarray:
    """As MMSegmentation's RandomCutOut: corners anywhere in the sample, holes cut off at its right and bottom."""
    fewest, most = config.cutout_holes
    holes = np.zeros((most, 4), np.float32)
    if random.random() < config.cutout:
        num = random.integers(fewest, most, endpoint=True)
        sides = random.choice(config.cutout_sides, (num, 1))
        holes[:num, :2] = random.uniform(-1, 1, (num, 2))
        holes[:num, 2:] = np.minimum(holes[:num, :2] + 2 * sides, 1)
    return holes


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
