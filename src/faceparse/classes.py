"""The label table of CelebAMask-HQ: the one place that knows a class by its number.

Palettes, mirrored labels, part files, legends and conversions are all derived from `CLASSES`.
"Left" and "right" are the *subject's*: the left eye of an upright face is on the image's right.

Source: CelebAMask-HQ (Lee et al., CVPR 2020), its part files and colours.
"""

from dataclasses import dataclass

import numpy as np

from faceparse.errors import UsageError


@dataclass(frozen=True)
class FaceClass:
    """One row of the table: what a pixel can be."""

    id: int
    name: str
    color: tuple[int, int, int]
    """Official RGB colour, 0-255."""
    suffix: str | None
    """Ending of the part's file in raw CelebAMask-HQ (`00000_l_eye.png`); none for background."""
    mirror: str | None = None
    """Name of the class that this one becomes when the photo is mirrored."""

    @property
    def hex_color(self) -> str:
        """The colour as web pages write it: `#rrggbb`."""
        return "#" + bytes(self.color).hex()


CLASSES = (
    FaceClass(0, "background", (0, 0, 0), None),
    FaceClass(1, "skin", (204, 0, 0), "skin"),
    FaceClass(2, "nose", (76, 153, 0), "nose"),
    FaceClass(3, "eye glasses", (204, 204, 0), "eye_g"),
    FaceClass(4, "left eye", (51, 51, 255), "l_eye", mirror="right eye"),
    FaceClass(5, "right eye", (204, 0, 204), "r_eye", mirror="left eye"),
    FaceClass(6, "left brow", (0, 255, 255), "l_brow", mirror="right brow"),
    FaceClass(7, "right brow", (255, 204, 204), "r_brow", mirror="left brow"),
    FaceClass(8, "left ear", (102, 51, 0), "l_ear", mirror="right ear"),
    FaceClass(9, "right ear", (255, 0, 0), "r_ear", mirror="left ear"),
    FaceClass(10, "mouth", (102, 204, 0), "mouth"),  # its inside, between the lips
    FaceClass(11, "upper lip", (255, 255, 0), "u_lip"),
    FaceClass(12, "lower lip", (0, 0, 153), "l_lip"),
    FaceClass(13, "hair", (0, 0, 204), "hair"),
    FaceClass(14, "hat", (255, 51, 153), "hat"),
    FaceClass(15, "earring", (0, 204, 204), "ear_r"),
    FaceClass(16, "necklace", (0, 51, 0), "neck_l"),
    FaceClass(17, "neck", (255, 153, 51), "neck"),
    FaceClass(18, "cloth", (0, 204, 0), "cloth"),
)

NUM_CLASSES = len(CLASSES)
NAMES = tuple(c.name for c in CLASSES)
IGNORE_LABEL = 255
"""A pixel with this id belongs to no class: no loss and no score counts it."""


def class_id(name: str) -> int:
    """The id of a class by name; underscores stand for spaces (`left_eye`).

    Raises:
        UsageError: no class has this name; the nearest one is named.
    """
    wanted = name.replace("_", " ").strip().lower()
    if wanted not in NAMES:
        raise UsageError.unknown("class", name, NAMES)
    return NAMES.index(wanted)


def _palette() -> np.ndarray:
    palette = np.array([c.color for c in CLASSES], dtype=np.uint8)
    palette.setflags(write=False)
    return palette


def _mirror() -> np.ndarray:
    mirror = np.array([class_id(c.mirror) if c.mirror else c.id for c in CLASSES], dtype=np.uint8)
    mirror.setflags(write=False)
    return mirror


PALETTE = _palette()
"""uint8 (19, 3): official RGB colour of each id."""

MIRROR = _mirror()
"""uint8 (19,): the id that each id becomes when the photo is mirrored; its own inverse."""


def mirror_lookup() -> np.ndarray:
    """uint8 (256,): `MIRROR` as a table for whole label maps, other values (255: ignored) kept as they are."""
    table = np.arange(256, dtype=np.uint8)
    table[:NUM_CLASSES] = MIRROR
    return table
