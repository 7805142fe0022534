"""The picture of one part, a nearly empty PNG, decoded in the time that its content needs.

Raw CelebAMask-HQ has a third of a million of them: 512² RGB, two or three kilobytes that inflate to 786 and hold one
shape in three equal channels. Decoders hand over every pixel of every channel. Here the inflated rows are cut to what
is not zero before the filters are undone (a filtered zero below and right of zeros is zero), and one channel is kept.
With zlib-ng, which copies the long runs of zeros in large pieces, that is about ten times as fast as OpenCV's decoder.

What this does not read (palettes, 16 bits, interlaced, average filters) goes to the usual decoder, and so does whatever
looks damaged: the usual decoder then says what is wrong. Filters: PNG specification, section 9.
"""

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8

from faceparse.images import MAX_PIXELS, read_grey

try:
    from zlib_ng import zlib_ng  # pyright: ignore[reportMissingImports]
except ModuleNotFoundError:
    zlib_ng = zlib  # the same calls and results, a thirtieth of the speed on such streams

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">4xIIBBBBB")
_CHANNELS = {0: 1, 2: 3}
"""By PNG's number of the colour type: grey and RGB."""
_SUB, _UP, _AVERAGE, _PAETH = 1, 2, 3, 4


@dataclass(frozen=True)
class Part:
    """Where a part is: `inside` stands at (`top`, `left`) of a picture of `shape` that is empty elsewhere."""

    shape: tuple[int, int]
    top: int
    left: int
    inside: Bool[np.ndarray, "height width"]


def read_part(content: bytes, name: str) -> Part:
    """Decode the picture of a part, whose non-zero pixels are the part; of RGB the first channel counts.

    Raises:
        DataError: cut off, not a PNG, or larger than `images.MAX_PIXELS`.
    """
    part = _read_quickly(content)
    if part is None:
        grey = read_grey(content, name)
        part = Part((grey.shape[0], grey.shape[1]), 0, 0, grey > 0)
    return part


def _read_quickly(content: bytes) -> Part | None:
    """The part, or None where the usual decoder has to look."""
    if len(content) < 33 or not content.startswith(_SIGNATURE):
        return None
    width, height, depth, color, _, _, interlaced = _HEADER.unpack_from(content, 12)
    if depth != 8 or color not in _CHANNELS or interlaced or not 0 < width * height <= MAX_PIXELS:
        return None
    filtered = _inflate(content, height * (1 + width * _CHANNELS[color]))
    if filtered is None:
        return None
    rows = np.frombuffer(filtered, np.uint8).reshape(height, -1)
    filters = rows[:, 0]
    if (filters == _AVERAGE).any() or filters.max() > _PAETH:
        return None
    values = rows[:, 1 :: _CHANNELS[color]]
    busy = np.flatnonzero(rows[:, 1:].any(axis=1))  # of all channels: bytes that lie together are looked at faster
    if not busy.size:
        return Part((height, width), 0, 0, np.zeros((0, 0), bool))
    top, bottom = int(busy[0]), min(int(busy[-1]) + 2, height)
    columns = np.flatnonzero(rows[top:bottom, 1:].any(axis=0)) // _CHANNELS[color]
    # one column beyond the last that is not zero stands for all further ones, which have its value
    left, right = int(columns[0]), min(int(columns[-1]) + 2, width)
    inside = _unfilter(filters[top:bottom], values[top:bottom, left:right])
    if bottom < height and inside[-1].any():
        # it goes on downwards without a change; how far, the filters say
        bottom = height
        inside = _unfilter(filters[top:bottom], values[top:bottom, left:right])
    if right < width and inside[:, -1].any():
        inside = np.concatenate([inside, np.repeat(inside[:, -1:], width - right, axis=1)], axis=1)
    return Part((height, width), top, left, inside != 0)


def _inflate(content: bytes, size: int) -> bytes | None:
    """The rows as they are stored, if there are `size` bytes of them and the stream ends well."""
    pieces, place = [], 8
    while place + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        if content[place + 4 : place + 8] == b"IDAT":
            pieces.append(content[place + 8 : place + 8 + length])
        place += 12 + length
    stream = zlib_ng.decompressobj()
    try:
        # no more than a picture of this size has: a bomb is not inflated
        filtered = stream.decompress(b"".join(pieces), size + 1)
    except (zlib.error, zlib_ng.error):  # pyright: ignore[reportGeneralTypeIssues]
        return None
    return filtered if len(filtered) == size and stream.eof else None


def _unfilter(
    filters: UInt8[np.ndarray, "height"], filtered: UInt8[np.ndarray, "height width"]
) -> UInt8[np.ndarray, "height width"]:
    """One channel's values, where everything above and left of `filtered` is zero."""
    values = filtered.copy()
    sideways = filters == _SUB
    if sideways.any():
        values[sideways] = np.add.accumulate(values[sideways], axis=1, dtype=np.uint8)
    for index in np.flatnonzero(filters >= _UP).tolist():
        row, above = values[index], values[index - 1] if index else np.zeros_like(values[0])
        if filters[index] == _UP:
            np.add(row, above, out=row)
        else:
            _undo_paeth(row, above)
    return values


def _undo_paeth(row: UInt8[np.ndarray, "width"], above: UInt8[np.ndarray, "width"]) -> None:
    """Where the row above does not change, Paeth's prediction is the value to the left; elsewhere it is computed."""
    changes = (np.flatnonzero(above[1:] != above[:-1]) + 1).tolist()
    if above[0]:
        changes.insert(0, 0)
    start, value = 0, 0
    for change in [*changes, len(row)]:
        if change > start:
            row[start] = (int(row[start]) + value) & 255
            np.add.accumulate(row[start:change], out=row[start:change])
            value = int(row[change - 1])
        if change < len(row):
            up, corner = int(above[change]), int(above[change - 1]) if change else 0
            value = (int(row[change]) + _paeth(value, up, corner)) & 255
            row[change] = value
        start = change + 1


def _paeth(left: int, up: int, corner: int) -> int:
    """The neighbour nearest to left + up - corner; the first of equals."""
    to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner
