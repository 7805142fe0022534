"""The palettes in which label maps are coloured: CelebAMask-HQ's, the 2025 challenge's, BiSeNet's and others.

Sources: official: `g_color.py` of switchablenorms/CelebAMask-HQ. MaskGAN: its demo, `demo.py`, which has another colour
for the right brow. BiSeNet: `part_colors` in `test.py` of zllrunning/face-parsing.PyTorch, on white; that script writes
through OpenCV, which takes the list for BGR, so its own pictures have red and blue exchanged (`bisenet-bgr`), while
copies that write through Pillow do not. LaPa: its README. 2025: the palette of the organisers' PNGs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import UInt8

from faceparse.classes import CLASSES, IGNORE_LABEL
from faceparse.data.conversions.orders import ORDERS, Order
from faceparse.errors import UsageError
from faceparse.types import Image, Labels

Color = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """A colour for each id of an order."""

    name: str
    summary: str
    order: Order
    colors: tuple[Color, ...]
    """RGB of each of the order's ids."""
    ignored: Color = (255, 255, 255)
    """RGB of pixels that belong to no class (255), so that they come back; no palette's source has one."""

    def __post_init__(self) -> None:
        assert len(self.colors) == len(self.order.parts)
        assert len({*self.colors, self.ignored}) == len(self.colors) + 1, f"{self.name} has a colour twice"

    @cached_property
    def to_ours(self) -> dict[Color, int]:
        """Our id of each colour."""
        ours = {color: int(self.order.to_ours[id]) for id, color in enumerate(self.colors)}
        return {**ours, self.ignored: IGNORE_LABEL}

    @cached_property
    def by_our_id(self) -> UInt8[np.ndarray, "256 3"]:
        """The colour of each of our ids."""
        table = np.zeros((256, 3), dtype=np.uint8)
        for id in (*range(len(CLASSES)), IGNORE_LABEL):
            theirs = int(self.order.from_ours[id])
            table[id] = self.ignored if theirs == IGNORE_LABEL else self.colors[theirs]
        return table


def paint(labels: Labels, palette: Palette) -> Image:
    """A label map of ours as a picture in the palette."""
    return palette.by_our_id[labels]


def find_palette(name: str) -> Palette:
    """The palette of this name.

    Raises:
        UsageError: there is none; the nearest is named.
    """
    if name not in PALETTES:
        raise UsageError.unknown("palette", name, PALETTES)
    return PALETTES[name]


def _challenge_2025() -> UInt8[np.ndarray, "256 3"]:
    colors = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    colors[:16] = [
        (0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128), (0, 128, 128), (128, 128, 128),
        (64, 0, 0), (191, 0, 0), (64, 128, 0), (191, 128, 0), (64, 0, 128), (191, 0, 128), (64, 128, 128),
        (191, 128, 128),
    ]  # fmt: skip
    colors.setflags(write=False)
    return colors


CHALLENGE_2025 = _challenge_2025()
"""uint8 (256, 3): the palette that the 2025 challenge's PNGs carry, for all 256 entries."""

_OFFICIAL = tuple(c.color for c in CLASSES)
_MASKGAN = tuple((51, 255, 255) if c.suffix == "r_brow" else c.color for c in CLASSES)
_BISENET: tuple[Color, ...] = (
    (255, 255, 255), (255, 85, 0), (255, 170, 0), (255, 0, 85), (255, 0, 170), (0, 255, 0), (85, 255, 0),
    (170, 255, 0), (0, 255, 85), (0, 255, 170), (0, 0, 255), (85, 0, 255), (170, 0, 255), (0, 85, 255), (0, 170, 255),
    (255, 255, 0), (255, 255, 85), (255, 255, 170), (255, 0, 255),
)  # fmt: skip
_LAPA: tuple[Color, ...] = (
    (0, 0, 0), (0, 153, 255), (102, 255, 153), (0, 204, 153), (255, 255, 102), (255, 255, 204), (255, 153, 0),
    (255, 102, 255), (102, 0, 51), (255, 204, 255), (255, 0, 102),
)  # fmt: skip
_GREY = (128, 128, 128)

_PALETTES = (
    Palette("official", "CelebAMask-HQ's", ORDERS["celebamask"], _OFFICIAL),
    Palette(
        "challenge-2025",
        "the 2025 challenge's",
        ORDERS["celebamask"],
        tuple((r, g, b) for r, g, b in CHALLENGE_2025[: len(CLASSES)].tolist()),
    ),
    Palette("bisenet", "face-parsing.PyTorch's part_colors as RGB", ORDERS["bisenet"], _BISENET, _GREY),
    Palette(
        "bisenet-bgr",
        "the same as OpenCV writes it, red and blue exchanged",
        ORDERS["bisenet"],
        tuple((r, g, b) for b, g, r in _BISENET),
        _GREY,
    ),
    Palette("maskgan", "MaskGAN's demo", ORDERS["maskgan"], _MASKGAN),
    Palette("lapa", "LaPa's README", ORDERS["lapa"], _LAPA),
)

PALETTES: Mapping[str, Palette] = {palette.name: palette for palette in _PALETTES}
"""Every palette that is known, by name."""
