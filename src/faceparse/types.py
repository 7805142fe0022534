"""Shapes by name. jaxtyping checks them while testing and costs nothing otherwise."""

import numpy as np
from jaxtyping import Float32, UInt8

Image = UInt8[np.ndarray, "height width 3"]
"""RGB, 0-255."""

Labels = UInt8[np.ndarray, "height width"]
"""Class ids, 0-18, or 255 for pixels that count for nothing."""

Probabilities = Float32[np.ndarray, "19 height width"]
"""Per class, in [0, 1]; they sum to 1 over the classes."""

Images = UInt8[np.ndarray, "num height width 3"]
LabelMaps = UInt8[np.ndarray, "num height width"]
