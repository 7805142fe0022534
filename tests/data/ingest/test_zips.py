"""Zips that mean harm, or are broken, are refused with a reason, and nothing is written."""

import contextlib
import io
import os
import shutil
import stat
import struct
import zipfile

import pytest
from PIL import Image

from faceparse.data.ingest import ingest
from faceparse.data.ingest.source import Source
from faceparse.errors import FaceparseError


def photo():
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (200, 150, 100)).save(buffer, "JPEG")
    return buffer.getvalue()


def hostile(path, name="photos/a.jpg", content=b"x", kind=zipfile.ZIP_STORED):
    """A zip with one good photo and one entry more."""
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("photos/fine.jpg", photo())
        archive.writestr(name, content)
    return path


def refused(source, out):
    """The message, which is one line; nothing was written anywhere."""
    before = sorted(out.parent.rglob("*")) if out.parent.exists() else []
    with pytest.raises(FaceparseError) as caught:
        ingest(source, out)
    assert "\n" not in str(caught.value)
    assert not out.exists()
    assert (sorted(out.parent.rglob("*")) if out.parent.exists() else []) == before
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["../a.jpg", "photos/../../a.jpg", "/photos/a.jpg", "photos/..\\a.jpg", "C:/photos/a.jpg", "..", "C:a.jpg"]
)
def test_a_path_that_leads_out_is_refused(name, tmp_path):
    assert "leads out of the zip" in refused(hostile(tmp_path / "set.zip", name), tmp_path / "deep" / "out")


def test_backslashes_for_slashes_are_told_as_such(tmp_path):
    said = refused(hostile(tmp_path / "set.zip", "photos\\a.jpg"), tmp_path / "out")
    assert "with backslashes for slashes" in said


def test_a_symbolic_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("photos/link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "a symbolic link" in refused(hostile(tmp_path / "set.zip", link, "/etc/passwd"), tmp_path / "out")


def test_one_name_twice_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = hostile(tmp_path / "set.zip", "photos/fine.jpg", photo())
    assert "holds 'photos/fine.jpg' twice" in refused(path, tmp_path / "out")


def test_names_that_differ_in_case_alone_are_both_left_out(tmp_path):
    path = hostile(tmp_path / "set.zip", "photos/FINE.jpg", photo())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("photos/other.jpg", photo())
    done = ingest(path, tmp_path / "out")
    assert (done.num_images, len(done.left_out)) == ({"test": 1}, 2)


@pytest.mark.parametrize("name", ["photos/two\nlines.jpg", "photos/bell\a.jpg", "photos/\x1b[31mred.jpg"])
def test_names_with_control_characters_are_passed_over_and_counted(name, tmp_path):
    done = ingest(hostile(tmp_path / "set.zip", name, photo()), tmp_path / "out")
    assert done.num_images == {"test": 1}
    assert done.left_out == ["1 file(s) whose names hold control characters or are not UTF-8"]


def test_a_bomb_is_refused_unopened(tmp_path):
    path = hostile(tmp_path / "set.zip", "photos/a.jpg", bytes(100_000_000), zipfile.ZIP_DEFLATED)
    assert "zip bomb" in refused(path, tmp_path / "out")


def test_a_bomb_that_understates_its_size_is_not_inflated_beyond_it(tmp_path):
    path = hostile(tmp_path / "set.zip", "photos/a.jpg", bytes(100_000_000), zipfile.ZIP_DEFLATED)
    data = path.read_bytes().replace(struct.pack("<I", 100_000_000), struct.pack("<I", 1_000))
    path.write_bytes(data)
    done = ingest(path, tmp_path / "out")
    assert len(done.left_out) == 1
    assert "photos/a.jpg: damaged in the zip" in done.left_out[0]


def test_a_file_larger_than_any_picture_is_left_unread(tmp_path):
    path = hostile(tmp_path / "set.zip", "photos/a.jpg", b"x" * 10_000_000)
    claimed = path.read_bytes().replace(struct.pack("<I", 10_000_000), struct.pack("<I", 300_000_000))
    path.write_bytes(claimed)
    done = ingest(path, tmp_path / "out")
    assert "286 MB, where 256 MB are the limit" in done.left_out[0]


def test_a_zip_within_a_zip_is_no_layout(tmp_path):
    inner = hostile(tmp_path / "inner.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("train.zip", inner)
    assert "found train.zip (a zip in a zip: unpack the outer one" in refused(tmp_path / "set.zip", tmp_path / "out")


def test_a_directory_of_millions_of_entries_is_refused_before_it_is_read(tmp_path):
    path = hostile(tmp_path / "set.zip")
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.rfind(b"PK\5\6") + 12, 3_000_000_000)
    path.write_bytes(data)
    assert "its directory alone takes 2861 MB" in refused(path, tmp_path / "out")
    # the same claim as a zip64 makes it
    end = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 9, 9, 1 << 40, 0)
    path.write_bytes(bytes(data[:-22]) + end + b"PK\6\7" + bytes(16) + bytes(data[-22:-10]) + b"\xff" * 8 + bytes(2))
    assert "its directory alone takes" in refused(path, tmp_path / "out")


def test_a_zip64_is_read(tmp_path):
    with (
        zipfile.ZipFile(tmp_path / "set.zip", "w") as archive,
        archive.open("photos/a.jpg", "w", force_zip64=True) as entry,
    ):
        entry.write(photo())
    assert ingest(tmp_path / "set.zip", tmp_path / "out").num_images == {"test": 1}


def test_an_encrypted_zip_is_refused_with_the_remedy(tmp_path):
    path = hostile(tmp_path / "set.zip")
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the flag, in the file's own header and in the directory
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)
    assert "is encrypted; unpack the zip with its password" in refused(path, tmp_path / "out")


def test_a_file_that_is_no_zip_and_every_truncation_are_refused(tmp_path):
    (tmp_path / "text.zip").write_text("not a zip")
    assert "not a whole zip" in refused(tmp_path / "text.zip", tmp_path / "out")
    whole = hostile(tmp_path / "whole.zip").read_bytes()
    for cut in range(0, len(whole) - 1, 37):
        (tmp_path / "cut.zip").write_bytes(whole[:cut])
        assert "not a whole zip" in refused(tmp_path / "cut.zip", tmp_path / "out")


def test_any_damaged_byte_is_a_reason_and_never_a_crash(tmp_path):
    whole = hostile(tmp_path / "whole.zip", "photos/b.jpg", photo(), zipfile.ZIP_DEFLATED).read_bytes()
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        (tmp_path / "set.zip").write_bytes(damaged)
        with contextlib.suppress(FaceparseError):
            source = Source(tmp_path / "set.zip")
            for name in source.names:
                source.read(name)


def test_an_odd_compression_that_is_damaged_is_told(tmp_path):
    path = hostile(tmp_path / "set.zip", "photos/a.jpg", photo() * 50, zipfile.ZIP_LZMA)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("photos/a.jpg").header_offset + 60
    data[start : start + 30] = bytes(30)
    path.write_bytes(data)
    done = ingest(path, tmp_path / "out")
    assert "photos/a.jpg: damaged in the zip" in done.left_out[0]


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "fine.jpg").write_bytes(photo())
    os.mkfifo(tmp_path / "set" / "pipe.jpg")
    done = ingest(tmp_path / "set", tmp_path / "out")
    assert done.left_out == [f"{tmp_path / 'set'}/pipe.jpg: not a regular file, where a picture is expected"]


def test_a_zip_that_was_copied_in_part_is_told_as_such(tmp_path):
    (tmp_path / "photos").mkdir()
    for index in range(30):
        (tmp_path / "photos" / f"{index}.jpg").write_bytes(photo())
    path = shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path, "photos")
    with open(path, "r+b") as file:
        file.truncate(8_000)
    assert "not a whole zip" in refused(tmp_path / "set.zip", tmp_path / "out")
