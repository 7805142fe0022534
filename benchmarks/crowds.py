"""Crowds with exact truth: people cut out of aligned pairs and pasted, turned, scaled and darkened.

The person (whatever is not background in the label map) is pasted, not the square around it, so that no straight edge
gives a face away. Where the square cuts a person off, so does the paste: that is less natural than a photo.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from faceparse.data.synthetic.backdrop import paint_backdrop
from faceparse.data.synthetic.scene import sample_scene

IGNORED = 255


class Case(NamedTuple):
    """How faces are pasted into one kind of photo."""

    num_faces: int
    sides: tuple[int, int]
    """Least and largest side of the aligned square, in pixels; a face's own width is about half of it."""
    degrees: tuple[int, int] = (-15, 15)
    light: tuple[float, float] = (1.0, 1.0)
    apart: float = 0.75
    """Least distance between two squares' middles, in sides."""
    size: tuple[int, int] = (1200, 900)


CASES = {
    "upright": Case(5, (240, 400)),
    "turned 30-60°": Case(5, (240, 400), (30, 60)),
    "on their side 60-120°": Case(5, (240, 400), (60, 120)),
    "upside-down 150-210°": Case(5, (240, 400), (150, 210)),
    "small, 64-110": Case(10, (64, 110)),
    "tiny, 32-64": Case(10, (32, 64)),
    "large, 700-850": Case(1, (700, 850)),
    "dark, 10-25 % of the light": Case(5, (240, 400), light=(0.1, 0.25)),
    "crowded": Case(14, (200, 300), apart=0.4),
}


class Pasted(NamedTuple):
    """One face of a crowd."""

    index: int
    """Of its pair."""
    to_photo: np.ndarray
    """2×3: from the aligned picture's pixels to the photo's."""
    side: float


class Crowd(NamedTuple):
    """A photo with everything known about it."""

    image: np.ndarray
    labels: np.ndarray
    owner: np.ndarray
    """Which of `faces` a pixel belongs to; -1 is the backdrop."""
    faces: list[Pasted]


def compose(pairs: Sequence[tuple[np.ndarray, np.ndarray]], indices: Sequence[int], case: Case, seed: int) -> Crowd:
    """Paste pairs into one photo, one after another; those that find no room are left out."""
    draw = np.random.default_rng(seed)
    width, height = case.size
    backdrop = paint_backdrop(sample_scene(draw), max(width, height))[:height, :width]
    image = (backdrop * 255).astype(np.float32)
    labels = np.zeros((height, width), np.uint8)
    owner = np.full((height, width), -1, np.int16)
    faces: list[Pasted] = []
    for index in indices:
        side = draw.uniform(*case.sides)
        place = _free_place(draw, faces, side, case)
        if place is None:
            continue
        angle = np.deg2rad(draw.uniform(*case.degrees) * draw.choice([-1, 1]))
        photo, truth = pairs[index]
        to_photo = _affine(photo.shape[0], side, place, angle)
        _paste(image, labels, owner, len(faces), photo, truth, to_photo, draw.uniform(*case.light))
        faces.append(Pasted(index, to_photo, side))
    noise = draw.normal(0, 2, image.shape)
    return Crowd((image + noise).clip(0, 255).astype(np.uint8), labels, owner, faces)


def _free_place(draw: np.random.Generator, faces: list[Pasted], side: float, case: Case) -> tuple[float, float] | None:
    width, height = case.size
    for _ in range(200):
        half = 0.4 * side
        x, y = draw.uniform(half, width - half), draw.uniform(half, height - half)
        middles = [face.to_photo @ (256, 256, 1) for face in faces]
        if all(
            np.hypot(x - mx, y - my) > case.apart * (side + face.side) / 2
            for (mx, my), face in zip(middles, faces, strict=True)
        ):
            return x, y
    return None


def _affine(size: int, side: float, place: tuple[float, float], angle: float) -> np.ndarray:
    scale = side / size
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([size / 2, size / 2])
    return np.column_stack([turn, np.array(place) - turn @ middle])


def _paste(image, labels, owner, number, photo, truth, to_photo, light) -> None:
    height, width = labels.shape
    scale = np.hypot(*to_photo[:, 0])
    matte = (truth > 0).astype(np.float32)
    if scale < 1:  # each pixel an average of those it replaces
        photo = cv2.GaussianBlur(photo, (0, 0), max(0.3, 0.4 / scale))
    matte = cv2.GaussianBlur(matte, (0, 0), max(0.5, 0.4 / scale))
    matte = cv2.warpAffine(matte, to_photo, (width, height))[..., None]
    warped = cv2.warpAffine(photo, to_photo, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    image += matte * (warped * light - image)
    ids = cv2.warpAffine(truth, to_photo, (width, height), flags=cv2.INTER_NEAREST)
    there = ids > 0
    labels[there] = ids[there]
    owner[there] = number
