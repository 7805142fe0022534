"""Random textures that do not depend on the picture's size: drawn on a small grid, then enlarged smoothly."""

import cv2
import numpy as np
from jaxtyping import Float32

Plane = Float32[np.ndarray, "height width"]


def smooth_noise(rng: np.random.Generator, cells: tuple[int, int], shape: tuple[int, int]) -> Plane:
    """Values of mean 0 and about unit spread, with `cells` (rows, columns) bumps over `shape` (rows, columns)."""
    grid = rng.standard_normal(cells, np.float32)
    return cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def rough_noise(rng: np.random.Generator, cells: tuple[int, int], shape: tuple[int, int], octaves: int = 4) -> Plane:
    """Smooth noise summed over octaves, each twice as fine and half as strong: clouds, cloth, skin."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        fine = (cells[0] << octave, cells[1] << octave)
        total += smooth_noise(rng, fine, shape) * 0.5**octave
    return total


def smoothstep(low: float, high: float, values: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, a smooth ramp between; falls where `low` is above `high`."""
    ramp = np.clip((values - low) / (high - low), 0, 1)
    return ramp * ramp * (3 - 2 * ramp)
