"""Colours of people: tones of skin, hair and lips between which a face's own is drawn. RGB in [0, 1]."""

from collections.abc import Sequence

import numpy as np

SKIN_TONES = np.array(
    [
        (0.97, 0.81, 0.73),
        (0.95, 0.75, 0.64),
        (0.91, 0.68, 0.55),
        (0.86, 0.61, 0.46),
        (0.75, 0.53, 0.39),
        (0.62, 0.41, 0.29),
        (0.46, 0.29, 0.20),
        (0.31, 0.19, 0.13),
    ]
)
HAIR_TONES = np.array(
    [
        (0.07, 0.06, 0.06),
        (0.13, 0.085, 0.06),
        (0.22, 0.14, 0.09),
        (0.35, 0.24, 0.15),
        (0.58, 0.44, 0.27),
        (0.78, 0.67, 0.48),
        (0.45, 0.20, 0.10),
        (0.45, 0.43, 0.41),
        (0.72, 0.71, 0.69),
    ]
)
LIP_TONES = np.array(
    [(0.75, 0.1, 0.14), (0.55, 0.08, 0.15), (0.85, 0.35, 0.42), (0.8, 0.45, 0.4), (0.9, 0.3, 0.5), (0.6, 0.3, 0.28)]
)


def pick(
    rng: np.random.Generator, tones: np.ndarray, spread: float, weights: Sequence[float | int] | None = None
) -> np.ndarray:
    """A colour between a tone and its neighbour in the list, with some spread."""
    odds = np.ones(len(tones)) if weights is None else np.asarray(weights, np.float64)
    at = int(rng.choice(len(tones), p=odds / odds.sum()))
    other = min(at + 1, len(tones) - 1)
    mix = rng.random() * 0.8
    return np.clip(
        tones[at] * (1 - mix) + tones[other] * mix + rng.normal(0, spread / 2) + rng.normal(0, spread / 3, 3),
        0.02,
        0.98,
    )


def random_color(rng: np.random.Generator, vivid: float = 1.0) -> np.ndarray:
    """Any colour, greyish ones more often than bright ones."""
    grey = rng.random()
    return np.clip(grey + (rng.random(3) - 0.5) * rng.random() ** 1.5 * 1.6 * vivid, 0.02, 0.98)
