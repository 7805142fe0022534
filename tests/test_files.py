"""A file is there whole or not at all, whatever fails while it is written."""

import errno
import os
from pathlib import Path

import pytest

from faceparse.errors import FaceparseError
from faceparse.files import folder_written_whole, write_atomically


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_text_and_bytes_are_written_into_folders_that_were_not_there(tmp_path: Path):
    write_atomically(tmp_path / "new" / "deep" / "text", "é\n")
    write_atomically(tmp_path / "bytes", b"\0\1")
    assert (tmp_path / "new" / "deep" / "text").read_bytes() == "é\n".encode()
    assert (tmp_path / "bytes").read_bytes() == b"\0\1"


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_leaves_the_previous_file_whole_and_nothing_else(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "labels.png"
    write_atomically(path, b"previous")
    monkeypatch.setattr(os, failing, no_space)
    with pytest.raises(FaceparseError, match=r"cannot write .*labels.png: no space left on device; free some space"):
        write_atomically(path, b"next")
    assert [file.name for file in tmp_path.iterdir()] == ["labels.png"]
    assert path.read_bytes() == b"previous"


def test_a_stop_by_the_keyboard_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "labels.png", b"next")
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    order = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("fsync"), sync(handle)))
    monkeypatch.setattr(os, "replace", lambda *names: (order.append("replace"), replace(*names)))
    write_atomically(tmp_path / "file", b"data")
    assert order == ["fsync", "replace"]


def test_a_written_file_has_the_rights_that_any_new_file_has(tmp_path: Path):
    (tmp_path / "plain").write_bytes(b"")
    write_atomically(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_longest_file_name_can_be_written(tmp_path: Path):
    write_atomically(tmp_path / ("n" * 255), b"data")
    assert (tmp_path / ("n" * 255)).read_bytes() == b"data"


def test_a_path_below_a_file_is_told(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"data")
    with pytest.raises(FaceparseError, match=r"cannot write .*x.png"):
        write_atomically(tmp_path / "file" / "x.png", b"data")
    assert (tmp_path / "file").read_bytes() == b"data"


def test_a_folder_appears_whole(tmp_path: Path):
    with folder_written_whole(tmp_path / "run") as folder:
        (folder / "part").write_text("one")
        assert not (tmp_path / "run").exists()
    assert (tmp_path / "run" / "part").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), ValueError("ours")])
def test_a_folder_that_fails_on_the_way_leaves_nothing(error: Exception, tmp_path: Path):
    expected = FaceparseError if isinstance(error, OSError) else ValueError

    def fail(folder: Path) -> None:
        (folder / "part").write_text("one")
        raise error

    with pytest.raises(expected), folder_written_whole(tmp_path / "run") as folder:
        fail(folder)
    assert list(tmp_path.iterdir()) == []
