"""Files written by the thousand: whole under their names or not there, without waiting for the disk at each.

A file that is renamed without being synced may be empty after a power cut, and syncing each of 60,000 takes three
milliseconds here and thirty on a disk that turns. So files stand under temporary names until a thousand pairs are
there; then the system writes out everything once (`os.sync`), and they get their names. Killed at any time, a run loses
at most that thousand, and what has its final name is whole even after a power cut.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from faceparse.errors import FaceparseError
from faceparse.files import UNFINISHED

_BATCH = 1000

Written = list[tuple[Path, Path]]
"""Files under their temporary names, and their final ones."""


def write_unfinished(out: Path, run: str, targets: Sequence[str], contents: Sequence[bytes]) -> Written:
    """Write files under names that no other run uses.

    Args:
        out: the dataset's folder; the folders of `targets` exist.
        run: this run's own word.

    Raises:
        FaceparseError: the disk is full or cannot be written.
    """
    written = []
    for target, content in zip(targets, contents, strict=True):
        final = out / target
        temporary = final.parent / f"{UNFINISHED}{run}-{os.getpid()}-{secrets.token_hex(4)}"
        with _told(final):
            temporary.write_bytes(content)
        written.append((temporary, final))
    return written


class Settler:
    """Gives files their names, a batch at a time; the rest when it is left."""

    def __init__(self) -> None:
        self._waiting: Written = []
        self._pairs = 0

    def add(self, written: Written) -> None:
        """The files of one pair."""
        self._waiting += written
        self._pairs += 1
        if self._pairs >= _BATCH:
            self.settle()

    def settle(self) -> None:
        """Write out everything, then rename."""
        if self._waiting:
            os.sync()
        for temporary, final in self._waiting:
            with _told(final):
                os.replace(temporary, final)
        self._waiting, self._pairs = [], 0

    def __enter__(self) -> "Settler":
        return self

    def __exit__(self, *_: object) -> None:
        # also after an error or Ctrl-C: what was done is kept
        self.settle()


@contextmanager
def only_writer(out: Path) -> Iterator[None]:
    """Make a folder and hold it: a second run into it is refused until this one ends, however it ends."""
    with _told(out):
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FaceparseError(f"{out}: another ingest is writing there; wait for it or choose another OUT") from None
        except OSError:
            pass  # a file system without locks: nothing tells of another run there
        yield
    finally:
        os.close(handle)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FaceparseError(
            f"cannot write {path}: {reason}; what was done is kept: free some space and run the command again"
        ) from error
