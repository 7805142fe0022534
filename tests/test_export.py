"""The ONNX file gives what PyTorch gives, at any size, and scores the same."""

import json

import numpy as np
import onnx
import pytest
import torch

from faceparse.checkpoint import load_network
from faceparse.errors import FaceparseError
from faceparse.export import Deployed, compare, export_onnx
from faceparse.infer.parser import Parser
from faceparse.models.compact import CompactConfig
from stand_ins import faceparse

TINY = CompactConfig(widths=(8, 16, 16, 16), depths=(0, 1, 1, 0), num_attention=1, decoder_width=16)


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


def test_weights_in_half_precision_halve_the_file_and_change_little(network, exported, tmp_path):
    half = tmp_path / "half.onnx"
    assert export_onnx(network, half, half=True).probabilities < 0.01
    weights = {len(w.dims) > 1: w.data_type for w in onnx.load(half).graph.initializer if len(w.dims) == 4}
    assert weights == {True: onnx.TensorProto.FLOAT16}
    assert half.stat().st_size < exported.stat().st_size


def test_probabilities_sum_to_one(exported):
    photo = np.random.default_rng(1).integers(0, 256, (70, 60, 3), dtype=np.uint8)
    parsed = Parser.load(exported)(photo)
    assert parsed.probabilities.sum(0) == pytest.approx(1.0, abs=1e-5)
    assert parsed.labels.shape == (70, 60)


def test_the_file_tells_nothing_of_the_machine_that_made_it(exported):
    text = onnx.load(exported).SerializeToString()
    assert b"site-packages" not in text
    assert b".py" not in text


def test_a_file_that_differs_from_pytorch_is_not_written(network, tmp_path, monkeypatch):
    forward = Deployed.forward
    calls = iter(range(100))

    def drifting(self, image, scale=1.0):
        labels, probabilities = forward(self, image, scale)
        # the exporter's own call is the first: what is compared afterwards is another function
        return (labels, probabilities) if next(calls) < 1 else (labels, probabilities * 0.5)

    monkeypatch.setattr(Deployed, "forward", drifting)
    with pytest.raises(FaceparseError, match="not written"):
        export_onnx(network, tmp_path / "wrong.onnx")
    assert not (tmp_path / "wrong.onnx").exists()


def test_a_run_and_its_onnx_file_score_the_same(made_faces, tmp_path):
    run, file = tmp_path / "run", tmp_path / "model.onnx"
    trained = faceparse("train", "smoke", "--data", made_faces, "--out", run, "--steps", "5", "--batch-size", "2")
    assert trained.returncode == 0, trained.stderr
    written = faceparse("export", run, file)
    assert written.returncode == 0, written.stderr
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
