"""What a user may get wrong: one line, as the table in `docs/using.md` says, no traceback, nothing written or lost."""

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

from faceparse import images
from faceparse.classes import PALETTE
from faceparse.errors import DataError
from made_videos import decoded, painted_face, write_sound, write_video
from stand_ins import exit_code


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


def mask(values: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, kind)
    return buffer.getvalue()


BAD_INPUTS = {
    "no such photo": given("gone.jpg"),
    "empty file": photo("empty.jpg", b""),
    "text named .jpg": photo("text.jpg", b"hello\n"),
    "JPEG cut off": photo("cut.jpg", encoded("JPEG")[:-200]),
    "PNG cut off": photo("cut.png", encoded("PNG")[:-200]),
    "WebP cut off": photo("cut.webp", encoded("WEBP")[:-200]),
    "HEIC": photo("phone.heic", b"\0\0\0\x1cftypheic" + bytes(64)),
    "GIF, TIFF, BMP, AVIF": photo("moving.gif", encoded("GIF")),
    "PNG of 30,000 × 30,000 pixels": photo("bomb.png", png_of_900_megapixels()),
    "folder without photos": folder_without_photos,
    "two photos of one name": two_photos_of_one_name,
    "photo where results go": photo_among_results,
    "file as --out": given("photo.png", "--out", "photo.png"),
    "unknown model": given("photo.png", "--model", "compcat"),
    "model that is not ONNX": model("junk.onnx", b"junk"),
    "run that was not exported": run_that_was_not_exported,
    "unknown kind of output": given("photo.png", "--write", "id"),
}


def film(suffix: str = "mp4") -> bytes:
    path = write_video(Path(f"whole.{suffix}"), [painted_face(160, 98, 30 + 3 * index, 18) for index in range(36)])
    content = path.read_bytes()
    path.unlink()
    return content


def damaged(first: float, last: float) -> bytes:
    """A video between whose bytes (as shares of its pictures) noise stands, while its index is whole."""
    content = np.frombuffer(film(), np.uint8).copy()
    start, end = film().find(b"mdat") + 4, film().find(b"moov") - 4
    hole = slice(*(start + round(share * (end - start)) for share in (first, last)))
    content[hole] = np.random.default_rng(0).integers(0, 256, hole.stop - hole.start)
    return content.tobytes()


def video(name: str, content: Callable[[], bytes], out: str = "out.mp4") -> Callable[[], list[str]]:
    return lambda: [*photo(name, content())(), out]


BAD_VIDEOS = {
    "no such video": given("gone.mp4", "out.mp4"),
    "empty video": video("empty.mp4", bytes),
    "text named .mp4": video("text.mp4", lambda: b"hello\n" * 50),
    "MP4 cut off before its index": video("cut.mp4", lambda: film()[:-2000]),
    "photo instead of a video": given("photo.png", "out.mp4"),
    "sound alone": lambda: [str(write_sound(Path("sound.m4a"))), "out.mp4"],
    "video of which no frame is whole": video("broken.mp4", lambda: damaged(0.02, 1)),
    "video onto itself": video("photo.mp4", film, "photo.mp4"),
    "output of an unknown kind of file": video("photo.mp4", film, "out.txt"),
}
PARTLY_BAD_VIDEOS = {
    "video that breaks off": video("cut.mkv", lambda: film("mkv")[: len(film("mkv")) // 2]),
    "video damaged within": video("holes.mp4", lambda: damaged(0.3, 0.33)),
}
IDS = np.arange(20, dtype=np.uint8).reshape(4, 5) % 19
BAD_MASKS = {
    "mask in colours": mask(PALETTE[IDS]),
    "mask of 16 bits": mask(IDS.astype(np.uint16)),
    "mask with other ids": mask(IDS + np.uint8(20)),
    "mask as JPEG": mask(IDS, "JPEG"),
}


def documented() -> dict[str, tuple[str, int | None]]:
    """What `docs/using.md` says of each case: a pattern of the sentence, and the exit code."""
    page = (Path(__file__).parents[1] / "docs" / "using.md").read_text(encoding="utf-8")
    table = page.partition("## When something is wrong")[2]
    rows = re.findall(r"^\| ([^|]+) \| `([^|]+)` \|(?: (\d) \|)?$", table, re.MULTILINE)
    return {case: (re.escape(said).replace("…", ".*"), int(code) if code else None) for case, said, code in rows}


def test_the_documents_tell_of_every_case_here_and_no_other():
    here = (BAD_INPUTS, BAD_VIDEOS, PARTLY_BAD_VIDEOS, BAD_MASKS)
    assert documented().keys() == set().union(*here)
    assert len(documented()) == sum(map(len, here))


@pytest.fixture
def folder(painted: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PALETTE[painted]).save("photo.png")


def files() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def told(case: str, *arguments: str) -> None:
    """The command says what the documents say, in one line, and nothing else."""
    said, code = documented()[case]
    done = subprocess.run([sys.executable, "-m", "faceparse", *arguments], capture_output=True, text=True, timeout=300)
    assert re.fullmatch(f"faceparse: {said}\n", done.stderr), done.stderr
    assert done.returncode == code
    assert done.stdout == ""


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("case", BAD_INPUTS)
def test_bad_input_is_told_in_one_line(case: str, stand_in: Path):
    arguments = BAD_INPUTS[case]()
    for option, usual in (("--out", "out"), ("--model", str(stand_in))):
        arguments += [] if option in arguments else [option, usual]
    before = files()
    told(case, "predict", *arguments)
    assert files() == before


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("case", BAD_VIDEOS)
def test_a_bad_video_is_told_in_one_line(case: str, stand_in: Path):
    arguments = BAD_VIDEOS[case]()
    before = files()
    told(case, "video", *arguments, "--model", str(stand_in))
    assert files() == before


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("case", PARTLY_BAD_VIDEOS)
def test_of_a_video_that_is_partly_bad_the_rest_is_written(
    case: str, stand_in: Path, capsys: pytest.CaptureFixture[str]
):
    said, code = documented()[case]
    assert exit_code("video", *PARTLY_BAD_VIDEOS[case](), "--model", stand_in) == code
    num_frames = len(decoded(Path("out.mp4"))[0])
    assert 5 < num_frames <= 36
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(f"faceparse: {said}", last), last
    assert f"the {num_frames} frames" in last


@pytest.mark.parametrize("case", BAD_MASKS)
def test_a_bad_label_map_is_told_in_one_line(case: str):
    said, _ = documented()[case]
    with pytest.raises(DataError) as told:
        images.read_labels(BAD_MASKS[case], "mask.png")
    assert re.fullmatch(said, str(told.value)), told.value
