"""Labels painted into brightness and colour are the colours and tints that painting in RGB gives."""

import numpy as np
import pytest
from PIL import Image

from faceparse.classes import PALETTE, class_id
from faceparse.infer.video.painter import Painter, Planes

HAIR, SKIN = class_id("hair"), class_id("skin")
BT601, UNSAID, HD, UHD = 6, 2, 1, 9
"""Matrices by H.273's numbers."""

LABELS = np.repeat(np.arange(19, dtype=np.uint8), 16)[None].repeat(16, axis=0)
"""A stripe of each class, 16 wide: colours at half the size have no pixel of two classes."""


def grey(height: int, width: int, y: int = 90, cb: int = 110, cr: int = 150) -> Planes:
    half = ((height + 1) // 2, (width + 1) // 2)
    return Planes(np.full((height, width), y, np.uint8), np.full(half, cb, np.uint8), np.full(half, cr, np.uint8))


def seen(planes: Planes, red: float, blue: float, full_range: bool) -> np.ndarray:
    """RGB as a player shows planes: the inverse of H.273's equations 38 to 43, its shares of red and blue given."""
    y = planes.y.astype(float)
    cb, cr = (plane.astype(float).repeat(2, 0).repeat(2, 1) - 128 for plane in (planes.cb, planes.cr))
    if not full_range:
        y, cb, cr = (y - 16) * 255 / 219, cb * 255 / 224, cr * 255 / 224
    r, b = y + 2 * (1 - red) * cr, y + 2 * (1 - blue) * cb
    g = (y - red * r - blue * b) / (1 - red - blue)
    return np.stack([r, g, b], axis=-1)


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize(
    ("matrix", "rows", "shares"),
    [
        (BT601, 1080, (0.299, 0.114)),
        (HD, 480, (0.2126, 0.0722)),
        (UHD, 2160, (0.2627, 0.0593)),
        (UNSAID, 576, (0.299, 0.114)),  # players take SD's for a small video that does not say, and HD's for a large
        (UNSAID, 720, (0.2126, 0.0722)),
    ],
)
def test_official_colours_are_what_a_player_shows(
    matrix: int, rows: int, shares: tuple[float, float], full_range: bool
):
    painted = Painter("color", rows, matrix, full_range)(grey(*LABELS.shape), LABELS)
    # three values rounded, and at the edge of the range clipped
    assert np.abs(seen(painted, *shares, full_range).clip(0, 255) - PALETTE[LABELS]).max() < 3


def test_official_colours_are_pillows_in_jpegs_coordinates():
    painted = Painter("color", 480, BT601, full_range=True)(grey(*LABELS.shape), LABELS)
    full = [painted.y, *(plane.repeat(2, 0).repeat(2, 1) for plane in (painted.cb, painted.cr))]
    picture = Image.merge("YCbCr", [Image.fromarray(plane) for plane in full]).convert("RGB")
    assert np.abs(np.asarray(picture).astype(int) - PALETTE[LABELS]).max() <= 2


def test_ids_are_brightness_without_colour():
    painted = Painter("ids", 480, HD, full_range=False)(grey(*LABELS.shape), LABELS)
    np.testing.assert_array_equal(painted.y, LABELS)
    assert {*np.unique(painted.cb), *np.unique(painted.cr)} == {128}
    assert painted.cb.shape == (8, LABELS.shape[1] // 2)


@pytest.mark.parametrize("full_range", [False, True])
def test_an_overlay_is_the_mean_of_frame_and_colour_with_light_outlines(full_range: bool):
    labels = np.zeros((40, 60), np.uint8)
    labels[8:32, 8:52] = HAIR
    labels[16:24, 20:40] = SKIN
    frame = grey(40, 60)
    painted = Painter("overlay", 720, HD, full_range)(frame, labels)
    colors = Painter("color", 720, HD, full_range)(frame, labels)

    wall = labels == 0
    np.testing.assert_array_equal(painted.y[wall], frame.y[wall])
    inside = np.zeros_like(wall)
    inside[10:14, 10:50] = True  # hair, away from its outline
    inside[18:22, 22:38] = True  # skin, as well
    expected = (frame.y[inside].astype(int) + colors.y[inside]) // 2
    assert np.abs(painted.y[inside].astype(int) - expected).max() <= 1
    for before, after, color in zip(frame[1:], painted[1:], colors[1:], strict=True):
        part = ~wall[::2, ::2]
        np.testing.assert_array_equal(after[~part], before[~part])
        assert np.abs(after[part].astype(int) - (before[part].astype(int) + color[part]) // 2).max() <= 1
    assert painted.y[8, 30] > painted.y[11, 30]  # the edge of the hair is lighter than the hair
    assert painted.y[16, 30] > painted.y[20, 30]


def test_the_frame_that_is_painted_over_stays_as_it_is():
    frame = grey(*LABELS.shape)
    copies = [plane.copy() for plane in frame]
    for kind in ("overlay", "color", "ids"):
        Painter(kind, 720, HD, full_range=False)(frame, LABELS)
    for plane, copy in zip(frame, copies, strict=True):
        np.testing.assert_array_equal(plane, copy)


@pytest.mark.parametrize("y", [0, 255])
@pytest.mark.parametrize("full_range", [False, True])
def test_brightness_never_wraps_round(y: int, full_range: bool):
    labels = np.full((8, 8), SKIN, np.uint8)
    labels[2:6, 2:6] = HAIR
    painted = Painter("overlay", 480, BT601, full_range)(grey(8, 8, y, y, y), labels).y.astype(int)
    color = Painter("color", 480, BT601, full_range)(grey(8, 8), labels).y.astype(int)
    tint = (y + color) / 2
    outline = (tint + (255 if full_range else 235)) / 2
    assert np.minimum(np.abs(painted - tint), np.abs(painted - outline)).max() <= 2
