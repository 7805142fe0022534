"""What is ingested: a folder, a zip or a folder of zips, read file by file.

Nothing is unpacked, so no path inside can lead outside; what is written later has names that we choose.
"""

import os
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from faceparse.data.ingest.zip_checks import MAX_FILE_BYTES, refuse_unsafe, refuse_vast
from faceparse.errors import DataError


class Source:
    """The files of a folder or a zip.

    Attributes:
        path: the folder or the zip.
        names: files by their path inside, `/` between folders, sorted; without hidden files and macOS's `__MACOSX`.
            A file within a zip of the folder has the zip's name before its own: `train.zip/train/images/1.jpg`.
        num_unnameable: files passed over, whose names hold control characters or are not UTF-8.

    Raises:
        DataError: not there, neither folder nor zip, encrypted, or built to do harm.
    """

    def __init__(self, path: Path, list_names: bool = True, zips_within: bool = False):
        self.path = path
        self._zips: dict[str, zipfile.ZipFile] = {}
        if not path.exists():
            raise DataError(f"{path}: no such file or folder; expected a data set's folder or zip")
        self._is_folder = path.is_dir()
        if not list_names:
            # a process that is told what to read need not walk 400,000 files
            return
        if zips_within:
            found = [f"{z.name}/{name}" for z in self.zips_within() for name in _files_of_zip(z, self._opened(z.name))]
        elif self._is_folder:
            found = list(_files_of_folder(str(path)))
        else:
            found = _files_of_zip(path, self._opened(""))
        files = [name for name in found if not _is_litter(name)]
        self.names = sorted(name for name in files if _is_nameable(name))
        self.num_unnameable = len(files) - len(self.names)

    def zips_within(self) -> list[Path]:
        """The zips that lie directly in the folder: a release often comes as `train.zip`, `val.zip` and `test.zip`."""
        if not self._is_folder:
            return []
        return sorted(p for p in self.path.iterdir() if p.suffix.lower() == ".zip" and not p.name.startswith("."))

    def read(self, name: str) -> bytes:
        """The content of one file.

        Raises:
            DataError: it is damaged, or too large to be a picture.
        """
        shown = f"{self.path}/{name}"
        try:
            if self._is_folder and not (inside := self._within_zip(name)):
                return _read_file(self.path / name, shown)
            archive, name = inside if self._is_folder else (self._opened(""), name)
            _refuse_large(shown, archive.getinfo(name).file_size)
            return archive.read(name)
        except DataError:
            raise
        except OSError as error:
            raise DataError(f"{shown}: cannot be read ({error.strerror or error})") from error
        except Exception as error:
            # zlib, bz2, lzma and zipfile itself meet bytes that nobody checked
            raise DataError(f"{shown}: damaged in the zip ({str(error).rstrip('.')}); get the zip again") from error

    def _within_zip(self, name: str) -> tuple[zipfile.ZipFile, str] | None:
        first, _, rest = name.partition("/")
        if not rest or not first.lower().endswith(".zip") or not (self.path / first).is_file():
            return None
        return self._opened(first), rest

    def _opened(self, name: str) -> zipfile.ZipFile:
        """The zip of this name in the folder, or the source itself; opened once."""
        if name not in self._zips:
            self._zips[name] = _opened_zip(self.path / name if name else self.path)
        return self._zips[name]


def _opened_zip(path: Path) -> zipfile.ZipFile:
    try:
        refuse_vast(path)
        return zipfile.ZipFile(path)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except Exception as error:
        # BadZipFile, and whatever else a broken directory makes Python's reader trip over
        raise DataError(f"{path}: not a whole zip ({error}); expected a data set's folder or zip") from error


def _files_of_zip(path: Path, archive: zipfile.ZipFile) -> list[str]:
    files = [info for info in archive.infolist() if not info.is_dir()]
    refuse_unsafe(path, files)
    return [info.filename for info in files]


def _files_of_folder(folder: str) -> Iterator[str]:
    """Links are followed, for people link their data sets together; a folder that is met again is passed over."""
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        identity = os.stat(place)
        if (identity.st_dev, identity.st_ino) in seen:
            folders.clear()
            continue
        seen.add((identity.st_dev, identity.st_ino))
        within = os.path.relpath(place, folder)
        prefix = "" if within == "." else PurePosixPath(within).as_posix() + "/"
        yield from (prefix + file for file in files)


def _is_litter(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)


def _is_nameable(name: str) -> bool:
    """Whether a name can be printed and written anywhere: no control characters, no bytes that are not UTF-8."""
    return name.isprintable() or not any(unicodedata.category(c) in ("Cc", "Cs") for c in name)


def _read_file(path: Path, shown: str) -> bytes:
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        # a pipe would be waited for without end
        raise DataError(f"{shown}: not a regular file, where a picture is expected")
    _refuse_large(shown, about.st_size)
    return path.read_bytes()


def _refuse_large(shown: str, num_bytes: int) -> None:
    if num_bytes > MAX_FILE_BYTES:
        raise DataError(
            f"{shown}: {num_bytes / 2**20:.0f} MB, where {MAX_FILE_BYTES // 2**20} MB are the limit; refused"
        )
