"""A first photo waits for nothing that it does not need; shapes are still checked while testing."""

import subprocess
import sys
from pathlib import Path

import jaxtyping
import numpy as np
import pytest

from faceparse.infer.enlarge import enlarged_labels

SLOW = ("jaxtyping", "asyncio", "torch", "cv2", "matplotlib", "onnx", "rich.progress", "rich.table", "PIL.PdfParser")
"""What takes tens of milliseconds or more to import, and parses no photo."""
PARSE = f"""
import sys
from pathlib import Path
from faceparse import images
from faceparse.cli import main, predict, results
from faceparse.infer.parser import Parser

photo = images.encode_image(images.np.zeros((40, 40, 3), "uint8"), ".webp")
results.write_results(Path(sys.argv[1]), "photo", ["ids", "overlay", "json"], Parser.load()(images.read_image(photo)))
print([name for name in {SLOW!r} if name in sys.modules])
"""


def test_parsing_a_photo_imports_nothing_slow_without_need(tmp_path: Path):
    done = subprocess.run([sys.executable, "-c", PARSE, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert (tmp_path / "ids" / "photo.png").is_file()


def test_shapes_are_checked_in_tests():
    with pytest.raises(jaxtyping.TypeCheckError):
        enlarged_labels(np.zeros((18, 4, 4), np.float32), 8, 8)
    with pytest.raises(jaxtyping.TypeCheckError):
        enlarged_labels(np.zeros((19, 4, 4), np.float64), 8, 8)
