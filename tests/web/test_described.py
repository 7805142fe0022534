"""What `docs/using.md` says of the server is so."""

import json
import re
import shutil
import subprocess
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import MagicMock as Mock

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from faceparse import images
from faceparse.classes import PALETTE
from faceparse.web import serving
from faceparse.web.config import ServerConfig
from stand_ins import exit_code

PAGE = (Path(__file__).parents[2] / "docs" / "using.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def test_the_commands_of_programs_run(
    address: str, painted: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    asked = [line for line in COMMANDS if line.startswith("curl")]
    assert len(asked) == 4
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PALETTE[painted]).save("me.jpg", quality=100, subsampling=0)
    for line in asked:
        command = line.replace("curl", "curl --silent --fail").replace("http://127.0.0.1:8000", address)
        subprocess.run(command, shell=True, check=True, timeout=120)
    np.testing.assert_array_equal(images.read_labels(Path("ids.png")), painted)
    assert images.read_image(Path("overlay.png")).shape == (*painted.shape, 3)
    assert {"width", "height", "parts", "has_features", "ids"} == json.loads(Path("parts.json").read_text()).keys()
    with Image.open("hair.png") as hair:
        assert hair.mode == "RGBA"


def test_the_command_serves_what_the_page_says(stand_in: Path, monkeypatch: pytest.MonkeyPatch):
    (command,) = [line for line in COMMANDS if line.startswith("faceparse serve")]
    asked = []
    monkeypatch.setattr(serving, "listen", lambda host, port: asked.append((host, port)) or nullcontext(Mock()))
    monkeypatch.setattr(serving, "run", lambda app, listening: asked.append(app))
    assert exit_code(*command.split()[1:], "--model", stand_in) == 0
    assert asked[0] == ("127.0.0.1", 8000)
    with TestClient(asked[1], "http://127.0.0.1:8000") as client:
        assert client.get("/").status_code == 200


def test_the_limits_are_those_that_are_stated():
    limits = ServerConfig()
    assert (limits.max_bytes, limits.max_pixels) == (20 * 1024**2, 24_000_000)
    assert (limits.burst, limits.requests_per_minute, limits.capacity, limits.upload_seconds) == (60, 120, 128, 30)
    assert (limits.workers, limits.uploads) == (2, 8)
    for said in ("more than 20 MB", "24 megapixels", "60 at once or 120 a minute", "128 are waiting", "30 seconds"):
        assert said in PAGE
