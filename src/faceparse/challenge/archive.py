"""Zips that others made, read with suspicion; and zips of our own, the same bytes from the same files.

Nothing is unpacked while it is checked, and nothing is inflated beyond what a zip's directory says of it.
"""

import io
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from faceparse.challenge.rules import Fault
from faceparse.data.ingest.zip_checks import refuse_vast
from faceparse.errors import DataError
from faceparse.files import write_atomically

MAX_BYTES = 4 * 2**30
"""All files of a zip together; a checkpoint of 390 million parameters takes 1.6 GB."""

_MAX_GROWTH = 400
"""A file of more than `_SMALL` bytes that shrinks so well is none of a challenge: label maps are PNGs, which are
compressed already, weights hardly shrink, and deflate's bound is 1,032."""
_SMALL = 8 * 2**20

_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", "__pycache__", ".ipynb_checkpoints", ".git")


class Archive:
    """The files of a zip that may be read, and what is wrong with the rest.

    Attributes:
        path: the zip.
        names: files by their path inside, in the zip's order, litter and unsafe ones left out.
        faults: of what was left out.

    Raises:
        DataError: not there, or no whole zip.
    """

    def __init__(self, path: Path):
        self.path = path
        if not path.is_file():
            raise DataError(f"{path}: no such file; expected a zip to check")
        try:
            refuse_vast(path)
            self._zip = zipfile.ZipFile(path)
            entries = [info for info in self._zip.infolist() if not info.is_dir()]
        except DataError:
            raise
        except Exception as error:
            # BadZipFile, and whatever else a broken directory makes Python's reader trip over
            raise DataError(f"{path}: not a whole zip ({error}); pack it again") from error
        self.faults: list[Fault] = []
        self._entries: dict[str, zipfile.ZipInfo] = {}
        litter: list[str] = []
        for info in entries:
            if info.filename in self._entries:
                self._refuse(f"holds {info.filename!a} twice")
            elif reason := _unsafe(info):
                self._refuse(f"holds {info.filename!a}, {reason}")
            elif any(part in _LITTER or part.startswith("._") for part in info.filename.split("/")):
                litter.append(info.filename)
            else:
                self._entries[info.filename] = info
        if litter:
            self.faults.append(Fault(rule="litter", what=f"holds {len(litter)} such file(s), {litter[0]!a} first"))
        total = sum(info.file_size for info in self._entries.values())
        if total > MAX_BYTES:
            self._refuse(f"claims to unpack to {total / 2**30:.0f} GiB, where {MAX_BYTES >> 30} are read: a zip bomb")
            self._entries = {}

    def _refuse(self, what: str) -> None:
        self.faults.append(Fault(rule="safe", what=what))

    @property
    def names(self) -> list[str]:
        return list(self._entries)

    def size(self, name: str) -> int:
        """Bytes of a file, as the zip's directory says."""
        return self._entries[name].file_size

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            DataError: damaged, or packed in a way that Python does not know.
        """
        try:
            # zipfile stops at the size that the directory gives, and checks the sum
            return self._zip.read(self._entries[name])
        except Exception as error:
            # zlib, bz2, lzma and zipfile itself meet bytes that nobody checked
            raise DataError(f"{name}: damaged in the zip ({str(error).rstrip('.')})") from error

    def extract(self, prefix: str, folder: Path) -> None:
        """Write the files under `prefix` (which ends in `/`) into a folder, without the prefix.

        Raises:
            DataError: a file is damaged, or cannot be written under its name.
        """
        for name in self.names:
            if name.startswith(prefix):
                content = self.read(name)
                target = folder / PurePosixPath(name.removeprefix(prefix))
                try:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content)
                except OSError as error:
                    # a name that is a file and a folder, or longer than names may be
                    raise DataError(f"{name!a}: cannot be unpacked ({error.strerror or error})") from error


def _unsafe(info: zipfile.ZipInfo) -> str:
    """Why a file is not read; empty where it is."""
    name = info.orig_filename.split("\0")[0]
    if name[:1] in ("/", "\\") or ".." in PurePosixPath(name.replace("\\", "/")).parts or name[1:2] == ":":
        return "a path that leads out of the zip"
    if "\\" in name:
        return "with backslashes for slashes, which become part of the file's name where it is unpacked"
    if not name.isprintable():
        return "a name with control characters"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a symbolic link"
    if info.flag_bits & 1:
        return "which is encrypted"
    if info.file_size > max(_SMALL, _MAX_GROWTH * info.compress_size):
        return f"{info.compress_size} bytes that claim to unpack to {info.file_size}: a zip bomb"
    return ""


def write_zip(path: Path, files: Iterable[tuple[str, Path]]) -> None:
    """Write a zip of files by the name inside, whole or not at all; the same files give the same bytes.

    Raises:
        FaceparseError: the disk is full, or the place cannot be written; what stood there before still does.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, file in sorted(files):
            info = zipfile.ZipInfo(name)  # of 1980: the hash of a zip tells whether its content is another
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read_bytes(), compresslevel=9)
    write_atomically(path, content.getvalue())
