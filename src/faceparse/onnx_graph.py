"""Changes to an exported graph that keep its results: two options for callers, a quicker arg-max, no bias of zero.

Options are inputs with defaults (ONNX calls them overridable initializers): a caller who feeds `image` alone gets what
the file always gave.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from faceparse.classes import NUM_CLASSES

SCALE = "scale"
"""float64 scalar, 1: the network works at so many times its usual size; in files of networks with a working size."""
WITH_PROBABILITIES = "with_probabilities"
"""bool scalar, true: where it is false, `probabilities` come without a pixel and take no time."""


def quicken_argmax(graph: onnx.GraphProto) -> None:
    """Labels by comparing whole planes, one class after the other; of equals the first wins, as in ArgMax.

    onnxruntime's own ArgMax over channels that are not innermost takes twice as long (at 512², one thread: 8.6 ms
    against 4.6).
    """
    argmax = next(node for node in graph.node if node.op_type == "ArgMax")
    cast = next(node for node in graph.node if node.input[:1] == argmax.output[:1])
    assert cast.op_type == "Cast"
    planes = [f"plane_{index}" for index in range(NUM_CLASSES)]
    _constant(graph, "plane_sizes", np.ones(NUM_CLASSES, np.int64))
    _constant(graph, "plane_axis", np.array([1], np.int64))
    nodes = [helper.make_node("Split", [argmax.input[0], "plane_sizes"], planes, axis=1)]
    highest, winner = planes[0], "class_0"
    _constant(graph, winner, np.uint8(0))
    for index in range(1, NUM_CLASSES):
        _constant(graph, f"class_{index}", np.uint8(index))
        nodes.append(helper.make_node("Greater", [planes[index], highest], [f"wins_{index}"]))
        nodes.append(helper.make_node("Where", [f"wins_{index}", f"class_{index}", winner], [f"winner_{index}"]))
        if index < NUM_CLASSES - 1:
            nodes.append(helper.make_node("Max", [highest, planes[index]], [f"highest_{index}"]))
        highest, winner = f"highest_{index}", f"winner_{index}"
    nodes.append(helper.make_node("Squeeze", [winner, "plane_axis"], [cast.output[0]]))
    _replace(graph, [argmax, cast], nodes)


def drop_zero_bias(graph: onnx.GraphProto) -> None:
    """Leave out the bias of the decision where it is 0 for every class; adding it to every logit takes a sixtieth of
    `compact`'s time."""
    biases = [x for x in graph.initializer if x.name.endswith("logit_bias") and not numpy_helper.to_array(x).any()]
    for bias in biases:
        for add in [node for node in graph.node if bias.name in node.input]:
            (logits,) = set(add.input) - {bias.name}
            for node in graph.node:
                node.input[:] = [logits if name == add.output[0] else name for name in node.input]
            graph.node.remove(add)
        graph.initializer.remove(bias)


def make_probabilities_optional(graph: onnx.GraphProto) -> None:
    """Compute probabilities only where they are wanted: onnxruntime runs all of a graph, whatever is fetched."""
    needed_for_labels = _needed_for(graph, "labels")
    softmax = [node for node in graph.node if not needed_for_labels.intersection(node.output)]
    assert softmax, "labels and probabilities share their last nodes"
    logits = next(name for node in softmax for name in node.input if name in needed_for_labels)
    last = next(node for node in softmax if "probabilities" in node.output)
    last.output[:] = ["computed_probabilities"]
    _constant(graph, "no_pixels_from", np.array([0, 0], np.int64))
    _constant(graph, "no_pixels_axes", np.array([2, 3], np.int64))
    nothing = helper.make_node("Slice", [logits, "no_pixels_from", "no_pixels_from", "no_pixels_axes"], ["nothing"])

    def branch(name: str, nodes: list[onnx.NodeProto], output: str) -> onnx.GraphProto:
        return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)])

    choice = helper.make_node(
        "If",
        [WITH_PROBABILITIES],
        ["probabilities"],
        then_branch=branch("probabilities_wanted", softmax, "computed_probabilities"),
        else_branch=branch("probabilities_not_wanted", [nothing], "nothing"),
    )
    _option(graph, WITH_PROBABILITIES, np.bool_(True))
    _replace(graph, softmax, [choice])


def add_scale(graph: onnx.GraphProto, working_size: int, stride: int) -> None:
    """Let the caller choose the working size, as the network's own `scale` does; see `Network.forward`."""
    usual = 2 * round(working_size / stride)
    sizes = [x for x in graph.initializer if x.data_type == TensorProto.INT64 and not x.dims]
    names = [x.name for x in sizes if int(numpy_helper.to_array(x)) == usual]
    # twice the steps times a side of the photo: the only products of sides with this constant
    of_sides = {node.output[0] for node in graph.node if node.op_type == "Squeeze"}
    products = [
        node
        for node in graph.node
        if node.op_type == "Mul" and of_sides.intersection(node.input) and set(names).intersection(node.input)
    ]
    assert len(products) == 2, "the exporter writes the working size in another way"
    _option(graph, SCALE, np.float64(1))
    _constant(graph, "working_size", np.float64(working_size))
    _constant(graph, "stride", np.float64(stride))
    _constant(graph, "two", np.int64(2))
    for product in products:
        product.input[:] = ["double_steps" if name in names else name for name in product.input]
    steps = [
        helper.make_node("Mul", [SCALE, "working_size"], ["scaled_size"]),
        helper.make_node("Div", ["scaled_size", "stride"], ["exact_steps"]),
        helper.make_node("Round", ["exact_steps"], ["rounded_steps"]),  # to even, as Python does
        helper.make_node("Cast", ["rounded_steps"], ["steps"], to=TensorProto.INT64),
        helper.make_node("Mul", ["steps", "two"], ["double_steps"]),
    ]
    set_nodes(graph, [*steps, *graph.node])
    del graph.value_info[:]  # shapes that the exporter wrote for the usual size
    used = {name for node in graph.node for name in node.input}
    for unused in [x for x in sizes if x.name not in used]:
        graph.initializer.remove(unused)


def _needed_for(graph: onnx.GraphProto, output: str) -> set[str]:
    """Names of all values that an output depends on."""
    needed = {output}
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
    return needed


def _option(graph: onnx.GraphProto, name: str, default: np.generic) -> None:
    kind = helper.np_dtype_to_tensor_dtype(default.dtype)
    graph.input.append(helper.make_tensor_value_info(name, kind, []))
    _constant(graph, name, default)


def _constant(graph: onnx.GraphProto, name: str, value: np.ndarray | np.generic) -> None:
    graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))


def _replace(graph: onnx.GraphProto, old: list[onnx.NodeProto], new: list[onnx.NodeProto]) -> None:
    gone = {node.output[0] for node in old} | {output for node in new for output in node.output}
    # what is new depends on nodes before it and nothing depends on it but outputs
    set_nodes(graph, [*(node for node in graph.node if not gone.intersection(node.output)), *new])


def set_nodes(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    """Give a graph other nodes, its own among them or not."""
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(kept)
