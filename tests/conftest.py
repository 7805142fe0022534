"""What several test files share: a face parser that knows the classes by their official colours, and made faces."""

from pathlib import Path

import numpy as np
import pytest

from faceparse.classes import NUM_CLASSES
from stand_ins import color_parser


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX face parser that reads the official colours, pixel by pixel."""
    return color_parser(tmp_path_factory.mktemp("stand_in") / "colors.onnx")


@pytest.fixture(scope="session")
def painted() -> np.ndarray:
    """uint8 (96, 80): a label map with every class in it, in blocks of 16 by 20."""
    blocks = np.arange(24).reshape(6, 4) % NUM_CLASSES
    return np.kron(blocks, np.ones((16, 20), dtype=int)).astype(np.uint8)


@pytest.fixture(scope="session")
def made_faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of 20 made faces at 64×64: 16 in train, 4 in val, 4 photos in test."""
    from faceparse.data.synthetic.layouts import write_challenge

    root = tmp_path_factory.mktemp("made") / "faces"
    write_challenge(root, 20, 64, seed=3)
    return root
