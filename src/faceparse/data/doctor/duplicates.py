"""Photos that are copies of each other: re-encoded, resized, brightened, mirrored, or cropped a little differently.

Faces in these data sets are aligned, so any two look alike when small; copies differ from them in fine detail. Each
photo becomes its luminance at 64×64. Its high-passed 32×32 half is compared with every other's and every other's
mirror image by matrix products, and what resembles there is decided at 64×64, over pixels that neither photo clips,
and after an alignment (ECC, Evangelidis & Psarakis 2008) where it does not match as it lies. On 936 real photos the
highest similarity of two that are no copies is 0.47, the lowest of 936 copies 0.90 (brightness and contrast times 0.6
to 1.6, sides of 256 to 1024, JPEG quality 30 to 95, half of them mirrored). Of 936 with brightness and contrast each
times 0.4 or 2, which leaves some photos nearly white, 935 are found.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from faceparse.data.parallel import in_processes
from faceparse.images import read_image
from faceparse.types import Image

SIZE = 64
"""A fingerprint's side in pixels."""

Fingerprint = UInt8[np.ndarray, "64 64"]

_RESEMBLES, _IS_COPY = 0.6, 0.6
"""Least similarity to be looked at closely (at 32×32), and to be a copy (mean of that at 32×32 and at 64×64)."""
_ROWS, _COLUMNS = 1024, 8192
"""Of the matrix of similarities, so much is in memory at a time: 64 MB with its mirrored half."""
_LEAST_SEEN = 0.05
"""Where fewer of the pixels are unclipped in both photos, all are compared."""


@dataclass(frozen=True)
class Copy:
    """A photo that shows what an earlier one shows."""

    first: int
    """Index of the earliest photo that it is a copy of."""
    second: int
    """Its own index, greater than `first`."""
    mirrored: bool
    """Whether left and right are exchanged between the two."""
    similarity: float
    """Correlation of detail, the mean of that at 32×32 and at 64×64, up to 1."""


def find_copies(paths: Sequence[Path], num_processes: int | None = None) -> list[Copy]:
    """Photos that are copies of an earlier one of `paths`, by index; each once, with the first of its kind.

    Raises:
        DataError: a photo cannot be read.
    """
    prints = list(in_processes(_reader, list(paths), "looking at photos", num_processes))
    return match(np.array(prints, dtype=np.uint8).reshape(-1, SIZE, SIZE))


def fingerprint(image: Image) -> Fingerprint:
    """What of a photo is compared: its luminance at 64×64."""
    small = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))


def match(prints: UInt8[np.ndarray, "num 64 64"]) -> list[Copy]:
    """Copies among photos with these fingerprints, as `find_copies` gives them."""
    groups = _Groups(len(prints))
    _join_identical(prints, groups)
    detail = np.array([_coarse(print) for print in prints], dtype=np.float32).reshape(-1, 32, 32)
    straight = detail.reshape(-1, 1024)
    mirrored = np.ascontiguousarray(detail[:, :, ::-1]).reshape(-1, 1024)
    for top in range(0, len(prints), _ROWS):
        for left in range(top, len(prints), _COLUMNS):
            rows, columns = straight[top : top + _ROWS], slice(left, left + _COLUMNS)
            _look_closely(prints, rows @ straight[columns].T, rows @ mirrored[columns].T, (top, left), groups)
    return groups.copies()


class _Groups:
    """Photos that show the same. `first[i]` is the earliest of i's group, `mirrored[i]` tells how i relates to it."""

    def __init__(self, num: int):
        self.first = np.arange(num)
        self.mirrored = np.zeros(num, dtype=bool)
        self.similarity = np.ones(num)

    def join(self, one: int, other: int, mirrored: bool, similarity: float) -> None:
        first, second = sorted((int(self.first[one]), int(self.first[other])))
        members = self.first == second
        self.mirrored[members] ^= mirrored ^ bool(self.mirrored[one]) ^ bool(self.mirrored[other])
        self.first[members] = first
        self.similarity[second] = similarity

    def copies(self) -> list[Copy]:
        later = np.flatnonzero(self.first != np.arange(len(self.first))).tolist()
        return [Copy(int(self.first[i]), i, bool(self.mirrored[i]), float(self.similarity[i])) for i in later]


def _join_identical(prints: np.ndarray, groups: _Groups) -> None:
    """Without this, a thousand equal files would be compared half a million times; and flat ones have no detail."""
    seen: dict[bytes, int] = {}
    for index, print in enumerate(prints):
        first = seen.setdefault(print.tobytes(), index)
        if first != index:
            groups.join(first, index, False, 1.0)


def _look_closely(
    prints: np.ndarray, same: np.ndarray, mirrored: np.ndarray, corner: tuple[int, int], groups: _Groups
) -> None:
    """Decide the pairs of one block of the matrix that resemble each other."""
    best = np.maximum(same, mirrored)
    for row in np.flatnonzero(best.max(axis=1) > _RESEMBLES).tolist():
        one = corner[0] + row
        for column in np.flatnonzero(best[row] > _RESEMBLES).tolist():
            other = corner[1] + column
            if other <= one or groups.first[one] == groups.first[other]:
                continue
            found = [
                ((float(rough) + similarity(prints[one], prints[other][:, ::-1] if flip else prints[other])) / 2, flip)
                for flip, rough in ((False, same[row, column]), (True, mirrored[row, column]))
                if rough > _RESEMBLES
            ]
            value, flip = max(found)
            if value > _IS_COPY:
                groups.join(one, other, flip, value)


def similarity(one: Fingerprint, other: Fingerprint) -> float:
    """How alike two are in fine detail, -1 to 1: as they lie, or after an alignment where that is below 0.6."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    seen = _unclipped(a) & _unclipped(b)
    as_it_lies = _correlation(a, b, seen)
    if as_it_lies > _IS_COPY:
        return as_it_lies
    shift = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 60, 1e-4)
    try:
        cv2.findTransformECC(a, b, shift, cv2.MOTION_AFFINE, stop, np.ones_like(one), 5)
    except cv2.error:  # no alignment found: they are not alike
        return as_it_lies
    warp = functools.partial(cv2.warpAffine, M=shift, dsize=(SIZE, SIZE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    moved = warp(b, borderMode=cv2.BORDER_REPLICATE)
    inside = warp(np.ones_like(b)) > 0.99
    if inside.mean() < 0.6:  # aligned a corner of one with a corner of the other
        return as_it_lies
    return max(as_it_lies, _correlation(a, moved, _unclipped(a) & _unclipped(moved) & inside))


def _unclipped(grey: np.ndarray) -> np.ndarray:
    """Neither black nor white: what a brightened copy has kept."""
    return (grey > 4) & (grey < 250)


def _correlation(a: np.ndarray, b: np.ndarray, where: np.ndarray) -> float:
    """Normalised correlation of the detail of two pictures."""
    weight = cv2.erode(where.astype(np.float32), np.ones((3, 3), np.uint8))
    if weight.mean() < _LEAST_SEEN:
        weight = np.ones_like(a)
    one, other = (_detail(picture, 1.0, weight > 0) for picture in (a, b))
    total = weight.sum()
    one, other = (weight * (part - (weight * part).sum() / total) for part in (one, other))
    return float((one * other).sum() / (np.sqrt((one**2).sum() * (other**2).sum()) + 1e-6))


def _coarse(print: np.ndarray) -> Float32[np.ndarray, "32 32"]:
    """A fingerprint's detail at half its size, of mean 0 and length 1: the product of two is their correlation."""
    small = cv2.resize(print.astype(np.float32), (32, 32), interpolation=cv2.INTER_AREA)
    detail = _detail(small, 1.3, np.ones_like(small, dtype=bool))
    detail -= detail.mean()
    return (detail / (np.linalg.norm(detail) + 1e-6)).astype(np.float32)


def _detail(grey: np.ndarray, sigma: float, where: np.ndarray) -> np.ndarray:
    """High-passed within `where`, its strongest edges held down: contrast and single highlights count for little."""
    inside = where.astype(np.float32)
    # the blur, too, is of the pixels that count: else the edge of a white frame is the detail of any photo in it
    blurred, seen = (cv2.GaussianBlur(values, (0, 0), sigma) for values in (grey * inside, inside))
    detail = grey - blurred / np.maximum(seen, 1e-6)
    # half a grey level, so that a flat picture's rounding is not called detail
    return np.tanh(detail / (2 * np.median(np.abs(detail[where])) + 0.5))


def _reader() -> Callable[[Path], Fingerprint]:
    cv2.setNumThreads(1)
    return _read


def _read(path: Path) -> Fingerprint:
    return fingerprint(read_image(path))
