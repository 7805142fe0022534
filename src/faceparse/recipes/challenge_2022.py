"""What the 2022 reports' recipes have in common: their losses, augmentations and schedules."""

from dataclasses import replace
from typing import Literal

from faceparse.config import RunConfig
from faceparse.data.augment import NO_AUGMENTATION, AugmentConfig
from faceparse.losses import LossConfig
from faceparse.models import CONFIGS
from faceparse.optim import OptimizerConfig

CROSS_ENTROPY = LossConfig(dice=0.0)

LOG_FREQUENCY_WEIGHTS = (
    1.8050, 1.9760, 5.6004, 8.5621, 8.8014, 8.8059, 7.8778, 7.9143, 7.7323, 8.0199,
    8.3939, 7.9185, 7.2026, 1.6725, 6.6950, 8.7228, 12.7002, 4.6004, 4.8802,
)  # fmt: skip
"""log2(all pixels / pixels of the class) over the 5,000 training pairs, of the report on weighted cross-entropy."""

MEAN_LOG_FREQUENCY_WEIGHT = 2.4037
"""Of a pixel there: by so much MMSegmentation's weighted cross-entropy, which it does not divide by, exceeds ours."""

WINNER_WEIGHTS = (
    0.95, 0.95, 0.95, 1.0, 1.0, 1.0, 1.05, 1.05, 1.05, 1.05, 1.0, 1.0, 1.0, 0.95, 1.05, 1.5, 2.0, 1.0, 1.05,
)  # fmt: skip

WINNER_LOSS = LossConfig(dice=0.0, lovasz=2.0, class_weights=WINNER_WEIGHTS)

WINNER_AUGMENTATION = AugmentConfig(scale=(1.0, 1.2), stretch=0.0, shift=0.0, crop=True, cat_max_ratio=0.75,
                                    outside="background")  # fmt: skip
"""Rotation to 25° in half of the samples, magnification to 1.2 with a crop back, brightness 16, contrast and saturation
.75 to 1.25, hue 9 of OpenCV's 180. The doubling of the training set by label-swapping flips is a flip in half of the
samples."""

WINNER_MEAN, WINNER_STD = (132.529, 106.677, 92.839), (77.060, 69.735, 68.295)
"""Of the 5,000 photos' RGB, read at 32×32: the winner normalised by these and not by ImageNet's."""

MILD_JITTER = replace(NO_AUGMENTATION, outside="background", brightness=16.0, contrast=(0.75, 1.25),
                      saturation=(0.75, 1.25), hue=18.0, color_probability=0.5)  # fmt: skip
"""The winner's colours alone, each in half of the samples: the ground of its ablations."""

BASELINE_MEAN, BASELINE_STD = (132.462, 106.684, 92.875), (77.231, 69.899, 68.401)
"""Of the photos' RGB, by which the winner normalised in its ablations."""

FLIPS = replace(NO_AUGMENTATION, flip=0.5)


def sgd(**changes: object) -> OptimizerConfig:
    """MMSegmentation's schedules for residual networks: SGD .01, momentum .9, poly .9 down to 1e-4."""
    base = OptimizerConfig(kind="sgd", learning_rate=0.01, weight_decay=5e-4, schedule="poly", power=0.9,
                           warmup_steps=0, final_ratio=0.01)  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def adamw(learning_rate: float = 6e-5, weight_decay: float = 0.01, **changes: object) -> OptimizerConfig:
    """MMSegmentation's schedules for transformers: AdamW, 1,500 steps of warm-up from 1e-6 of the rate, then linear."""
    base = OptimizerConfig(kind="adamw", learning_rate=learning_rate, weight_decay=weight_decay, schedule="poly",
                           power=1.0, warmup_steps=1500, warmup_ratio=1e-6, final_ratio=0.0)  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def report_run(
    recipe: str,
    model: str,
    steps: int,
    optimizer: OptimizerConfig,
    *,
    loss: LossConfig = CROSS_ENTROPY,
    augment: AugmentConfig = NO_AUGMENTATION,
    batch_size: int = 4,
    clip_norm: float = 0.0,
    pretraining: Literal["none", "imagenet-1k", "imagenet-21k"] = "imagenet-1k",
    input_mean: tuple[float, ...] = (),
    input_std: tuple[float, ...] = (),
) -> RunConfig:
    """A run at 512² in ten parts, each with an evaluation, and no average of weights: as the reports trained.

    Args:
        clip_norm: K-Net's schedule alone shortens gradients.
        pretraining: what the backbone may have been trained on; 2022's rules exclude ImageNet-21k.
    """
    return RunConfig(
        recipe=recipe,
        steps=steps,
        batch_size=batch_size,
        image_size=512,
        eval_every=steps // 10,
        save_every=steps // 40,
        log_every=50,
        clip_norm=clip_norm,
        input_mean=input_mean,
        input_std=input_std,
        pretraining=pretraining,
        average_decay=0.0,
        model=CONFIGS[model],
        augment=augment,
        loss=loss,
        optimizer=optimizer,
    )
