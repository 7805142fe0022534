"""The drawing of left and right in docs/data.md, made by its script."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "examples/left_and_right.py"


def test_the_drawing_is_made_of_a_face_on_which_the_doctor_agrees(tmp_path):
    out = tmp_path / "out.png"
    result = subprocess.run([sys.executable, SCRIPT, out], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert out.read_bytes().startswith(b"\x89PNG")
