"""Photos as a whole and through a sliding window."""

import dataclasses

import numpy as np
import pytest
import torch

from faceparse.checkpoint import save_checkpoint
from faceparse.cli.evaluate import find_predictor
from faceparse.cli.main import run
from faceparse.errors import UsageError
from faceparse.infer.sliding import Windows
from faceparse.infer.torch import torch_predictor, torch_probabilities
from faceparse.models.network import Network
from faceparse.recipes import RECIPES

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(0, 256, (80, 112, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Network(torch.nn.Conv2d(3, 19, 1)).eval()


def test_a_window_that_covers_the_photo_gives_what_the_whole_photo_gives(photo):
    torch.manual_seed(0)
    network = Network(torch.nn.Conv2d(3, 19, 9, padding=4), working_size=64).eval()
    whole = torch_predictor(network, CPU)(photo)
    for crop in (112, 500):
        assert np.array_equal(torch_predictor(network, CPU, Windows(crop=crop, stride=50))(photo), whole)


def test_where_windows_overlap_nothing_is_counted_twice(photo, network):
    """A network that sees single pixels does not notice windows."""
    whole = torch_predictor(network, CPU)(photo)
    for crop, stride in ((32, 32), (48, 31), (64, 41)):
        assert (torch_predictor(network, CPU, Windows(crop=crop, stride=stride))(photo) == whole).mean() > 0.999


def test_logits_are_averaged():
    class Darkness(torch.nn.Module):
        """Class 0 by the window's mean, class 1 by 0.55."""

        def forward(self, x):
            mean = x.mean((1, 2, 3), keepdim=True).expand(-1, 1, *x.shape[-2:])
            return torch.cat([mean, torch.full_like(mean, 0.55)], 1)

    network = Network(Darkness(), num_classes=2, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)).eval()
    photo = np.zeros((32, 96, 3), np.uint8)
    photo[:, 48:] = 255
    # windows at 0, 16 and 32 have 1/4, 1/2 and 3/4 of white; where they overlap their mean counts
    labels = torch_predictor(network, CPU, Windows(crop=64, stride=16))(photo)[0]
    means = {0: 1 / 4, 16: 3 / 8, 32: 1 / 2, 64: 5 / 8, 80: 3 / 4}
    assert [int(labels[at]) for at in means] == [int(mean < 0.55) for mean in means.values()]


def test_views_of_a_photo_may_be_seen_through_windows(photo, network):
    whole, slid = (torch_probabilities(network, CPU, w)(photo, 1.5) for w in (None, Windows(crop=200, stride=100)))
    assert np.array_equal(whole, slid)


@pytest.mark.parametrize(("length", "crop", "stride"), [(512, 512, 341), (1024, 512, 341), (90, 64, 9)])
def test_windows_cover_every_pixel_and_stay_within(length, crop, stride):
    starts = Windows(crop=crop, stride=stride).starts(length)
    assert {p for start in starts for p in range(start, start + crop)} == set(range(length))


def test_a_photo_smaller_than_the_window_is_one_window():
    assert Windows().starts(100) == [0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--crop 64", "add --inference slide"),
        ("--inference slide --crop 64 --stride 65", "a stride from 1 to the crop"),
        ("--inference slide --stride 0", "a stride from 1 to the crop"),
    ],
)
def test_windows_that_leave_gaps_or_are_not_used_are_refused(made_faces, options, said):
    with pytest.raises(UsageError, match=said):
        run(["evaluate", "compact", "--data", str(made_faces), *options.split()])


def test_an_onnx_file_gives_no_logits_to_average(made_faces, stand_in):
    with pytest.raises(UsageError, match="run or checkpoint folder"):
        run(["evaluate", str(stand_in), "--data", str(made_faces), "--inference", "slide"])


def test_bfloat16_moves_few_labels_and_fp32_none(photo):
    torch.manual_seed(0)
    network = Network(torch.nn.Conv2d(3, 19, 5, padding=2)).eval()
    labels = torch_predictor(network, CPU)(photo)
    rounded = torch_predictor(network, CPU, precision="bf16")(photo)
    assert 0.9 < (rounded == labels).mean() < 1
    assert np.array_equal(torch_predictor(network, CPU, precision="fp32")(photo), labels)
    probabilities = torch_probabilities(network, CPU, precision="bf16")(photo, 1.0)
    assert probabilities.dtype == np.float32
    assert np.array_equal(probabilities.argmax(0), rounded)


def test_feature_maps_lie_as_the_device_gains_and_give_the_same_logits(photo, monkeypatch):
    torch.manual_seed(0)
    body = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.Conv2d(8, 19, 3, padding=1))
    body[0].register_forward_hook(lambda _layer, _given, maps: seen.append(maps.stride(1) == 1))
    seen, found = [], []
    for capability in ("AVX2", "AVX512"):
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda capability=capability: capability)
        found.append(torch_probabilities(Network(body).eval(), CPU)(photo, 1.0))
    assert seen == [False, True]  # whether channels are innermost
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)


def test_a_run_is_scored_in_the_precision_that_it_was_trained_in(tmp_path, photo):
    torch.manual_seed(0)
    config = dataclasses.replace(RECIPES["smoke"](), precision="bf16")
    save_checkpoint(tmp_path / "checkpoints", 1, config, config.model.build().state_dict(), {}, best=True)
    as_trained, rounded, exact = (find_predictor(str(tmp_path), precision=p)(photo) for p in (None, "bf16", "fp32"))
    assert np.array_equal(as_trained, rounded)
    assert not np.array_equal(as_trained, exact)


def test_a_precision_for_an_onnx_file_is_refused(stand_in, made_faces):
    with pytest.raises(UsageError, match="--precision needs a run or checkpoint folder"):
        run(["evaluate", str(stand_in), "--data", str(made_faces), "--precision", "bf16"])
