"""What a zip must not be, told from its directory before anything is inflated."""

import stat
import struct
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from zipfile import ZipInfo

from faceparse.errors import DataError

MAX_FILE_BYTES = 256 * 2**20
"""A file inside that says it is larger is refused before it is read; no photo or label map is. What a zip's entry
inflates to beyond what it says is never read."""

_MAX_GROWTH = 200
"""Photos and label maps are compressed already: a zip whose files claim to be this many times its size is a bomb."""
_GROWTH_COUNTS_FROM = 64 * 2**20

_MAX_DIRECTORY_BYTES = 96 * 2**20
"""Raw CelebAMask-HQ has 400,000 entries in some 50 MB; Python needs ten times the directory's size to read it."""

_END, _END_64 = b"PK\5\6", b"PK\6\6"
_LONGEST_COMMENT = 65_535


def refuse_vast(path: Path) -> None:
    """Refuse a zip of millions of entries before its directory is read, for that alone would fill the memory."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _LONGEST_COMMENT - 98))  # 98: the records of a zip64, which stand before the end
        tail = file.read()
    sizes = [0]
    if (end := tail.rfind(_END)) >= 0 and end + 16 <= len(tail):
        sizes.append(struct.unpack_from("<I", tail, end + 12)[0] % 0xFFFFFFFF)
    if (end := tail.rfind(_END_64)) >= 0 and end + 48 <= len(tail):
        sizes.append(struct.unpack_from("<Q", tail, end + 40)[0])
    if max(sizes) > _MAX_DIRECTORY_BYTES:
        raise DataError(
            f"{path}: its directory alone takes {max(sizes) >> 20} MB, where {_MAX_DIRECTORY_BYTES >> 20} are the "
            "limit (a million files); refused, give a folder"
        )


def refuse_unsafe(path: Path, files: Sequence[ZipInfo]) -> None:
    """Refuse what leads out, hides, or grows.

    Raises:
        DataError: a path that leads out of the zip, a symbolic link, an encrypted file, one name twice, or a bomb.
    """
    seen = set()
    for info in files:
        shown = ascii(info.filename)
        parts = PurePosixPath(info.filename.replace("\\", "/")).parts
        if info.filename[:1] in ("/", "\\") or ".." in parts or info.filename[1:2] == ":":
            raise DataError(f"{path}: holds {shown}, a path that leads out of the zip; refused")
        if "\\" in info.filename:
            raise DataError(f"{path}: holds {shown}, with backslashes for slashes; refused: pack it with another tool")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise DataError(f"{path}: holds {shown}, a symbolic link; refused: pack the files themselves")
        if info.flag_bits & 1:
            raise DataError(f"{path}: {shown} is encrypted; unpack the zip with its password and give the folder")
        if info.filename in seen:
            raise DataError(f"{path}: holds {shown} twice; which one is meant cannot be told, refused")
        seen.add(info.filename)
    claimed = sum(info.file_size for info in files)
    if claimed > max(_GROWTH_COUNTS_FROM, _MAX_GROWTH * path.stat().st_size):
        raise DataError(
            f"{path}: {path.stat().st_size} bytes that claim to unpack to {claimed}; pictures do not shrink like that: "
            "refused as a zip bomb"
        )
