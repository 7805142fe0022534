"""Writes that are whole or not there at all: temporary name, fsync, rename."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faceparse.errors import FaceparseError

UNFINISHED = ".writing-"
"""How the names of files begin that a killed writer leaves."""


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write a file so that a reader, or a killed writer, never sees half of it.

    Raises:
        FaceparseError: the disk is full or the folder cannot be written; what stood under `path` before still does.
    """
    data = content.encode() if isinstance(content, str) else content
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)  # a short name fits always
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


@contextmanager
def file_written_whole(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` for what memory cannot hold; renamed to it at the end, or removed if work fails.

    Raises:
        FaceparseError: as for `write_atomically`.
    """
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            _sync(temporary)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """A temporary folder beside `path`, synced and renamed to it at the end; removed if anything fails within."""
    temporary = path.with_name(f".{path.name}.writing-{os.getpid()}")
    with _told(path):
        for left in path.parent.glob(f".{path.name}.writing-*"):
            if left == temporary or not _alive(int(left.name.rpartition("-")[2])):
                shutil.rmtree(left, ignore_errors=True)
        temporary.mkdir(parents=True)
        try:
            yield temporary
            for file in temporary.rglob("*"):
                _sync(file)
            _sync(temporary)
            os.rename(temporary, path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """The system's refusal to write, as a sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise FaceparseError(
            f"cannot write {path}: {reason.lower()}; free some space or choose another place, what was there is kept"
        ) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
