"""Only a face parser in ONNX is run; anything else is told in one line before a photo is touched."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from faceparse.classes import PALETTE
from faceparse.cores import num_cores
from faceparse.errors import DataError, FaceparseError, UsageError
from faceparse.infer.onnx import OnnxNetwork


def test_a_batch_gives_labels_and_probabilities_of_each_photo(stand_in: Path, painted: np.ndarray):
    batch = np.stack([PALETTE[painted], PALETTE[painted[::-1]]])
    network = OnnxNetwork(stand_in)
    labels, probabilities = network.labels(batch), network.probabilities(batch)
    np.testing.assert_array_equal(labels, np.stack([painted, painted[::-1]]))
    assert labels.dtype == np.uint8
    assert probabilities.shape == (2, 19, *painted.shape)
    assert probabilities.dtype == np.float32


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", bytes(range(256)) * 40])
def test_a_file_that_is_not_onnx_is_told_in_one_line(content: bytes, tmp_path: Path):
    (tmp_path / "junk.onnx").write_bytes(content)
    with pytest.raises(DataError, match=r"junk.onnx: not a readable ONNX model") as told:
        OnnxNetwork(tmp_path / "junk.onnx")
    assert "\n" not in str(told.value)


def test_a_cut_off_model_is_told_in_one_line(stand_in: Path, tmp_path: Path):
    data = stand_in.read_bytes()
    (tmp_path / "cut.onnx").write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=r"cut.onnx: not a readable ONNX model"):
        OnnxNetwork(tmp_path / "cut.onnx")


def test_a_model_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(DataError, match=r"gone.onnx: no such file"):
        OnnxNetwork(tmp_path / "gone.onnx")


def changed(stand_in: Path, path: Path, change) -> Path:
    model = onnx.load(stand_in)
    change(model.graph)
    onnx.save(model, path)
    return path


def with_float_input(graph: onnx.GraphProto) -> None:
    graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT


def with_fixed_size(graph: onnx.GraphProto) -> None:
    graph.input[0].type.tensor_type.shape.dim[1].dim_value = 512


def with_another_name(graph: onnx.GraphProto) -> None:
    graph.input[0].name = graph.node[0].input[0] = "pixel_values"


def with_eleven_classes(graph: onnx.GraphProto) -> None:
    value = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 11, "h", "w"])
    graph.output[1].CopyFrom(value)
    for node in graph.node:
        if "probabilities" in node.output:
            node.op_type, node.input[0] = "Identity", "eleven"
            del node.attribute[:]
        if "probabilities" in node.input:
            node.input[0] = "full_logits"
    places = helper.make_tensor("first", TensorProto.INT64, [11], list(range(11)))
    graph.initializer.append(places)
    graph.node.insert(9, helper.make_node("Gather", ["full_logits", "first"], ["eleven"], axis=1))


def without_probabilities(graph: onnx.GraphProto) -> None:
    del graph.output[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (with_float_input, r"image is tensor\(float\)"),
        (with_fixed_size, r"image is tensor\(uint8\) \('n', 512, 'w', 3\), where"),
        (with_another_name, "takes and gives pixel_values, labels, probabilities, where"),
        (with_eleven_classes, r"probabilities is tensor\(float\) \('n', 11, 'h', 'w'\)"),
        (without_probabilities, "takes and gives image, labels, where"),
    ],
)
def test_a_network_that_is_no_face_parser_is_refused(change, said: str, stand_in: Path, tmp_path: Path):
    with pytest.raises(DataError, match=f"other.onnx: {said}.*faceparse export"):
        OnnxNetwork(changed(stand_in, tmp_path / "other.onnx", change))


def test_a_network_that_fails_while_it_runs_is_told_and_quiet(
    stand_in: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    def with_only_five_rows(graph: onnx.GraphProto) -> None:
        graph.initializer.append(helper.make_tensor("five", TensorProto.INT64, [4], [1, 3, 5, 5]))
        graph.node.insert(3, helper.make_node("Reshape", ["planes", "five"], ["reshaped"]))
        for node in graph.node:
            if "small" in node.output:
                node.input[0] = "reshaped"

    network = OnnxNetwork(changed(stand_in, tmp_path / "five.onnx", with_only_five_rows))
    network.labels(np.zeros((1, 5, 5, 3), np.uint8))
    with pytest.raises(FaceparseError, match=r"five.onnx: the network failed on \(1, 6, 6, 3\)") as told:
        network.labels(np.zeros((1, 6, 6, 3), np.uint8))
    assert "\n" not in str(told.value)
    assert capfd.readouterr() == ("", "")


def test_cuda_is_refused_where_there_is_none(stand_in: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(UsageError, match="no CUDA device that onnxruntime can use"):
        OnnxNetwork(stand_in, device="cuda")


def test_the_threads_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    assert num_cores() == 3
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert num_cores() == 1
