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
FIRST_AFFINE = [[-1.0806468, 0.0197577, -0.0996804], [0.0202212, 1.1059963, 0.0307472]]
"""What the defaults draw for the first of five samples from seed 3; a run that is resumed relies on it."""


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
@given(seed=st.integers(0, 10_000), size=st.sampled_from([16, 24, 32, 48, 72]))
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


@pytest.mark.parametrize("size", [16, 20, 24, 27, 36])
def test_training_shows_photos_as_sharp_as_parsing_does(size):
    noise = np.random.default_rng(0).integers(0, 256, (1, SIZE, SIZE, 3), dtype=np.uint8)
    plan = draw_plan(NO_AUGMENTATION, 1, np.random.default_rng(0))
    trained_on, _ = apply_opencv(plan, noise, np.zeros((1, SIZE, SIZE), np.uint8), size)
    parsed = torch.from_numpy(noise).permute(0, 3, 1, 2).float()
    parsed = torch.nn.functional.interpolate(parsed, (size, size), mode="bilinear", antialias=True)
    assert trained_on.std() == pytest.approx(parsed.numpy().std(), rel=0.25)


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


def test_what_lies_outside_may_be_background_instead():
    images, labels = _source()
    plan = replace(draw_plan(NO_AUGMENTATION, 3, np.random.default_rng(0)), outside=0)
    plan.affine[:, 0, 2] += 1
    _, by_opencv = apply_opencv(plan, images, labels, SIZE)
    _, by_torch = apply_torch(plan, torch.from_numpy(images), torch.from_numpy(labels), SIZE)
    assert (by_opencv[:, :, SIZE // 2 :] == 0).all()
    assert np.array_equal(by_torch.numpy(), by_opencv)
    assert (by_opencv[:, :, : SIZE // 2] == labels[:, :, SIZE // 2 :]).all()


def test_a_window_lies_within_the_photo_and_may_lie_anywhere_there():
    config = replace(NO_AUGMENTATION, crop=True, scale=(1.0, 1.2), flip=0.5)
    plan = draw_plan(config, 200, np.random.default_rng(0))
    half, center = np.abs(np.diagonal(plan.affine[:, :, :2], axis1=1, axis2=2)), plan.affine[:, :, 2]
    assert (np.abs(center) + half <= 1 + 1e-6).all()
    assert (np.abs(center) > 0.9 * (1 - half)).any()
    assert 1 / 1.2 - 1e-6 <= half.min() < 0.85
    images, labels = _source(num=200)
    assert not (apply_opencv(plan, images, labels, SIZE)[1] == 255).any()


def test_windows_are_chosen_so_that_no_class_takes_more_than_its_share():
    labels = np.zeros((SIZE, SIZE), np.uint8)
    labels[:, 32:] = 13
    labels[:12] = 255
    config = replace(NO_AUGMENTATION, crop=True, scale=(1.5, 1.5), cat_max_ratio=0.75)
    shares = {}
    for ratio in (0.75, 1.0):
        plan = draw_plan(replace(config, cat_max_ratio=ratio), 100, np.random.default_rng(0), [labels] * 100)
        _, windows = apply_opencv(plan, np.zeros((100, SIZE, SIZE, 3), np.uint8), np.stack([labels] * 100), SIZE)
        shares[ratio] = np.array([(w == 0).sum() / (w != 255).sum() for w in windows])
    # of eleven windows, half of which would do, one is found nearly always
    assert (shares[0.75] < 0.77).mean() > 0.95
    assert (shares[1.0] < 0.77).mean() < 0.7


def test_holes_are_black_in_the_image_and_leave_its_labels():
    images, labels = _source(num=40)
    images = images.clip(1)
    config = replace(NO_AUGMENTATION, cutout=0.5, cutout_holes=(1, 2), cutout_sides=(0.25,))
    plan = draw_plan(config, 40, np.random.default_rng(0))
    by_opencv, labels_after = apply_opencv(plan, images, labels, SIZE)
    by_torch, _ = apply_torch(plan, torch.from_numpy(images), torch.from_numpy(labels), SIZE)
    holes = (by_opencv == 0).all(-1)
    assert np.array_equal(holes, (by_torch == 0).all(1).numpy())
    assert np.array_equal(labels_after, labels)
    assert np.array_equal(by_opencv[~holes], images[~holes])
    sizes = holes.sum((1, 2))
    assert 0.3 < (sizes > 0).mean() < 0.7
    assert sizes.max() <= 2 * (SIZE // 4 + 1) ** 2


def test_new_ways_to_vary_leave_the_draws_of_the_old_ones_as_they_were():
    old = draw_plan(AugmentConfig(), 5, np.random.default_rng(3))
    new = draw_plan(replace(AugmentConfig(), cutout=1.0, outside="background"), 5, np.random.default_rng(3))
    assert np.array_equal(old.affine, new.affine)
    assert np.array_equal(old.color, new.color)
    assert old.affine[0] == pytest.approx(np.array(FIRST_AFFINE), abs=1e-6)


def test_a_share_of_a_batch_is_what_the_whole_batch_has_there():
    _, labels = _source(num=4)
    config = replace(AugmentConfig(), crop=True, scale=(1.0, 1.3), cat_max_ratio=0.3, cutout=1.0)
    whole = draw_plan(config, 4, np.random.default_rng(0), labels)
    share = draw_plan(config, 4, np.random.default_rng(0), labels[2:], range(2, 4))
    for name in ("affine", "mirrored", "color", "holes"):
        assert np.array_equal(getattr(share, name), getattr(whole, name)[2:])
