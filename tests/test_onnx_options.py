"""An exported file can be asked for another working size and for labels alone; without asking all is as before."""

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from faceparse.classes import MIRROR
from faceparse.errors import UsageError
from faceparse.export import Deployed, compare, export_onnx
from faceparse.infer.onnx import OnnxNetwork
from faceparse.infer.parser import Parser
from faceparse.models.compact import CompactConfig
from faceparse.onnx_graph import quicken_argmax

TINY = CompactConfig(
    widths=(8, 8, 8, 8), depths=(0, 0, 0, 0), group_widths=(4, 0, 0, 0), num_attention=1, decoder_width=8
)
PHOTO = np.random.default_rng(2).integers(0, 256, (50, 41, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return TINY.build(working_size=64).eval()


@pytest.fixture(scope="module")
def exported(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "tiny.onnx"
    export_onnx(network, path)
    return path


@pytest.mark.parametrize("scale", [0.25, 0.75, 0.9, 1.25, 4.0])
def test_at_any_scale_the_file_gives_what_the_network_gives(network, exported, scale):
    parity = compare(Deployed(network), exported.read_bytes(), [PHOTO[None]], scale)
    assert parity.labels <= 1e-3
    assert parity.probabilities < 1e-4


def test_scales_change_what_is_seen(exported):
    file = OnnxNetwork(exported)
    assert file.takes_scales
    assert np.abs(file.probabilities(PHOTO[None], 0.5) - file.probabilities(PHOTO[None])).max() > 1e-3


@pytest.mark.parametrize("tta", ["flip", "flip,0.75,1,1.25"])
def test_with_flip_a_mirrored_photo_gives_exactly_the_mirrored_map(exported, tta):
    parser = Parser.load(exported, "cpu", tta)
    straight, mirrored = parser(PHOTO), parser(np.ascontiguousarray(PHOTO[:, ::-1]))
    np.testing.assert_array_equal(mirrored.probabilities, straight.probabilities[MIRROR, :, ::-1])
    np.testing.assert_array_equal(mirrored.labels, np.asarray(MIRROR, np.uint8)[straight.labels[:, ::-1]])


def test_labels_alone_are_those_with_probabilities_and_leave_these_out(exported):
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    both, probabilities = session.run(None, {"image": PHOTO[None]})
    alone, none = session.run(None, {"image": PHOTO[None], "with_probabilities": np.asarray(False)})
    np.testing.assert_array_equal(alone, both)
    assert probabilities.shape == (1, 19, 50, 41)
    assert none.size == 0


def test_of_equal_classes_the_first_is_the_label():
    logits = np.random.default_rng(0).integers(0, 4, (2, 19, 9, 7)).astype(np.float32)  # equal ones everywhere
    nodes = [
        helper.make_node("ArgMax", ["logits"], ["indices"], axis=1, keepdims=0),
        helper.make_node("Cast", ["indices"], ["labels"], to=TensorProto.UINT8),
    ]
    given = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 19, "h", "w"])]
    asked = [helper.make_tensor_value_info("labels", TensorProto.UINT8, ["n", "h", "w"])]
    model = helper.make_model(
        helper.make_graph(nodes, "ties", given, asked), opset_imports=[helper.make_opsetid("", 20)], ir_version=9
    )
    quicken_argmax(model.graph)
    assert not any(node.op_type == "ArgMax" for node in model.graph.node)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(session.run(None, {"logits": logits})[0], logits.argmax(1))


def test_a_network_without_a_working_size_takes_no_scales(tmp_path):
    export_onnx(TINY.build().eval(), tmp_path / "any.onnx")
    with pytest.raises(UsageError, match=r"--tta 0\.5: this ONNX file sees photos at one size"):
        Parser.load(tmp_path / "any.onnx", "cpu", "0.5")
