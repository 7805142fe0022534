"""What a user may get wrong: one line, an exit code as `docs/using.md` says, no traceback, nothing written or lost."""

import io
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceparse.classes import PALETTE


def encoded(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)).save(buffer, kind)
    return buffer.getvalue()


def png_of_900_megapixels() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1 << 20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def given(*arguments: str) -> Callable[[], list[str]]:
    return lambda: list(arguments)


def photo(name: str, content: bytes) -> Callable[[], list[str]]:
    def make() -> list[str]:
        Path(name).write_bytes(content)
        return [name]

    return make


def model(name: str, content: bytes) -> Callable[[], list[str]]:
    return lambda: ["photo.png", "--model", *photo(name, content)()]


def folder_without_photos() -> list[str]:
    Path("empty").mkdir()
    return ["empty"]


def two_photos_of_one_name() -> list[str]:
    Path("other").mkdir()
    Path("other/photo.jpg").write_bytes(Path("photo.png").read_bytes())
    return ["photo.png", "other/photo.jpg"]


def photo_among_results() -> list[str]:
    Path("out/ids").mkdir(parents=True)
    Path("out/ids/photo.png").write_bytes(Path("photo.png").read_bytes())
    return ["out/ids/photo.png"]


def run_that_was_not_exported() -> list[str]:
    Path("run/checkpoints/best").mkdir(parents=True)
    Path("run/checkpoints/best/model.safetensors").touch()
    return ["photo.png", "--model", "run"]


BAD_INPUTS = {
    "no such photo": (given("gone.jpg"), 1, r"gone\.jpg: no such file"),
    "empty file": (photo("empty.jpg", b""), 1, r"empty\.jpg: an empty file \(0 bytes\)"),
    "text": (photo("text.jpg", b"hello\n"), 1, r"text\.jpg: not a PNG, JPEG or WebP picture"),
    "JPEG cut off": (photo("cut.jpg", encoded("JPEG")[:-200]), 1, r"cut\.jpg: damaged or cut off"),
    "PNG cut off": (photo("cut.png", encoded("PNG")[:-200]), 1, r"cut\.png: damaged or cut off"),
    "WebP cut off": (photo("cut.webp", encoded("WEBP")[:-200]), 1, r"cut\.webp: damaged or cut off"),
    "GIF": (photo("moving.gif", encoded("GIF")), 1, r"moving\.gif: a GIF file, where a PNG, JPEG or WebP is expected"),
    "30,000² PNG": (photo("bomb.png", png_of_900_megapixels()), 1, r"bomb\.png: 900 megapixels, where 100 are"),
    "folder without photos": (folder_without_photos, 2, r"empty: holds no photos"),
    "two photos of one name": (two_photos_of_one_name, 2, r"photo\.png and other/photo\.jpg would both be written as"),
    "photo among results": (photo_among_results, 2, r"out/ids/photo\.png lies where the results go"),
    "results into a file": (given("photo.png", "--out", "photo.png"), 2, r"--out photo\.png: a file, where a folder"),
    "unknown model": (given("photo.png", "--model", "compcat"), 2, r"unknown model 'compcat'"),
    "model that is not ONNX": (model("junk.onnx", b"junk"), 1, r"junk\.onnx: not a readable ONNX model"),
    "run not exported": (run_that_was_not_exported, 1, r"with: faceparse export run run/checkpoints/best/model\.onnx"),
    "unknown output": (given("photo.png", "--write", "id"), 2, r"unknown output 'id'; did you mean 'ids'"),
}


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_bad_input_is_told_in_one_line(
    case: str, stand_in: Path, painted: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    make, code, said = BAD_INPUTS[case]
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PALETTE[painted]).save("photo.png")
    arguments = make()
    for option, usual in (("--out", "out"), ("--model", str(stand_in))):
        arguments += [] if option in arguments else [option, usual]
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}

    done = subprocess.run(
        [sys.executable, "-m", "faceparse", "predict", *arguments], capture_output=True, text=True, timeout=60
    )

    assert re.fullmatch(f"faceparse: .*{said}.*\n", done.stderr), done.stderr
    assert done.returncode == code
    assert done.stdout == ""
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
