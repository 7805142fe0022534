"""A photo's faces as what JSON can hold."""

import numpy as np

from faceparse.infer.measure import as_json
from faceparse.infer.wild.faces import Face, ParsedFaces


def face_as_json(face: Face) -> dict[str, object]:
    """A face's number, how sure the network is of it, its angle and its square, as `faces_as_json` has them."""
    return {
        "id": face.id,
        "sureness": face.sureness,
        "angle": float(np.rad2deg(face.window.angle)),
        "square": face.window.corners.tolist(),
    }


def faces_as_json(name: str, parsed: ParsedFaces) -> dict[str, object]:
    """The photo's size, and for each face its number, square, angle, and parts as those of a photo of one face.

    `square` is CelebA-HQ's: upper left, upper right, lower right and lower left as the face has them, `[x, y]` in the
    photo's pixels. `angle` is in degrees, clockwise; an upright face has 0.
    """
    height, width = parsed.labels.shape
    faces = [
        face_as_json(face) | {"parts": as_json(name, parsed.image, parsed.labels_of(face))["parts"]}
        for face in parsed.faces
    ]
    return {"name": name, "width": width, "height": height, "faces": faces}
