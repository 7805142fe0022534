"""The quick decoder of parts gives what Pillow gives, or leaves it to Pillow."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from faceparse.data.ingest import part_png
from faceparse.data.ingest.part_png import read_part
from faceparse.errors import DataError


def whole(content):
    """A part on its whole picture."""
    part = read_part(content, "part.png")
    full = np.zeros(part.shape, bool)
    rows, columns = part.inside.shape
    full[part.top : part.top + rows, part.left : part.left + columns] = part.inside
    return full


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def filtered_png(values, filters, channels):
    """A PNG of `values` (height, width), equal in all channels, whose rows have the given filters."""
    pixels = np.repeat(values[..., None], channels, axis=2).reshape(len(values), -1).astype(int)
    rows = []
    for index, kind in enumerate(filters):
        row = pixels[index]
        above = pixels[index - 1] if index else np.zeros_like(row)
        left = np.concatenate([np.zeros(channels, int), row[:-channels]])
        corner = np.concatenate([np.zeros(channels, int), above[:-channels]])
        estimate = left + above - corner
        nearest = np.abs(np.stack([left, above, corner]) - estimate).argmin(axis=0)
        paeth = np.choose(nearest, [left, above, corner])
        guess = (np.zeros_like(row), left, above, (left + above) // 2, paeth)[kind]
        rows.append(bytes([kind]) + ((row - guess) % 256).astype(np.uint8).tobytes())
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


@st.composite
def parts(draw):
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    values = np.zeros((height, width), np.uint8)
    for _ in range(draw(st.integers(0, 3))):
        top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        bottom, right = draw(st.integers(top, height)), draw(st.integers(left, width))
        values[top:bottom, left:right] = draw(st.sampled_from([255, 1, 128, 0]))
    return values, draw(st.lists(st.integers(0, 4), min_size=height, max_size=height)), draw(st.sampled_from([1, 3]))


@given(parts())
@example((np.full((3, 3), 255, np.uint8), [1, 2, 2], 3))
@example((np.eye(5, dtype=np.uint8) * 255, [4, 4, 4, 4, 4], 1))
def test_every_filter_of_every_row_is_undone(part):
    values, filters, channels = part
    content = filtered_png(values, filters, channels)
    with Image.open(io.BytesIO(content)) as picture:
        np.testing.assert_array_equal(np.asarray(picture.convert("L")), values)
    np.testing.assert_array_equal(whole(content), values > 0)


def test_the_quick_way_is_taken_for_what_raw_celebamask_has(monkeypatch):
    monkeypatch.delattr(part_png, "read_grey")
    values = np.zeros((40, 50), np.uint8)
    values[10:30, 20:50] = 255
    buffer = io.BytesIO()
    Image.fromarray(np.repeat(values[..., None], 3, axis=2)).save(buffer, "PNG")
    np.testing.assert_array_equal(whole(buffer.getvalue()), values > 0)


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_damaged_part_is_an_error_or_the_part_but_never_another_crash(place, value):
    values = np.zeros((12, 12), np.uint8)
    values[3:9, 2:7] = 255
    content = bytearray(filtered_png(values, [4, 1, 2] * 4, 3))
    content[place % len(content)] = value
    with contextlib.suppress(DataError):
        assert whole(bytes(content)).ndim == 2


@pytest.mark.parametrize("cut", [20, 40, -30, -60])
def test_a_part_that_is_cut_off_is_refused(cut):
    values = np.full((64, 64), 255, np.uint8)
    content = filtered_png(values, [0] * 64, 3)
    with pytest.raises(DataError, match=r"part\.png"):
        read_part(content[:cut], "part.png")


def test_a_part_that_inflates_to_more_than_its_size_is_not_inflated():
    header = struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)
    bomb = zlib.compress(bytes(50_000_000), 9)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", bomb) + chunk(b"IEND", b"")
    import tracemalloc

    tracemalloc.start()
    assert read_part(content, "part.png").shape == (4, 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_picture_that_claims_a_vast_size_is_refused_unread():
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(DataError, match="megapixels"):
        read_part(content, "part.png")
