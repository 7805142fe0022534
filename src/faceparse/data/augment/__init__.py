"""Augmentation in two parts: a *plan* is drawn, then carried out.

A plan holds one affine map, one colour map and some holes a sample, each composed of everything that happens to it, so
that pixels are resampled once and recoloured once. Two executors carry out the same plan: OpenCV on uint8 for training
on a CPU, torch on batched tensors for a GPU. They agree to about one grey level but for rounding at label borders.
"""

from .executors import apply_opencv, apply_torch
from .paste import Paste, classes_present, draw_pastes, paste
from .plan import NO_AUGMENTATION, AugmentConfig, Plan, draw_plan

__all__ = [
    "NO_AUGMENTATION",
    "AugmentConfig",
    "Paste",
    "Plan",
    "apply_opencv",
    "apply_torch",
    "classes_present",
    "draw_pastes",
    "draw_plan",
    "paste",
]
