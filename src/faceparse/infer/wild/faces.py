"""From a photo to its faces: find, turn upright, parse, paint back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from faceparse.infer.parser import Parsed, Seen
from faceparse.infer.wild.detect import Detector
from faceparse.infer.wild.paint import Painted, Sight, paint, probabilities
from faceparse.infer.wild.window import Framing, Window, framing, lit
from faceparse.types import Image, Labels, UInt8

_LOOK_SIDE = 256
"""Side of the squares in which eyes and mouth are searched."""
_SEEN_SIDE = 512
"""Greatest side of the squares that are parsed: CelebAMask-HQ's own."""
_QUARTERS = (0.0, np.pi / 2, -np.pi / 2, np.pi)
_GOOD = 0.5
"""How well a window must frame its face (`_look`) for no other quarter turn to be tried."""
_SURE = 0.8
"""What the detector found and the network is less sure of is no face that can be parsed. Faces that are seen the wrong
way up give .65 to .85, others .9 and more, tiny and dark ones .85."""
_DOUBT = 4
"""Power of the sureness that a window's fit is multiplied by: sureness tells the way up, fit where the face is."""
_NUM_CORRECTIONS = 2
SAME = 0.25
"""Two windows whose middles are closer than this, in sides, show the same face."""
_FILLS, _CLEARLY = 0.75, 0.9
"""A photo that frames its face as well as the first, and in which the network is as sure of it as the second, is parsed
as it is. A crowd as a whole gives faces of .75."""

_MOST = 255
"""Faces of one photo: their numbers are a byte each."""

See = Callable[[Image], Seen]


@dataclass(frozen=True, kw_only=True)
class Face:
    """One face of a photo."""

    id: int
    """1 and up, the largest face first: what `owner` holds where its parts are."""
    window: Window
    """CelebA-HQ's square around it, which was parsed."""
    sureness: float
    """Mean probability of the pixels of its eyes, nose, brows and mouth."""


class ParsedFaces(Parsed):
    """A photo's parts, of all its faces.

    Attributes:
        faces: largest first; empty where there is none, and then every label is background.
        owner: the id of the face that each pixel belongs to; 0 is none's.
    """

    def __init__(
        self,
        image: Image,
        labels: Labels,
        see: Callable[[], Seen],
        faces: list[Face],
        owner: UInt8[np.ndarray, "height width"],
    ):
        super().__init__(image, labels, see)
        self.faces = faces
        self.owner = owner

    def labels_of(self, face: Face) -> Labels:
        """The label map of one face alone."""
        return np.where(self.owner == face.id, self.labels, 0).astype(np.uint8)


def fills(seen: Seen) -> Face | None:
    """The face of a photo that is framed as CelebA-HQ frames faces; none where it is elsewhere, or turned.

    Args:
        seen: probabilities of the whole photo.
    """
    height, width = seen.shape[1:]
    whole = Window(width / 2, height / 2, max(width, height))
    found = framing(seen, whole)
    if found is None or found.sureness < _CLEARLY or whole.fit(found.window) < _FILLS:
        return None
    return Face(id=1, window=found.window, sureness=found.sureness)


def the_only(face: Face, whole: Parsed, factor: float, see: Callable[[], Seen]) -> "ParsedFaces":
    """A photo that was parsed as a whole, as that of one face.

    Args:
        factor: how much larger the photo is than what the face's window was read off.
    """
    face = replace(face, window=face.window.scaled(factor))
    owner = (whole.labels > 0).astype(np.uint8)
    return ParsedFaces(whole.image, whole.labels, see, [face], owner)


def find(photo: Image, see: See, detect: Detector) -> list[Framing]:
    """Windows around every face, the largest first; what shows no eyes over a mouth, at any angle, is no face."""
    found: list[Framing] = []
    for rough in detect(photo):
        face = _frame(photo, rough, see)
        if face is None:
            continue
        twin = next((i for i, other in enumerate(found) if face.window.distance(other.window) < SAME), None)
        if twin is None:
            found.append(face)
        elif found[twin].sureness < face.sureness:
            found[twin] = face
    return sorted(found, key=lambda face: -face.window.side)[:_MOST]


def parse(photo: Image, framings: Iterable[Framing], see: See, reduced: tuple[int, int]) -> ParsedFaces:
    """Parse a photo through windows.

    Args:
        reduced: width and height at which probabilities are given where they are asked for.
    """
    framings = list(framings)
    height, width = photo.shape[:2]
    sights = []
    for face in framings:
        side = min(_SEEN_SIDE, max(_LOOK_SIDE, round(face.window.side)))
        sights.append(Sight(see(lit(face.window.cut(photo, side))), face.window))
    painted = paint(sights, width, height)
    faces = [Face(id=n, window=f.window, sureness=f.sureness) for n, f in enumerate(framings, start=1)]
    return ParsedFaces(photo, painted.labels, lambda: _reduced(sights, painted, reduced), faces, painted.owner)


def _reduced(sights: list[Sight], painted: Painted, size: tuple[int, int]) -> Seen:
    width, height = size
    factor = width / painted.labels.shape[1]
    smaller = [Sight(seen, window.scaled(factor)) for seen, window in sights]
    return probabilities(smaller, painted, width, height)


def _frame(photo: Image, rough: Window, see: See) -> Framing | None:
    """The window around the face in a rough one, whichever way it is up."""
    best, best_score = None, 0.0
    for quarter in _QUARTERS:
        window = rough._replace(angle=quarter)
        face, score = _look(photo, window, see)
        if face is not None and score > best_score:
            best, best_score = face, score
        if best_score > _GOOD:
            break
    for _ in range(_NUM_CORRECTIONS):
        if best is None:
            return None
        corrected, score = _look(photo, best.window, see)
        if corrected is None or score < best_score:
            break
        best, best_score = corrected, score
    return best if best is not None and best.sureness >= _SURE else None


def _look(photo: Image, window: Window, see: See) -> tuple[Framing | None, float]:
    """The face that is seen through a window, and how well it is framed."""
    face = framing(see(lit(window.cut(photo, _LOOK_SIDE))), window)
    return (None, 0.0) if face is None else (face, face.sureness**_DOUBT * window.fit(face.window))
