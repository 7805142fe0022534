"""What several test files call: the real command line, and a face parser without training."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from faceparse.classes import CLASSES, NAMES, NUM_CLASSES, PALETTE
from faceparse.cli import main as command_line

SHARPNESS = 40.0


def color_parser(path: Path, working_size: int | None = None) -> Path:
    """Write an ONNX face parser whose classes are the palette's nearest colours.

    It takes and gives what the shipped models do. With a working size it looks at the photo at that size only.
    """
    colors = PALETTE.astype(np.float32) / 255
    constants = {
        "scale": np.float32(1 / 255),
        "weight": (2 * SHARPNESS * colors)[:, :, None, None],
        "bias": -SHARPNESS * (colors**2).sum(axis=1),
        "working": np.array([1, 3, working_size or 1, working_size or 1], dtype=np.int64),
        "classes": np.array([NUM_CLASSES], dtype=np.int64),
        "none": np.array([], dtype=np.float32),
    }
    resize = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["float", "scale"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Shape", ["planes"], ["num"], start=0, end=1),
        helper.make_node("Shape", ["planes"], ["size"], start=2, end=4),
        helper.make_node("Concat", ["num", "classes", "size"], ["full"], axis=0),
        helper.make_node("Resize", ["planes", "none", "none", "working"], ["small"], **resize)
        if working_size
        else helper.make_node("Identity", ["planes"], ["small"]),
        helper.make_node("Conv", ["small", "weight", "bias"], ["logits"]),
        helper.make_node("Resize", ["logits", "none", "none", "full"], ["full_logits"], **resize),
        helper.make_node("Softmax", ["full_logits"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["ids"], axis=1, keepdims=0),
        helper.make_node("Cast", ["ids"], ["labels"], to=TensorProto.UINT8),
    ]
    graph = helper.make_graph(
        nodes,
        "colors",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", "h", "w", 3])],
        [
            helper.make_tensor_value_info("labels", TensorProto.UINT8, ["n", "h", "w"]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", NUM_CLASSES, "h", "w"]),
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    colors_said = ",".join(row.hex_color for row in CLASSES)
    helper.set_model_props(model, {"classes": ",".join(NAMES), "palette": colors_said})
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def exit_code(*arguments: object) -> int:
    """Run the command line in this process."""
    with pytest.raises(SystemExit) as end:
        command_line.main(list(map(str, arguments)))
    assert isinstance(end.value.code, int)
    return end.value.code


def faceparse(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the real command line in a process of its own."""
    command = [sys.executable, "-m", "faceparse", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **options)
