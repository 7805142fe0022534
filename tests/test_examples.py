"""The examples of ONNX files: Python and JavaScript give what the parser gives; C++ is read by a compiler."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceparse import images
from faceparse.classes import NAMES, PALETTE

EXAMPLES = Path(__file__).parents[1] / "examples"
PACKAGES = ("onnxruntime-web@1.30", "sharp@0.35")

ORT_STAND_IN = """
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>
enum OrtAllocatorType { OrtArenaAllocator };
enum OrtMemType { OrtMemTypeDefault };
namespace Ort {
struct Env {};
struct SessionOptions {};
struct RunOptions {};
struct MemoryInfo { static MemoryInfo CreateCpu(OrtAllocatorType, OrtMemType); };
struct Value {
  template <typename T> static Value CreateTensor(const MemoryInfo&, T*, size_t, const int64_t*, size_t);
  template <typename T> const T* GetTensorData() const;
};
struct Session {
  Session(const Env&, const char*, const SessionOptions&);
  std::vector<Value> Run(const RunOptions&, const char* const*, const Value*, size_t, const char* const*, size_t);
};
}
"""
"""What the example uses of onnxruntime's C++ header, which no package index has."""


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the JavaScript example and the packages that it asks for."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("no node and npm on this machine")
    folder = tmp_path_factory.mktemp("node")
    shutil.copy(EXAMPLES / "parse_photo.js", folder)
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder), *PACKAGES]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"npm cannot install {' and '.join(PACKAGES)} here ({type(error).__name__})")
    return folder


def test_python_needs_no_faceparse_and_gives_the_same_ids(stand_in: Path, painted: np.ndarray, tmp_path: Path):
    Image.fromarray(PALETTE[painted]).save(tmp_path / "me.png")
    code = "import runpy, sys; sys.modules['faceparse'] = None; runpy.run_path(sys.argv.pop(1))"
    command = [sys.executable, "-c", code, EXAMPLES / "parse_onnx.py"]
    files = [stand_in, tmp_path / "me.png", tmp_path / "ids.png"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    np.testing.assert_array_equal(images.read_labels(tmp_path / "ids.png"), painted)
    np.testing.assert_array_equal(images.read_image(tmp_path / "ids.png"), PALETTE[painted])
    assert "\nhair 4.2%\n" in done.stdout


def test_javascript_gives_the_same_ids(node_folder: Path, stand_in: Path, painted: np.ndarray, tmp_path: Path):
    photo = tmp_path / "me.png"
    Image.fromarray(PALETTE[painted]).save(photo)
    command = ["node", "parse_photo.js", str(stand_in), str(photo), str(tmp_path / "ids.png")]
    done = subprocess.run(command, cwd=node_folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(images.read_labels(tmp_path / "ids.png"), painted)
    assert "hair 4.2 %" in done.stdout


def test_javascript_has_our_names():
    text = (EXAMPLES / "parse_photo.js").read_text(encoding="utf-8")
    found = re.search(r"NAMES = `([^`]+)`", text)
    assert found
    assert found[1].split() == [name.replace(" ", "_") for name in NAMES]


def test_c_plus_plus_is_well_formed(tmp_path: Path):
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler on this machine")
    (tmp_path / "onnxruntime_cxx_api.h").write_text(ORT_STAND_IN)
    command = [compiler, "-std=c++17", "-Wall", "-Wextra", "-fsyntax-only", "-I", str(tmp_path)]
    done = subprocess.run([*command, str(EXAMPLES / "parse_photo.cpp")], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["parse_onnx.py", "parse_photo.js", "parse_photo.cpp"])
def test_each_is_twenty_lines(name: str):
    text = re.sub(r'^""".*?"""', "", (EXAMPLES / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line.strip() for line in text.splitlines()]
    code = [line for line in lines if line and not line.startswith(("//", "#", "import ", "from "))]
    assert len(code) <= 20
