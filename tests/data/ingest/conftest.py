"""Faces to lay out as others do, and the command that ingests them."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from faceparse.data.synthetic.generate import make_face
from faceparse.images import read_labels

SIDE = 64


@pytest.fixture(scope="session")
def faces():
    """Twelve made faces, photo and label map, by name."""
    return {f"face{index}": make_face(7, index, SIDE) for index in range(12)}


@pytest.fixture
def save():
    """Writes an array as a picture."""

    def write(path: Path, array, **options) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(path, **options)

    return write


@pytest.fixture
def command():
    """Runs `faceparse data ingest` and returns its exit code, standard output (on one line) and standard error."""

    def run(*arguments) -> tuple[int, str, str]:
        line = [sys.executable, "-m", "faceparse", "data", "ingest", *map(str, arguments)]
        done = subprocess.run(line, capture_output=True, text=True, timeout=300)
        return done.returncode, " ".join(done.stdout.split()), done.stderr

    return run


@pytest.fixture
def maps():
    """Label maps that an ingest wrote, by split and name."""

    def read(out: Path):
        return {f"{p.parent.parent.name}/{p.stem}": read_labels(p) for p in out.glob("*/masks/*.png")}

    return read
