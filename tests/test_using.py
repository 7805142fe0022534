"""What `docs/using.md` tells a reader to type works as it stands there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceparse import images
from faceparse.classes import PALETTE

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "using.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
PYTHON = "".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, painted: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the page speaks of."""
    monkeypatch.chdir(tmp_path)
    Path("holiday").mkdir()
    for name in ("me.jpg", "holiday/beach.jpg"):
        Image.fromarray(PALETTE[painted]).save(name, quality=100, subsampling=0)


def succeeds(*arguments: object) -> str:
    done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


# A test brings its own model, so that it tells whether the page is right, not whether the shipped model is there
def test_every_command_runs(stand_in: Path, painted: np.ndarray):
    assert len(COMMANDS) == 6
    for command in COMMANDS:
        program, *arguments = shlex.split(command, comments=True)
        assert program == "faceparse"
        if "<" in arguments:
            whole = f"{shlex.quote(sys.executable)} -m {command} --model {shlex.quote(str(stand_in))}"
            subprocess.run(whole, shell=True, check=True, timeout=300)
        elif "--tta" in arguments:
            # the stand-in takes no scales, and the shipped model says that what it sees here is no face
            subprocess.run([sys.executable, "-m", "faceparse", *arguments], check=True, timeout=300)
        else:
            succeeds("-m", "faceparse", *arguments, "--model", stand_in)
    for path in re.findall(r"\b(parsed/(?!faces/)[\w/]+\.\w+)", PAGE):  # those of groups: tests/infer/test_wild.py
        assert Path(path).is_file(), path
    assert (images.read_labels(Path("ids.png")) == painted).mean() > 0.99
    assert images.read_labels(Path("better/ids/me.png")).shape == painted.shape


def test_the_python_runs(stand_in: Path):
    assert "Parser.load()" in PYTHON
    succeeds("-c", PYTHON.replace("Parser.load()", f"Parser.load({str(stand_in)!r})"))


def test_the_example_runs(stand_in: Path):
    said = succeeds(ROOT / "examples" / "parse_photo.py", "me.jpg", "parsed", "--model", stand_in)
    assert re.search(r"^hair +4\.\d% of the photo$", said, re.MULTILINE)
    assert Path("parsed/overlay.png").is_file()
    assert Path("parsed/hair.png").is_file()
