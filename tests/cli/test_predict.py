"""`faceparse predict`: what is written, for which photos, and what is never overwritten or lost."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceparse import images
from faceparse.classes import NAMES, PALETTE
from stand_ins import exit_code


@pytest.fixture
def album(tmp_path: Path, painted: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with three photos in `album/`."""
    monkeypatch.chdir(tmp_path)
    Path("album").mkdir()
    for index, name in enumerate(("one.png", "two.PNG", "three.webp")):
        Image.fromarray(PALETTE[np.roll(painted, index * 16, axis=0)]).save(Path("album") / name, lossless=True)
    return Path("album")


def predict(stand_in: Path, *arguments: object) -> int:
    return exit_code("predict", "--model", stand_in, *arguments)


def written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_ids_and_overlays_are_written_unless_told_otherwise(
    stand_in: Path, album: Path, painted: np.ndarray, capsys: pytest.CaptureFixture[str]
):
    assert predict(stand_in, album, "--out", "out") == 0
    assert written(Path("out")) == [
        f"{kind}/{name}.png" for kind in ("ids", "overlay") for name in ("one", "three", "two")
    ]
    np.testing.assert_array_equal(images.read_labels(Path("out/ids/one.png")), painted)
    assert capsys.readouterr() == ("3 of 3 parsed; ids, overlay are in out\n", "")


def test_every_kind_is_written_at_the_photos_own_size(stand_in: Path, album: Path, painted: np.ndarray):
    assert predict(stand_in, album / "one.png", "--out", "out", "--write", "ids, color,overlay,soft,parts") == 0
    assert sorted(os.listdir("out")) == ["color", "ids", "overlay", "parts", "soft"]
    np.testing.assert_array_equal(images.read_image(Path("out/color/one.png")), PALETTE[painted])
    assert images.read_image(Path("out/overlay/one.png")).shape == (*painted.shape, 3)
    with np.load("out/soft/one.npz") as soft:
        assert soft["probabilities"].dtype == np.float16
        np.testing.assert_array_equal(soft["probabilities"].argmax(axis=0), painted)
    assert {path.stem for path in Path("out/parts/one").iterdir()} == {name.replace(" ", "_") for name in NAMES[1:]}
    with Image.open("out/parts/one/left_eye.png") as cut:
        assert cut.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(cut)[..., 3] >= 128, painted == NAMES.index("left eye"))


def test_the_ids_are_a_palette_png_that_any_viewer_shows_in_the_official_colours(
    stand_in: Path, album: Path, painted: np.ndarray
):
    assert predict(stand_in, album / "one.png", "--out", "out", "--write", "ids") == 0
    with Image.open("out/ids/one.png") as picture:
        assert picture.mode == "P"
        np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), PALETTE[painted])


def test_a_bad_photo_among_many_costs_only_itself(stand_in: Path, album: Path, capsys: pytest.CaptureFixture[str]):
    (album / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    (album / "empty.png").write_bytes(b"")
    assert predict(stand_in, album, "gone.jpg", "--out", "out", "--write", "ids") == 1
    assert written(Path("out")) == ["ids/one.png", "ids/three.png", "ids/two.png"]
    output = capsys.readouterr()
    assert output.out == "3 of 6 parsed; ids are in out\n"
    told = output.err.splitlines()
    assert [line.split(":")[1].strip() for line in told] == ["album/broken.jpg", "album/empty.png", "gone.jpg"]


def test_a_map_without_eyes_nose_or_mouth_is_told(
    stand_in: Path, album: Path, painted: np.ndarray, capsys: pytest.CaptureFixture[str]
):
    features = [
        NAMES.index(name) for name in NAMES if name.endswith(("eye", "brow", "lip")) or name in ("nose", "mouth")
    ]
    wall = np.where(np.isin(painted, features), NAMES.index("skin"), painted)
    Image.fromarray(PALETTE[wall]).save(album / "wall.png")
    assert predict(stand_in, album, "--out", "out", "--write", "ids") == 0
    assert capsys.readouterr().err == (
        "album/wall.png: no eyes, nose or mouth are in its map, so it may show no face; --faces searches all of it\n"
    )
    np.testing.assert_array_equal(images.read_labels(Path("out/ids/wall.png")), wall)


def test_two_photos_of_one_name_are_refused_before_anything_is_written(
    stand_in: Path, album: Path, capsys: pytest.CaptureFixture[str]
):
    Path("other").mkdir()
    Image.new("RGB", (8, 8)).save("other/two.jpg")
    assert predict(stand_in, album, "other/two.jpg", "--out", "out") == 2
    told = capsys.readouterr().err
    assert "album/two.PNG and other/two.jpg would both be written as two" in told
    assert told.count("\n") == 1
    assert not Path("out").exists()


def test_a_photo_given_twice_is_parsed_once(stand_in: Path, album: Path, capsys: pytest.CaptureFixture[str]):
    assert predict(stand_in, album, album / "one.png", album.resolve() / "one.png", "--out", "out") == 0
    assert capsys.readouterr().out.startswith("3 of 3 parsed")


@pytest.mark.parametrize("out", ["album", "album/parsed"])
def test_results_in_the_photos_own_folder_are_not_taken_for_photos(
    out: str, stand_in: Path, album: Path, capsys: pytest.CaptureFixture[str]
):
    for _ in range(2):
        assert predict(stand_in, album, "--out", out, "--write", "ids,color,overlay,parts") == 0
        assert capsys.readouterr().out.startswith("3 of 3 parsed")


@pytest.mark.parametrize(("photo", "kind"), [("album/overlay/me.png", "overlay"), ("album/parts/me/nose.png", "parts")])
def test_a_photo_is_never_overwritten_by_its_result(
    photo: str, kind: str, stand_in: Path, album: Path, capsys: pytest.CaptureFixture[str]
):
    Path(photo).parent.mkdir(parents=True)
    Image.new("RGB", (8, 8), (1, 2, 3)).save(photo)
    before = Path(photo).read_bytes()
    assert predict(stand_in, photo, "--out", album, "--write", kind) == 2
    assert f"{photo} lies where the results go; choose another --out" in capsys.readouterr().err
    assert Path(photo).read_bytes() == before


def test_a_second_run_leaves_no_part_of_the_first(stand_in: Path, album: Path):
    assert predict(stand_in, album / "one.png", "--out", "out", "--write", "parts") == 0
    Image.new("RGB", (8, 8), tuple(PALETTE[1].tolist())).save(album / "one.png")
    assert predict(stand_in, album / "one.png", "--out", "out", "--write", "parts") == 0
    assert written(Path("out")) == ["parts/one/skin.png"]


def test_a_name_with_points_and_spaces_keeps_them(stand_in: Path, album: Path):
    (album / "one.png").rename(album / "me, 1.5 years old.v2.png")
    assert predict(stand_in, album / "me, 1.5 years old.v2.png", "--out", "out", "--write", "ids,soft") == 0
    assert written(Path("out")) == ["ids/me, 1.5 years old.v2.png", "soft/me, 1.5 years old.v2.npz"]


def test_photos_that_cannot_be_read_yet_are_mentioned(stand_in: Path, album: Path, capsys: pytest.CaptureFixture[str]):
    (album / "IMG_1.HEIC").touch()
    (album / "notes.txt").touch()
    done = subprocess.run(
        [sys.executable, "-m", "faceparse", "predict", "album", "--out", "out", "--model", stand_in],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0
    assert done.stderr.strip() == "album: passed over 1 not PNG, JPEG or WebP, such as IMG_1.HEIC"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["album", "--out", "out", "--write", "ids,colour"], "unknown output 'colour'; did you mean 'color'?"),
        (
            ["album", "--out", "out", "--write", ","],
            "--write names nothing; known: ids, color, overlay, soft, parts, json, csv",
        ),
        (["album", "--out", "album/one.png"], "--out album/one.png: a file, where a folder is expected"),
        ([".", "--out", "out"], ".: holds no photos"),
    ],
)
def test_wrong_usage_is_one_line_and_writes_nothing(
    arguments: list[str], said: str, stand_in: Path, album: Path, capsys: pytest.CaptureFixture[str]
):
    assert predict(stand_in, *arguments) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert not Path("out").exists()


def test_a_full_disk_stops_the_work_in_one_line_and_leaves_no_half_file(
    stand_in: Path, album: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    sync, calls = os.fsync, []

    def fills_up(handle: int) -> None:
        calls.append(handle)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    monkeypatch.setattr(os, "fsync", fills_up)
    assert predict(stand_in, album, "--out", "out") == 1
    assert capsys.readouterr().err == (
        "faceparse: cannot write out/ids/three.png: no space left on device; free some space or choose another place, "
        "what was there is kept\n"
    )
    assert written(Path("out")) == ["ids/one.png", "overlay/one.png"]


WITHOUT_TRAINING_PACKAGES = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "cv2", "safetensors", "cattrs", "matplotlib", "onnx", "onnxscript", "timm"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from faceparse.cli.main import main

main(sys.argv[1:])
"""


def test_photos_are_parsed_where_only_the_core_is_installed(stand_in: Path, album: Path, painted: np.ndarray):
    arguments = ["predict", "album", "--out", "out", "--model", stand_in, "--write", "ids,color,overlay,soft,parts"]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_TRAINING_PACKAGES, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    np.testing.assert_array_equal(images.read_labels(Path("out/ids/one.png")), painted)


def test_importing_the_package_loads_neither_onnxruntime_nor_pillow():
    code = "import sys, faceparse; print(sorted({'onnxruntime', 'PIL', 'tyro', 'rich', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout == "[]\n"
