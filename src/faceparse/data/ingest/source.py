"""What is ingested: a folder or a zip, read file by file. Nothing is unpacked, so no path inside can lead outside."""

import os
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from faceparse.errors import DataError

MAX_FILE_BYTES = 256 * 2**20
"""A file inside that says it is larger is refused before it is read; no photo or label map is."""

_MAX_GROWTH = 200
"""Photos and label maps are compressed already: a zip whose files claim to be this many times its size is a bomb."""
_GROWTH_COUNTS_FROM = 64 * 2**20


class Source:
    """The files of a folder or a zip.

    Attributes:
        path: the folder or the zip.
        names: files by their path inside, `/` between folders, sorted; without hidden files and macOS's `__MACOSX`.

    Raises:
        DataError: not there, neither folder nor zip, encrypted, or built to do harm.
    """

    def __init__(self, path: Path, list_names: bool = True):
        self.path = path
        if not path.exists():
            raise DataError(f"{path}: no such file or folder; expected a data set's folder or zip")
        self._zip = None if path.is_dir() else _opened_zip(path)
        if not list_names:
            # a process that is told what to read need not walk 400,000 files
            return
        inside = _files_of_folder(path) if self._zip is None else _files_of_zip(path, self._zip)
        self.names = sorted(name for name in inside if not _is_litter(name))

    def read(self, name: str) -> bytes:
        """The content of one file.

        Raises:
            DataError: it is damaged, or too large to be a picture.
        """
        shown = f"{self.path}/{name}"
        try:
            if self._zip is None:
                file = self.path / name
                _refuse_large(shown, file.stat().st_size)
                return file.read_bytes()
            _refuse_large(shown, self._zip.getinfo(name).file_size)
            return self._zip.read(name)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise DataError(f"{shown}: damaged in the zip ({str(error).rstrip('.')}); get the zip again") from error
        except OSError as error:
            raise DataError(f"{shown}: cannot be read ({error.strerror or error})") from error


def _opened_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise DataError(f"{path}: not a whole zip ({error}); expected a data set's folder or zip") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _files_of_folder(folder: Path) -> Iterable[str]:
    for place, _, files in os.walk(folder):
        within = Path(place).relative_to(folder)
        yield from ((within / file).as_posix() for file in files)


def _files_of_zip(path: Path, archive: zipfile.ZipFile) -> Iterable[str]:
    files = [info for info in archive.infolist() if not info.is_dir()]
    for info in files:
        parts = PurePosixPath(info.filename).parts
        if info.filename.startswith("/") or ".." in parts or "\\" in info.filename or ":" in info.filename:
            raise DataError(f"{path}: holds '{info.filename}', a path that leads out of the zip; refused")
        if info.flag_bits & 1:
            raise DataError(
                f"{path}: '{info.filename}' is encrypted; unpack the zip with its password and give the folder"
            )
    claimed = sum(info.file_size for info in files)
    if claimed > max(_GROWTH_COUNTS_FROM, _MAX_GROWTH * path.stat().st_size):
        raise DataError(
            f"{path}: {path.stat().st_size} bytes that claim to unpack to {claimed}; pictures do not shrink like that: "
            "refused as a zip bomb"
        )
    return [info.filename for info in files]


def _is_litter(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or parts[-1].startswith(".")


def _refuse_large(shown: str, num_bytes: int) -> None:
    if num_bytes > MAX_FILE_BYTES:
        raise DataError(
            f"{shown}: {num_bytes / 2**20:.0f} MB, where {MAX_FILE_BYTES // 2**20} MB are the limit; refused"
        )
