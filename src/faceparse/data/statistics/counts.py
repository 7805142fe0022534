"""How many pixels and images there are of each class, and which classes come together."""

import numpy as np
from jaxtyping import Bool, Int64, Integer

from faceparse.classes import NUM_CLASSES

Counts = Int64[np.ndarray, "19"]
CoOccurrence = Int64[np.ndarray, "19 19"]
"""Images that hold both the row's and the column's class; the diagonal is the images with a class."""


def class_counts(labels: Integer[np.ndarray, "..."]) -> Counts:
    """Pixels of each class in label maps of any shape; ignored pixels (255) are not counted."""
    return np.bincount(labels.ravel(), minlength=NUM_CLASSES)[:NUM_CLASSES].astype(np.int64)


def co_occurrence(present: Bool[np.ndarray, "19"]) -> CoOccurrence:
    """What one image adds, from whether each class is in it."""
    return np.outer(present, present).astype(np.int64)
