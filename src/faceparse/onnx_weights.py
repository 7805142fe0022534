"""Weights of an ONNX file kept in fewer bytes; what is computed with them stays float32.

onnxruntime brings them back once, when it loads the file, so that a smaller file is as fast as a large one, on any
machine and in a browser. Arithmetic in int8 is another matter, and slower for our network (see docs/journal.md).
"""

import math
from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from faceparse.onnx_graph import set_nodes

Weights = Literal["float32", "float16", "int8"]

_LARGEST = 127
"""Of int8, without -128, so that steps are the same on both sides of 0."""


def rounded(content: bytes, weights: Weights) -> bytes:
    """An ONNX file with its weights kept as `weights`, and brought back to float32 by its graph.

    int8 has one step for each slice along a weight's first axis (an output channel of a convolution): its largest
    number is 127 steps.
    """
    if weights == "float32":
        return content
    model = onnx.load_from_string(content)
    nodes = []
    for weight in list(model.graph.initializer):
        values = numpy_helper.to_array(weight)
        if values.dtype == np.float32 and _is_weight(values.shape):
            model.graph.initializer.remove(weight)
            constants, back = (_in_half if weights == "float16" else _in_int8)(weight.name, values)
            model.graph.initializer.extend(constants)
            nodes += back
    set_nodes(model.graph, [*nodes, *model.graph.node])
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def _is_weight(shape: tuple[int, ...]) -> bool:
    """Biases and norms are few and stay as they are."""
    return len(shape) > 1 and math.prod(shape) >= 256


def _in_half(name: str, values: np.ndarray) -> tuple[list[onnx.TensorProto], list[onnx.NodeProto]]:
    half = f"{name}_half"
    with np.errstate(over="ignore"):  # numbers beyond float16 become infinite, which the comparison afterwards finds
        constant = numpy_helper.from_array(values.astype(np.float16), half)
    return [constant], [helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT)]


def _in_int8(name: str, values: np.ndarray) -> tuple[list[onnx.TensorProto], list[onnx.NodeProto]]:
    steps = np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True) / _LARGEST
    steps[steps == 0] = 1
    integers, whole, step = f"{name}_int8", f"{name}_in_steps", f"{name}_step"
    # Cast and Mul, which every runtime folds; DequantizeLinear is left alone by onnxruntime and run for each photo
    return [
        numpy_helper.from_array(np.rint(values / steps).astype(np.int8), integers),
        numpy_helper.from_array(steps.astype(np.float32), step),
    ], [
        helper.make_node("Cast", [integers], [whole], to=TensorProto.FLOAT),
        helper.make_node("Mul", [whole, step], [name]),
    ]
