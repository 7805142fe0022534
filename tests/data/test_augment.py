"""A plan does what it says to photo and labels alike, whoever carries it out."""

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from faceparse.classes import MIRROR
from faceparse.data.augment import NO_AUGMENTATION, AugmentConfig, Plan, apply_opencv, apply_torch, draw_plan

SIZE = 48


def _source(seed: int = 0, num: int = 3):
    random = np.random.default_rng(seed)
    # smooth, as photos are: at sharp edges two interpolations may differ by more than rounding
    coarse = random.integers(0, 256, (num, 6, 6, 3)).astype(np.float32)
    images = torch.nn.functional.interpolate(torch.from_numpy(coarse).permute(0, 3, 1, 2), SIZE, mode="bicubic")
    images = images.clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    labels = random.integers(0, 19, (num, 6, 6), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    return np.ascontiguousarray(images), labels


def test_without_augmentation_nothing_changes():
    images, labels = _source()
    plan = draw_plan(NO_AUGMENTATION, 3, np.random.default_rng(0))
    out_images, out_labels = apply_opencv(plan, images, labels, SIZE)
    assert np.array_equal(out_images, images)
    assert np.array_equal(out_labels, labels)


def test_a_flip_mirrors_the_photo_and_exchanges_left_and_right():
    images, labels = _source()
    plan = draw_plan(replace(NO_AUGMENTATION, flip=1.0), 3, np.random.default_rng(0))
    out_images, out_labels = apply_opencv(plan, images, labels, SIZE)
    assert np.array_equal(out_images, images[:, :, ::-1])
    assert np.array_equal(out_labels, MIRROR[labels[:, :, ::-1]])


def test_two_flips_are_none():
    images, labels = _source()
    plan = draw_plan(replace(NO_AUGMENTATION, flip=1.0), 3, np.random.default_rng(0))
    once = apply_opencv(plan, images, labels, SIZE)
    twice = apply_opencv(plan, *once, SIZE)
    assert np.array_equal(twice[0], images)
    assert np.array_equal(twice[1], labels)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.sampled_from([32, 48, 72]))
def test_opencv_and_torch_carry_out_the_same_plan(seed, size):
    images, labels = _source(seed)
    plan = draw_plan(AugmentConfig(), 3, np.random.default_rng(seed))
    by_opencv, opencv_labels = apply_opencv(plan, images, labels, size)
    by_torch, torch_labels = apply_torch(plan, torch.from_numpy(images), torch.from_numpy(labels), size)
    difference = np.abs(by_opencv.astype(int) - (by_torch * 255).round().permute(0, 2, 3, 1).numpy())
    inside = opencv_labels != 255
    assert np.percentile(difference[inside], 99) <= 2
    # nearest neighbour may fall either way where a position lies on a border between pixels
    assert (opencv_labels != torch_labels.numpy()).mean() < 0.01


def test_what_lies_outside_the_photo_is_black_and_ignored():
    images, labels = _source()
    plan = draw_plan(NO_AUGMENTATION, 3, np.random.default_rng(0))
    shifted = Plan(plan.affine + np.array([[0, 0, 1.0], [0, 0, 0]], np.float32), plan.mirrored, plan.color)
    for out_images, out_labels in (
        apply_opencv(shifted, images, labels, SIZE),
        [x.numpy() for x in apply_torch(shifted, torch.from_numpy(images), torch.from_numpy(labels), SIZE)],
    ):
        assert (out_labels[:, :, SIZE // 2 :] == 255).all()
        assert (out_labels[:, :, : SIZE // 2] == labels[:, :, SIZE // 2 :]).all()
        black = out_images[:, :, SIZE // 2 + 1 :] if out_images.shape[-1] == 3 else out_images[..., SIZE // 2 + 1 :]
        assert not black.any()


def test_labels_move_with_what_they_label():
    images = np.zeros((1, 200, 200, 3), np.uint8)
    labels = np.zeros((1, 200, 200), np.uint8)
    images[0, 60:110, 120:150] = 255
    labels[0, 60:110, 120:150] = 4
    for seed in range(20):
        plan = draw_plan(replace(AugmentConfig(), color_probability=0.0), 1, np.random.default_rng(seed))
        out_images, out_labels = apply_opencv(plan, images, labels, 200)
        part = 5 if plan.mirrored[0] else 4
        bright = out_images[0, ..., 0] > 127
        assert ((out_labels[0] == part) != bright).sum() < 0.03 * bright.sum()


def test_colour_changes_keep_grey_grey_unless_brightness_moves_it():
    config = replace(NO_AUGMENTATION, color_probability=1.0, brightness=0.0, contrast=(1.0, 1.0))
    plan = draw_plan(config, 5, np.random.default_rng(0))
    grey = plan.color[:, :, :3] @ np.full(3, 100.0)
    assert grey == pytest.approx(100.0, abs=1e-3)
    assert not np.allclose(plan.color[:, :, :3], np.eye(3))


def test_the_same_seed_draws_the_same_plan():
    one, other = (draw_plan(AugmentConfig(), 4, np.random.default_rng((7, 1, 5))) for _ in range(2))
    assert np.array_equal(one.affine, other.affine)
    assert np.array_equal(one.color, other.color)


def test_angles_stay_within_the_limit_and_half_the_samples_are_upright():
    config = replace(NO_AUGMENTATION, rotation=25.0, rotation_probability=0.5)
    plan = draw_plan(config, 400, np.random.default_rng(0))
    angles = np.rad2deg(np.arctan2(plan.affine[:, 0, 1], plan.affine[:, 0, 0]))
    assert np.abs(angles).max() <= 25.0
    assert np.abs(angles).max() > 20.0
    assert 0.4 < (angles == 0).mean() < 0.6
