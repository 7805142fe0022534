"""The ONNX file gives what PyTorch gives, at any size, and scores the same."""

import json
import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from faceparse.checkpoint import load_network
from faceparse.classes import NAMES, PALETTE
from faceparse.errors import FaceparseError
from faceparse.export import Deployed, _made_faces, compare, export_onnx
from faceparse.infer.parser import Parser
from faceparse.infer.weights import find_onnx
from faceparse.models.compact import CompactConfig
from faceparse.onnx_weights import rounded
from stand_ins import exit_code, faceparse

PAGE = (Path(__file__).parents[1] / "docs" / "using.md").read_text(encoding="utf-8")
TINY = CompactConfig(
    widths=(8, 16, 16, 16), depths=(0, 1, 1, 0), group_widths=(8, 8, 0, 0), num_attention=1, decoder_width=16
)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = TINY.build(working_size=64).eval()
    network.logit_bias[3] = 0.5
    return network


@pytest.fixture(scope="module")
def exported(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "tiny.onnx"
    parity = export_onnx(network, path)
    assert parity.probabilities < 1e-4
    return path


@pytest.mark.parametrize("shape", [(1, 64, 64), (3, 50, 91), (1, 1, 1), (1, 400, 20)])
def test_any_number_of_photos_of_any_size_goes_in(network, exported, shape):
    photos = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    parity = compare(Deployed(network), exported.read_bytes(), [photos])
    assert parity.labels <= 1e-3
    assert parity.probabilities < 1e-4


@pytest.mark.parametrize(("weights", "kind", "share"), [("float16", "FLOAT16", 0.65), ("int8", "INT8", 0.5)])
def test_weights_in_fewer_bytes_make_a_smaller_file_and_change_little(
    weights, kind, share, network, exported, tmp_path
):
    path = tmp_path / "small.onnx"
    told = export_onnx(network, path, weights=weights)
    assert 0 < told.probabilities < (0.01 if weights == "float16" else 0.05)
    found = {tensor.data_type for tensor in onnx.load(path).graph.initializer if np.prod(tensor.dims) >= 256}
    assert found == {onnx.TensorProto.DataType.Value(kind)}
    assert path.stat().st_size < share * exported.stat().st_size
    # what is told is of made faces, and any number of photos of any size goes in as before
    assert compare(Deployed(network), path.read_bytes(), _made_faces()) == told
    photos = np.random.default_rng(1).integers(0, 256, (2, 31, 52, 3), dtype=np.uint8)
    assert compare(Deployed(network), path.read_bytes(), [photos]).probabilities < 0.05


def test_int8_is_half_a_step_off_at_most(network, exported):
    before = {x.name: onnx.numpy_helper.to_array(x) for x in onnx.load(exported).graph.initializer}
    after = {
        x.name: onnx.numpy_helper.to_array(x)
        for x in onnx.load_from_string(rounded(exported.read_bytes(), "int8")).graph.initializer
    }
    names = [name.removesuffix("_int8") for name in after if name.endswith("_int8")]
    assert names
    for name in names:
        steps = after[f"{name}_step"]
        assert np.abs(after[f"{name}_int8"]).max() in (127, 0)  # what ends a residual branch begins as nothing
        assert (np.abs(after[f"{name}_int8"] * steps - before[name]) <= 0.501 * steps).all()


def test_onnxruntime_runs_the_same_graph_whatever_weights_are_kept_as(exported, tmp_path):
    seen = []
    for weights in ("float32", "float16", "int8"):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.optimized_model_filepath = str(tmp_path / f"{weights}.onnx")
        onnxruntime.InferenceSession(rounded(exported.read_bytes(), weights), options)
        graph = onnx.load(options.optimized_model_filepath).graph
        seen.append((sorted(node.op_type for node in graph.node), {x.data_type for x in graph.initializer}))
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize("shipped", [False, True])
def test_the_file_says_its_classes_and_their_colours(shipped, exported):
    said = (
        onnxruntime.InferenceSession(find_onnx("compact") if shipped else exported).get_modelmeta().custom_metadata_map
    )
    assert said["classes"].split(",") == list(NAMES)
    colors = [[int(color[place : place + 2], 16) for place in (1, 3, 5)] for color in said["palette"].split(",")]
    np.testing.assert_array_equal(colors, PALETTE)


def test_maps_are_doubled_by_constants_which_onnxruntime_has_a_faster_layout_for(exported):
    graph = onnx.load(exported).graph
    constants = {x.name: onnx.numpy_helper.to_array(x) for x in graph.initializer}
    factors = [constants.get(node.input[2]) for node in graph.node if node.op_type == "Resize" and node.input[2]]
    assert [list(x) for x in factors] == [[1, 1, 2, 2]] * (len(TINY.widths) - 1)


def test_a_bias_that_is_zero_is_not_added(exported, tmp_path):
    unbiased = TINY.build(working_size=64).eval()
    export_onnx(unbiased, tmp_path / "unbiased.onnx")
    kinds = [[node.op_type for node in onnx.load(file).graph.node] for file in (exported, tmp_path / "unbiased.onnx")]
    assert kinds[0].count("Add") == kinds[1].count("Add") + 1


def test_probabilities_sum_to_one(exported):
    photo = np.random.default_rng(1).integers(0, 256, (70, 60, 3), dtype=np.uint8)
    parsed = Parser.load(exported)(photo)
    assert parsed.probabilities.sum(0) == pytest.approx(1.0, abs=1e-5)
    assert parsed.labels.shape == (70, 60)


def test_the_file_tells_nothing_of_the_machine_that_made_it(exported):
    text = onnx.load(exported).SerializeToString()
    assert b"site-packages" not in text
    assert b".py" not in text


@pytest.mark.parametrize("drift", [0.5, np.nan])
def test_a_file_that_differs_from_pytorch_is_not_written(drift, network, tmp_path, monkeypatch):
    forward = Deployed.forward
    calls = iter(range(100))

    def drifting(self, image, scale=1.0):
        labels, probabilities = forward(self, image, scale)
        # the exporter's own call is the first: what is compared afterwards is another function
        return (labels, probabilities) if next(calls) < 1 else (labels, probabilities * drift)

    monkeypatch.setattr(Deployed, "forward", drifting)
    with pytest.raises(FaceparseError, match="not written"):
        export_onnx(network, tmp_path / "wrong.onnx")
    assert not (tmp_path / "wrong.onnx").exists()


def test_a_run_and_its_onnx_file_score_the_same(made_faces, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run, file = Path("RUN"), Path("face.onnx")
    trained = faceparse("train", "smoke", "--data", made_faces, "--out", run, "--steps", "5", "--batch-size", "2")
    assert trained.returncode == 0, trained.stderr
    commands = re.findall(r"^ +faceparse (export .*)$", PAGE, re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        assert exit_code(*command.split()) == 0
    said = capsys.readouterr().out
    line = (
        r"\S+: \d\.\d MB; on 4 made faces \d\.\d+% of labels differ from PyTorch's, and probabilities by \S+ at most\n"
    )
    assert re.fullmatch(f"({line}){{4}}", said)
    assert file.read_bytes() == (run / "checkpoints/best/model.onnx").read_bytes()
    assert Path("quarter.onnx").stat().st_size < Path("half.onnx").stat().st_size < file.stat().st_size
    scores = []
    for model in (run, file):
        done = faceparse("evaluate", model, "--data", made_faces, "--json")
        assert done.returncode == 0, done.stderr
        scores.append(json.loads(done.stdout))
    assert set(scores[0]) == {"num_images", "miou_2022", "macc", "aacc", "fscore_2025", "f1_dataset", "per_class"}
    assert scores[0]["num_images"] == 4
    for key in ("miou_2022", "fscore_2025", "f1_dataset", "aacc"):
        assert scores[0][key] == pytest.approx(scores[1][key], abs=1e-4)
    assert load_network(run)[1].steps == 5


def test_a_file_keeps_its_weights_in_one_way_only(tmp_path, capsys):
    assert exit_code("export", "compact", tmp_path / "a.onnx", "--half", "--int8") == 2
    assert capsys.readouterr().err.startswith("faceparse: --half and --int8: ")
    assert not list(tmp_path.iterdir())
