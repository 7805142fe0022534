"""Photos and videos of two made faces, with their truth."""

from collections.abc import Sequence

import cv2
import numpy as np

from faceparse.data.synthetic.generate import make_face
from faceparse.infer.wild.window import Window


def two_faces(size: tuple[int, int], places: Sequence[tuple[Window, Window]]) -> tuple[list[np.ndarray], ...]:
    """Two made faces, moved from frame to frame: the frames, and for each face its own label maps.

    Args:
        size: width and height of a frame.
        places: where each frame has CelebA-HQ's square of each face.
    """
    faces = [make_face(5, index, 512) for index in (4, 7)]
    frames, first, second = [], [], []
    for windows in places:
        frame = np.full((size[1], size[0], 3), (96, 110, 120), np.uint8)
        for (image, labels), window, truth in zip(faces, windows, (first, second), strict=True):
            own = np.array([(0, 0), (512, 0), (0, 512)], np.float32)
            move = cv2.getAffineTransform(own, window.corners[[0, 1, 3]].astype(np.float32))
            truth.append(cv2.warpAffine(labels, move, size, flags=cv2.INTER_NEAREST))
            there = truth[-1] > 0
            frame[there] = cv2.warpAffine(image, move, size, flags=cv2.INTER_AREA)[there]
        frames.append(frame)
    return frames, first, second
