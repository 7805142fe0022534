"""Smoothing over time: noise is averaged away where nothing moves, and what moves leaves no trail."""

import itertools

import numpy as np
import pytest

from faceparse.classes import NUM_CLASSES
from faceparse.errors import UsageError
from faceparse.infer.smoothing import SmoothingConfig

HEIGHT, WIDTH = 24, 32


def noisy(labels: np.ndarray, seed: int) -> np.ndarray:
    """Probabilities of a network that doubts: the right class leads by little, and noise changes some pixels."""
    values = np.random.default_rng(seed).normal(0, 1, (NUM_CLASSES, *labels.shape)).astype(np.float32)
    np.put_along_axis(values, labels[None], np.take_along_axis(values, labels[None], axis=0) + 3, axis=0)
    values = np.exp(values)
    return values / values.sum(axis=0)


def square(left: int) -> np.ndarray:
    labels = np.zeros((HEIGHT, WIDTH), int)
    labels[6:18, left : left + 10] = 1
    return labels


def picture(labels: np.ndarray, seed: int, noise: float = 2.0) -> np.ndarray:
    grey = np.where(labels == 1, 180, 60)[..., None] + np.random.default_rng(seed).normal(0, noise, (*labels.shape, 3))
    return grey.clip(0, 255).astype(np.uint8)


def changing(label_maps: list[np.ndarray]) -> float:
    """Share of pixels whose label changes from one frame to the next."""
    return float(np.mean([(a != b).mean() for a, b in itertools.pairwise(label_maps)]))


def run(strength: float, scenes: list[np.ndarray]) -> list[np.ndarray]:
    smooth = SmoothingConfig(strength=strength).build()
    return [
        smooth(noisy(labels, seed), picture(labels, seed + 500), seed / 25).argmax(axis=0)
        for seed, labels in enumerate(scenes)
    ]


def test_a_still_noisy_scene_flickers_far_less_and_is_parsed_better():
    still = [square(10)] * 30
    plain, steady = run(0.0, still), run(0.8, still)
    assert changing(steady[5:]) < changing(plain[5:]) / 4
    assert np.mean(steady[-1] != square(10)) < np.mean(plain[-1] != square(10)) / 4


def test_what_moves_leaves_no_trail():
    moving = [square(index) for index in range(1, 20)]
    steady = run(0.9, moving)
    for truth, labels in zip(moving, steady, strict=True):
        left = int(np.flatnonzero(truth.any(axis=0))[0])
        trail = labels[8:16, max(0, left - 3) : left]  # where the square has just been
        assert (trail == 1).mean() <= 0.1


def test_nothing_is_smoothed_at_strength_0_nor_after_a_cut():
    smooth = SmoothingConfig(strength=0.0).build()
    for seed in range(3):
        seen = noisy(square(5), seed)
        np.testing.assert_array_equal(smooth(seen, picture(square(5), 9), seed / 25), seen)
    smooth = SmoothingConfig(strength=0.9).build()
    smooth(noisy(square(5), 0), picture(square(5), 0), 0.0)
    after_cut = noisy(square(9), 1)
    np.testing.assert_array_equal(smooth(after_cut, 255 - picture(square(5), 0), 0.04), after_cut)


def test_probabilities_stay_probabilities():
    smooth = SmoothingConfig(strength=0.7).build()
    for seed in range(5):
        seen = smooth(noisy(square(seed), seed), picture(square(seed), seed), seed / 25)
        np.testing.assert_allclose(seen.sum(axis=0), 1, atol=1e-5)
        assert seen.dtype == np.float32


def test_frames_further_apart_keep_less_of_the_past():
    def kept(step: float) -> float:
        smooth = SmoothingConfig(strength=0.8).build()
        still, image = np.zeros((NUM_CLASSES, 4, 4), np.float32), np.zeros((4, 4, 3), np.uint8)
        still[0] = 1
        smooth(still, image, 0.0)
        return float(smooth(1 - still, image, step)[0].mean())

    assert kept(1 / 25) == pytest.approx(0.8)
    assert kept(2 / 25) == pytest.approx(0.64)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_a_strength_out_of_range_is_refused(strength: float):
    with pytest.raises(UsageError, match="a number from 0"):
        SmoothingConfig(strength=strength).build()
