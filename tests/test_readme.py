"""What the README tells a newcomer to type first gives what it says."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import faceparse
from faceparse.classes import PALETTE
from faceparse.infer.parser import Parser
from stand_ins import exit_code

PAGE = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Parse a photo\n")[2].partition("\n## ")[0]


@pytest.fixture(autouse=True)
def photo(tmp_path: Path, painted: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PALETTE[painted]).save("photo.jpg", quality=100, subsampling=0)


def test_a_newcomer_gets_the_hair_of_a_face(stand_in: Path, painted: np.ndarray):
    commands = [line for line in SECTION.splitlines() if line.startswith("faceparse predict")]
    assert len(commands) == 2
    for command in commands:
        assert exit_code(*shlex.split(command, comments=True)[1:], "--model", stand_in) == 0
    for path in re.findall(r"\bout/[\w/]+\.png", SECTION):
        assert Path(path).is_file(), path
    with Image.open("out/parts/photo/hair.png") as hair:
        assert ((np.asarray(hair)[..., 3] > 127) == (painted == 13)).mean() > 0.99


def test_the_python_runs(stand_in: Path, monkeypatch: pytest.MonkeyPatch):
    (python,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    monkeypatch.setattr(faceparse, "Parser", type("", (), {"load": lambda: Parser.load(stand_in)}))
    exec(python, {})


def test_every_page_and_folder_it_names_is_there():
    for link in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", PAGE):
        assert (Path(__file__).parents[1] / link).exists(), link
