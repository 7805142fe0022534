"""`faceparse predict` on folders of many photos, through pipes, and with numbers instead of pictures."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from faceparse import images
from faceparse.classes import NAMES, PALETTE
from faceparse.infer.parser import Parser
from stand_ins import exit_code


@pytest.fixture
def album(tmp_path: Path, painted: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with four photos of two sizes in `album/`."""
    monkeypatch.chdir(tmp_path)
    Path("album").mkdir()
    for index, name in enumerate(("a.png", "b.png", "c.png", "d.png")):
        labels = np.roll(painted, index * 16, axis=0)
        Image.fromarray(PALETTE[labels.T if name == "c.png" else labels]).save(Path("album") / name)
    return Path("album")


def predict(stand_in: Path, *arguments: object) -> int:
    return exit_code("predict", "--model", stand_in, *arguments)


def piped(stand_in: Path, content: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "faceparse", "predict", *arguments, "--model", str(stand_in)]
    return subprocess.run(command, input=content, capture_output=True, timeout=300)


def test_json_tells_areas_colours_and_polygons_that_fill_to_the_part(stand_in: Path, album: Path, painted: np.ndarray):
    assert predict(stand_in, album / "a.png", "--out", "out", "--write", "json") == 0
    told = json.loads(Path("out/json/a.json").read_text())
    assert (told["name"], told["width"], told["height"]) == ("a", 80, 96)
    assert list(told["parts"]) == list(NAMES[1:])
    for name, part in told["parts"].items():
        where = painted == NAMES.index(name)
        assert part["pixels"] == where.sum()
        np.testing.assert_allclose(part["color"], PALETTE[NAMES.index(name)])
        inside = np.zeros(where.shape, bool)
        for polygon in part["contours"]:
            # at twice the size a pixel's centre is a point of the grid that no edge goes through
            canvas = Image.new("L", (2 * 80 + 1, 2 * 96 + 1))
            ImageDraw.Draw(canvas).polygon([(2 * x, 2 * y) for x, y in polygon], fill=1)
            inside ^= np.asarray(canvas)[1::2, 1::2] > 0
        np.testing.assert_array_equal(inside, where)


def test_a_table_has_a_line_for_each_part_of_each_photo(stand_in: Path, album: Path):
    (album / "broken.png").write_bytes(b"\x89PNG")
    assert predict(stand_in, album, "--out", "out", "--write", "csv") == 1
    rows = list(csv.DictReader(Path("out/parts.csv").read_text().splitlines()))
    assert [(row["name"], row["part"]) for row in rows] == [(name, part) for name in "abcd" for part in NAMES[1:]]
    assert {(row["red"], row["green"], row["blue"]) for row in rows if row["part"] == "skin"} == {
        ("204.00", "0.00", "0.00")
    }


def test_a_resumed_run_parses_what_is_missing_changed_or_not_whole(
    stand_in: Path, album: Path, capsys: pytest.CaptureFixture[str]
):
    arguments = (album, "--out", "out", "--write", "ids,parts,csv")
    assert predict(stand_in, *arguments) == 0
    whole = {path: path.read_bytes() for path in Path("out").rglob("*") if path.is_file()}
    Path("out/ids/a.png").unlink()
    Path("out/parts.csv").unlink()
    before = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*") if path.is_file()}
    os.utime(album / "b.png", ns=(2**61, 2**61))  # in the far future: newer than its results
    capsys.readouterr()
    assert predict(stand_in, *arguments, "--resume") == 0
    assert capsys.readouterr().out == "4 of 4 parsed (2 before); ids, parts, csv are in out\n"
    assert {path: path.read_bytes() for path in Path("out").rglob("*") if path.is_file()} == whole
    written = {
        path.stem for path, time in before.items() if path.parent.name == "ids" and path.stat().st_mtime_ns > time
    }
    assert written == {"b"}


def test_a_finished_run_resumed_does_nothing_and_needs_no_model(
    stand_in: Path, album: Path, capsys: pytest.CaptureFixture[str]
):
    assert predict(stand_in, album, "--out", "out") == 0
    capsys.readouterr()
    assert predict(Path("gone.onnx"), album, "--out", "out", "--resume") == 0
    assert capsys.readouterr().out == "4 of 4 parsed (4 before); ids, overlay are in out\n"


def test_photos_of_one_size_are_seen_together_with_the_same_results(
    stand_in: Path, album: Path, monkeypatch: pytest.MonkeyPatch
):
    assert predict(stand_in, album, "--out", "alone", "--write", "ids,soft") == 0
    sizes: list[int] = []
    batch = Parser.batch
    monkeypatch.setattr(Parser, "batch", lambda parser, photos: sizes.append(len(photos)) or batch(parser, photos))
    assert predict(stand_in, album, "--out", "together", "--write", "ids,soft", "--batch-size", "3") == 0
    assert sizes == [2, 1, 1]
    for path in Path("alone").rglob("*.*"):
        assert path.read_bytes() == (Path("together") / path.relative_to("alone")).read_bytes()


def test_a_batch_may_mix_sizes(stand_in: Path, painted: np.ndarray):
    large = np.kron(painted, np.ones((14, 14), np.uint8))
    photos = [PALETTE[painted], PALETTE[large], PALETTE[painted[:50]], PALETTE[np.roll(painted, 16, axis=0)]]
    parser = Parser.load(stand_in)
    for photo, parsed in zip(photos, parser.batch(photos), strict=True):
        alone = parser(photo)
        np.testing.assert_array_equal(parsed.labels, alone.labels)
        np.testing.assert_array_equal(parsed.probabilities, alone.probabilities)


@pytest.mark.parametrize("kind", ["ids", "overlay", "soft", "json", "csv"])
def test_a_photo_goes_through_a_pipe_to_what_a_folder_would_hold(kind: str, stand_in: Path, album: Path):
    (album / "a.png").rename("stdin.png")
    done = piped(stand_in, Path("stdin.png").read_bytes(), "-", "--out", "-", "--write", kind)
    assert (done.returncode, done.stderr) == (0, b"")
    assert predict(stand_in, "stdin.png", "--out", "out", "--write", kind) == 0
    (expected,) = (path for path in (Path("out") / kind).iterdir())
    assert done.stdout == expected.read_bytes()


def test_a_pipe_gives_ids_unless_told_otherwise_and_leaves_no_file(stand_in: Path, album: Path, painted: np.ndarray):
    done = piped(stand_in, (album / "a.png").read_bytes(), "-", "--out", "-")
    np.testing.assert_array_equal(images.read_labels(done.stdout), painted)
    assert sorted(os.listdir()) == ["album"]


@pytest.mark.parametrize(
    ("content", "arguments", "code", "said"),
    [
        (b"", ("-", "--out", "-"), 1, "standard input: empty (0 bytes), where a photo is expected"),
        (b"hello", ("-", "--out", "-"), 1, "standard input: not a PNG, JPEG or WebP picture"),
        (b"", ("album", "--out", "-"), 2, "--out -: standard output takes one photo and one of ids, color"),
        (b"", ("-", "--out", "-", "--write", "ids,color"), 2, "not 1 photo(s) as ids, color"),
        (b"", ("-", "--out", "-", "--write", "parts"), 2, "not 1 photo(s) as parts"),
    ],
)
def test_what_a_pipe_cannot_take_is_told_in_one_line(
    content: bytes, arguments: tuple[str, ...], code: int, said: str, stand_in: Path, album: Path
):
    done = piped(stand_in, content, *arguments)
    assert done.returncode == code
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert done.stdout == b""


def test_of_an_animated_picture_the_first_is_parsed_and_a_line_says_so(
    stand_in: Path, album: Path, painted: np.ndarray
):
    first, second = (Image.fromarray(PALETTE[labels]) for labels in (painted, painted[::-1]))
    buffer = io.BytesIO()
    first.save(buffer, "PNG", save_all=True, append_images=[second])
    done = piped(stand_in, buffer.getvalue(), "-", "--out", "-")
    np.testing.assert_array_equal(images.read_labels(done.stdout), painted)
    assert (done.returncode, done.stderr.strip()) == (0, b"standard input: the first of its 2 pictures is parsed")


@pytest.mark.parametrize("size", [(1, 1), (20_000, 7), (7, 20_000)])
def test_the_smallest_and_the_longest_photos_keep_their_size(size: tuple[int, int], stand_in: Path, album: Path):
    Image.new("RGB", size, tuple(PALETTE[13].tolist())).save("odd.png")
    assert predict(stand_in, "odd.png", "--out", "out", "--write", "ids,overlay,parts,json,csv") == 0
    labels = images.read_labels(Path("out/ids/odd.png"))
    assert labels.shape == size[::-1]
    assert (labels == NAMES.index("hair")).all()
