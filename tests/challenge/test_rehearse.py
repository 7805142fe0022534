"""A rehearsal finds what only running shows. These solutions need no package, so nothing is installed."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceparse.challenge.rehearse import rehearse
from faceparse.cli.main import run
from faceparse.errors import DataError, UsageError

# Copies a mask that lies beside it: what a solution does, without PyTorch
HONEST = """
import argparse, pathlib, shutil
options = argparse.ArgumentParser()
for name in ("--input", "--output", "--weights"):
    options.add_argument(name, required=True)
given = options.parse_args()
assert pathlib.Path(given.weights).read_bytes() == b"weights" and pathlib.Path(given.input).stat().st_size
shutil.copyfile("answer.bin", given.output)
"""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "1.jpg"
    Image.new("RGB", (16, 16), "red").save(path)
    return path


def _mask(value: int, size: int = 16) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((size, size), value, np.uint8)).convert("P").save(buffer, "PNG")
    return buffer.getvalue()


def _rehearsed(tmp_path: Path, photo: Path, code: str, answer: bytes, timeout: float = 60.0):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("masks/1.png", _mask(3))
        archive.writestr("solution/run.py", code)
        archive.writestr("solution/ckpt.pth", b"weights")
        archive.writestr("solution/requirements.txt", "# nothing\n")
        archive.writestr("solution/answer.bin", answer)
    return rehearse(path, [photo], timeout=timeout, base=tmp_path)


def test_an_honest_solution_passes_and_nothing_is_left(tmp_path, photo):
    rehearsal = _rehearsed(tmp_path, photo, HONEST, _mask(3))
    assert not rehearsal.faults
    assert (rehearsal.num_run, rehearsal.num_same, len(rehearsal.seconds)) == (1, 1, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.jpg", "a.zip"]


@pytest.mark.parametrize(
    ("code", "answer", "rule", "said"),
    [
        (HONEST, _mask(4), "same", "differs from the packed one in 256 pixels"),
        (HONEST, _mask(3, 8), "same", "another size: 8×8 and 16×16"),
        (HONEST, b"no picture", "same", "cannot be compared"),
        ("import numpy\n" + HONEST, _mask(3), "run", "imports 'numpy', which requirements.txt does not declare"),
        ("import faceparse\n" + HONEST, _mask(3), "run", "imports 'faceparse', which requirements.txt does not"),
        ("raise RuntimeError('out of luck')", _mask(3), "run", "RuntimeError: out of luck"),
        ("", _mask(3), "run", "writes no mask"),
        (
            "import os\nraise RuntimeError(os.environ.get('SECRET', 'blind'))",
            _mask(3),
            "run",
            "blind",
        ),
    ],
)
def test_what_goes_wrong_is_told(code, answer, rule, said, tmp_path, photo, monkeypatch):
    monkeypatch.setenv("SECRET", "1")
    (fault,) = _rehearsed(tmp_path, photo, code, answer).faults
    assert fault.rule == rule
    assert said in fault.what


def test_a_solution_that_does_not_end_is_ended_with_its_children(tmp_path, photo):
    code = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(1000)'])"
    (fault,) = _rehearsed(tmp_path, photo, code, b"", timeout=2.0).faults
    assert "longer than 2 s" in fault.what


@pytest.mark.parametrize("place", ["checkpoint/ckpt.pth", "code/best.pth", "model.safetensors"])
def test_a_hand_in_of_2022_is_rehearsed_wherever_its_team_put_things(place, tmp_path, photo):
    path = tmp_path / "A12345678B.zip"
    contents = {
        "best/masks/1.png": _mask(3), "code/run.py": HONEST, "code/answer.bin": _mask(3), "code/tools/run.py": "",
        "code/requirements.txt": "# nothing\n", place: b"weights",
    }  # fmt: skip
    _written(path, contents)
    rehearsal = rehearse(path, [photo], base=tmp_path)
    assert (rehearsal.faults, rehearsal.num_same) == ([], 1)
    _written(path, {**contents, "code/answer.bin": _mask(4)})
    (fault,) = rehearse(path, [photo], base=tmp_path).faults
    assert "differs from the packed one" in fault.what
    _written(path, {name: content for name, content in contents.items() if name != place})
    (fault,) = rehearse(path, [photo], base=tmp_path).faults
    assert "without run.py and a checkpoint" in fault.what


def _written(path: Path, contents: dict) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def test_scratch_may_be_named_from_here_and_must_be_there(tmp_path, photo, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scratch").mkdir()
    path = tmp_path / "A12345678B.zip"
    _written(path, {"masks/1.png": _mask(3), "run.py": HONEST, "answer.bin": _mask(3), "a.pth": b"weights"})
    assert rehearse(path, [photo], base=Path("scratch")).num_same == 1
    with pytest.raises(DataError, match="nowhere: no such folder"):
        rehearse(path, [photo], base=Path("nowhere"))


def test_a_solution_whose_weights_have_another_name_cannot_be_rehearsed(tmp_path, photo):
    path = tmp_path / "a.zip"
    _written(path, {"masks/1.png": _mask(3), "solution/run.py": HONEST, "solution/best.pth": b"weights"})
    (fault,) = rehearse(path, [photo], base=tmp_path).faults
    assert "without run.py and a checkpoint" in fault.what


def test_an_upload_of_2022_has_nothing_to_run_and_that_is_said(tmp_path, photo, capfd):
    path = tmp_path / "up.zip"
    _written(path, {"masks/1.png": _mask(3)})
    assert run(["submit", "check", "2022", str(path), "--images", str(tmp_path), "--run"]) == 0
    assert "masks alone" in " ".join(capfd.readouterr().err.split())


@pytest.mark.parametrize("options", [["--run", "--masks-only", "--images", "."], ["--run"]])
def test_what_cannot_be_rehearsed_is_wrong_usage(options):
    with pytest.raises(UsageError, match="--run"):
        run(["submit", "check", "2025", "a.zip", *options])
