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
from faceparse.web.server import build
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
