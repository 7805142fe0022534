"""Parts of another face laid over a sample: accessories, hair and clothes are rarer than faces, and vary more.

Faces of CelebA-HQ are aligned, so a hat, glasses or a necklace lands where it belongs (the idea of Ghiasi et al., 2021,
"Simple copy-paste", with the labels of Olsson et al., 2021, "ClassMix"). Only given pairs are used.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool

from faceparse.classes import NAMES
from faceparse.types import Image, LabelMaps, Labels

PASTED = ("eye glasses", "hair", "hat", "earring", "necklace", "cloth")
"""Classes that may be pasted."""


@dataclass(frozen=True)
class Paste:
    """What one sample gets from another."""

    donor: int
    """Index of the pair that gives."""
    parts: Bool[np.ndarray, "classes"]
    """Classes that are taken from it."""


def draw_pastes(
    probability: float, num: int, present: Bool[np.ndarray, "pairs classes"], random: np.random.Generator
) -> list[Paste | None]:
    """Draw who gives what to each of `num` samples.

    A class is drawn first and then a pair that has it, so that rare ones are pasted as often as hair is. Each other of
    the donor's classes in `PASTED` comes along every second time.

    Args:
        probability: of a sample being given anything.
        present: which classes each pair has.
    """
    ids = [NAMES.index(name) for name in PASTED]
    donors = {index: np.flatnonzero(present[:, index]) for index in ids}
    given = [index for index in ids if len(donors[index])]
    pastes: list[Paste | None] = []
    for _ in range(num):
        if not given or random.random() >= probability:
            pastes.append(None)
            continue
        first = given[random.integers(len(given))]
        donor = int(random.choice(donors[first]))
        parts = np.zeros(len(NAMES), bool)
        parts[ids] = present[donor, ids] & (random.random(len(ids)) < 0.5)
        parts[first] = True
        pastes.append(Paste(donor, parts))
    return pastes


def paste(
    image: Image, labels: Labels, donor_image: Image, donor_labels: Labels, parts: Bool[np.ndarray, "classes"]
) -> tuple[Image, Labels]:
    """A copy of a pair with a donor's parts over it; all of one size."""
    table = np.zeros(256, np.uint8)
    table[: len(parts)] = 255 * parts
    mask = cv2.LUT(np.ascontiguousarray(donor_labels), table)
    image, labels = image.copy(), labels.copy()
    cv2.copyTo(np.ascontiguousarray(donor_image), mask, image)
    cv2.copyTo(np.ascontiguousarray(donor_labels), mask, labels)
    return image, labels


def classes_present(labels: LabelMaps | Sequence[Labels]) -> Bool[np.ndarray, "pairs classes"]:
    """Which classes each label map has."""
    present = np.zeros((len(labels), len(NAMES)), bool)
    for i, one in enumerate(labels):
        counts = np.bincount(np.asarray(one).ravel(), minlength=256)
        present[i] = counts[: len(NAMES)] > 0
    return present
