"""Shapes by name. jaxtyping checks them while testing and costs nothing otherwise, not even its import.

What parses a photo takes jaxtyping's names from here: importing jaxtyping takes a tenth of the time to a first photo.
"""

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING or "jaxtyping" in sys.modules:  # tests import it first, to have their hook
    from jaxtyping import Bool, Float, Float32, Int, UInt8
else:

    class _Unchecked:
        """Stands for each of jaxtyping's types: with a shape it is any type."""

        def __class_getitem__(cls, shape: object) -> object:
            return Any

    Bool = Float = Float32 = Int = UInt8 = _Unchecked

__all__ = ["Bool", "Float", "Float32", "Image", "Images", "Int", "LabelMaps", "Labels", "Probabilities", "UInt8"]

Image = UInt8[np.ndarray, "height width 3"]
"""RGB, 0-255."""

Labels = UInt8[np.ndarray, "height width"]
"""Class ids, 0-18, or 255 for pixels that count for nothing."""

Probabilities = Float32[np.ndarray, "19 height width"]
"""Per class, in [0, 1]; they sum to 1 over the classes."""

Images = UInt8[np.ndarray, "num height width 3"]
LabelMaps = UInt8[np.ndarray, "num height width"]
