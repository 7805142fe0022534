"""Networks as ONNX files, checked to give what PyTorch gives.

The file takes `image` (uint8 `n h w 3`, RGB, any n, h and w) and gives `labels` (uint8 `n h w`) and `probabilities`
(float32 `n 19 h w`). Scaling, normalisation, both resizings, arg-max and softmax are in the graph. Two more inputs may
be left out: `scale` (where the network has a working size) and `with_probabilities`; see `onnx_graph.py`. Its metadata
are `classes` (their names) and `palette` (their colours as `#rrggbb`), each with commas between, in the order of ids.
"""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from faceparse.classes import CLASSES, NAMES
from faceparse.data.synthetic import make_face
from faceparse.errors import FaceparseError
from faceparse.files import write_atomically
from faceparse.models.fusion import in_order_of_definition
from faceparse.models.network import Network
from faceparse.onnx_graph import SCALE, add_scale, drop_zero_bias, make_probabilities_optional, quicken_argmax
from faceparse.onnx_weights import Weights, rounded

OPSET = 20
"""The first in which the antialiased Resize that networks use is settled and onnxruntime 1.19 runs it."""

MAX_LABEL_DIFFERENCE = 1e-4
"""Largest share of pixels that may get another label: ties that rounding decides."""
MAX_PROBABILITY_DIFFERENCE = 2e-3
"""K-Net's, whose kernels are products of products: in PyTorch alone float32 is .0006 from float64."""
ALLOWANCES: dict[Weights, int] = {"float32": 1, "float16": 20, "int8": 10_000}
"""So many times as much on made faces: steps of float16 are 2^-11 of a number. What int8 costs is told, and only what
is no number at all refused."""

NUM_FACES = 4
_CHECKED_SHAPES = ((1, 512, 512), (2, 250, 206), (1, 77, 333))
_CHECKED_SCALE = 0.75


@dataclass(frozen=True)
class Parity:
    """How far the ONNX file is from PyTorch."""

    labels: float
    """Share of pixels with another label."""
    probabilities: float
    """Largest difference of any probability."""


class Deployed(nn.Module):
    """A network as the ONNX file has it: uint8 in, labels and probabilities out."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, scale: float = 1.0) -> tuple[Tensor, Tensor]:
        logits = self.network(image.permute(0, 3, 1, 2).float() / 255, scale)
        labels = logits.argmax(1).to(torch.uint8)
        # Softmax written out: onnxruntime's own takes three times as long over channels that are not innermost
        exponentials = (logits - logits.amax(1, keepdim=True)).exp()
        return labels, exponentials / exponentials.sum(1, keepdim=True)


def export_onnx(network: Network, path: Path, *, weights: Weights = "float32") -> Parity:
    """Write a network as one ONNX file and compare it with PyTorch: on noise of three shapes, and on made faces.

    Args:
        weights: what the file keeps them as: float16 halves it, int8 quarters it; the network computes in float32 all
            the same. Noise is seen before they are rounded, made faces afterwards.

    Returns:
        How far the file is from PyTorch on `NUM_FACES` made faces.

    Raises:
        FaceparseError: the file does not give what the network gives; it is not written then.
    """
    deployed = Deployed(network).eval()
    content = _to_onnx(deployed)
    _refuse(path, compare(deployed, content, _noise()), 1)
    if network.working_size is not None:
        _refuse(path, compare(deployed, content, _noise()[-1:], scale=_CHECKED_SCALE), 1)
    content = rounded(content, weights)
    parity = compare(deployed, content, _made_faces())
    _refuse(path, parity, ALLOWANCES[weights])
    write_atomically(path, content)
    return parity


def _refuse(path: Path, parity: Parity, allowance: int) -> None:
    if (
        parity.labels > allowance * MAX_LABEL_DIFFERENCE
        or parity.probabilities > allowance * MAX_PROBABILITY_DIFFERENCE
    ):
        raise FaceparseError(
            f"{path}: not written: onnxruntime gives other labels than PyTorch at {parity.labels:.2%} of pixels and "
            f"probabilities up to {parity.probabilities:.1e} apart; please report this with the versions of both"
        )


def compare(deployed: Deployed, content: bytes, batches: list[np.ndarray], scale: float = 1.0) -> Parity:
    """The differences between an ONNX file and the network that it was made from."""
    options = {} if scale == 1 else {SCALE: np.asarray(scale, np.float64)}
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3  # it warns that inputs with defaults are no constants, which is what they are for
    session = onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])
    wrong = total = 0
    largest = 0.0
    for images in batches:
        labels, probabilities = (np.asarray(x) for x in session.run(None, {"image": images, **options}))
        with torch.inference_mode():
            expected_labels, expected = deployed(torch.from_numpy(images), scale)
        wrong += int((labels != expected_labels.numpy()).sum())
        total += labels.size
        # what is no number is as far away as can be; `max` would pass it by
        apart = np.nan_to_num(np.abs(probabilities - expected.numpy()), nan=np.inf)
        largest = max(largest, float(apart.max()))
    return Parity(wrong / total, largest)


def _to_onnx(deployed: Deployed) -> bytes:
    # Large enough for two windows of Swin's at 1/32: what is 1 here would be taken for always 1
    example = torch.zeros(2, 500, 270, 3, dtype=torch.uint8)
    # The sizes that torch would find itself by a second tracing; the file takes smaller photos too
    least = deployed.network.stride + 1
    dynamic = {0: torch.export.Dim("n"), 1: torch.export.Dim("h", min=least), 2: torch.export.Dim("w", min=least)}
    with _quiet(), in_order_of_definition(deployed):
        program = torch.onnx.export(
            deployed,
            (example,),
            dynamo=True,
            input_names=["image"],
            output_names=["labels", "probabilities"],
            opset_version=OPSET,
            dynamic_shapes=(dynamic,),
        )
    assert program is not None
    model = program.model_proto
    # Traces of our source paths are of no use to those who run the file
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    model.metadata_props.add(key="classes", value=",".join(NAMES))
    model.metadata_props.add(key="palette", value=",".join(row.hex_color for row in CLASSES))
    drop_zero_bias(model.graph)
    quicken_argmax(model.graph)
    make_probabilities_optional(model.graph)
    if deployed.network.working_size is not None:
        add_scale(model.graph, deployed.network.working_size, deployed.network.stride)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def _noise() -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (*shape, 3), dtype=np.uint8) for shape in _CHECKED_SHAPES]


def _made_faces() -> list[np.ndarray]:
    return [make_face(0, index, 256)[0][None] for index in range(NUM_FACES)]


@contextmanager
def _quiet() -> Iterator[None]:
    """torch's exporter prints its steps and warns about its own internals; neither is for our users."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
