"""Two processes train as one does: the same weights from the same batches, to rounding. Through the real command."""

import copy
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from torch import distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from faceparse.checkpoint import load_state
from faceparse.cli.main import run
from faceparse.distributed import Processes, SynchronisedBatchNorm
from faceparse.optim import WeightAverage
from faceparse.recipes import RECIPES
from faceparse.train import train
from tiny_networks import TINY

# SGD: AdamW and Muon turn gradients that are 0 but for rounding into whole steps
OPTIONS = ("--steps", "4", "--eval-every", "2", "--save-every", "2", "--log-every", "1", "--batch-size", "4",
           "--precision", "fp32", "--optimizer.kind", "sgd", "--optimizer.learning-rate", "0.1")  # fmt: skip


def _by_two(*arguments):
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [*torchrun, "-m", "faceparse", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


class _Killed(BaseException):
    """What ends a run where a test wants it to end."""


@pytest.fixture(scope="module")
def alone(made_faces, tmp_path_factory):
    """A run of one process, left alone."""
    out = tmp_path_factory.mktemp("runs") / "alone"
    assert run(["train", "smoke", "--data", str(made_faces), "--out", str(out), *OPTIONS]) == 0
    return out


def _assert_same_training(one, other):
    states = [load_state(path / "checkpoints" / "last") for path in (one, other)]
    assert states[0]["step"] == states[1]["step"]
    assert states[0]["best"] == pytest.approx(states[1]["best"], abs=0.01)
    ours, theirs = states[0]["weights"], states[1]["weights"]
    for name, tensor in ours.items():
        torch.testing.assert_close(theirs[name], tensor, rtol=1e-3, atol=2e-5, msg=name)
    # from their average, so that the comparison says something
    averages = load_file(one / "checkpoints" / "last" / "model.safetensors")
    assert max(float((tensor - averages[name]).abs().max()) for name, tensor in ours.items()) > 1e-2
    assert len(_losses(one)) == 4
    assert _losses(one) == pytest.approx(_losses(other), rel=1e-4)


def _losses(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


def test_two_processes_give_the_weights_that_one_gives(made_faces, alone, tmp_path):
    """Batch norms included, and labels of which not all count: samples are turned, and what lies outside is ignored."""
    done = _by_two("train", "smoke", "--data", made_faces, "--out", tmp_path / "run", *OPTIONS)
    assert done.returncode == 0, done.stderr
    _assert_same_training(alone, tmp_path / "run")
    assert {p.name for p in (tmp_path / "run").iterdir()} == {p.name for p in alone.iterdir()}
    # the leader alone speaks
    assert done.stderr.count("step 4/4  loss") == 1
    assert (tmp_path / "run" / "log.txt").read_text().count("2 processes with 1 CPU threads each") == 1


def test_two_processes_go_on_with_a_run_that_one_began(made_faces, alone, tmp_path, monkeypatch):
    update = WeightAverage.update

    def killing(self, network, step):
        if step == 3:
            raise _Killed
        update(self, network, step)

    monkeypatch.setattr(WeightAverage, "update", killing)
    with pytest.raises(_Killed):
        run(["train", "smoke", "--data", str(made_faces), "--out", str(tmp_path / "run"), *OPTIONS])
    done = _by_two("train", "smoke", "--data", made_faces, "--out", tmp_path / "run", *OPTIONS, "--resume")
    assert done.returncode == 0, done.stderr
    _assert_same_training(alone, tmp_path / "run")


@pytest.fixture
def group_of_one():
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def _batch_norms(network):
    return [module for module in network.modules() if isinstance(module, _BatchNorm)]


@pytest.mark.parametrize("name", TINY)
def test_synchronised_norms_change_nothing_where_one_process_has_all_samples(name, group_of_one):
    """Also those of timm's that end in an activation."""
    torch.manual_seed(0)
    networks = [TINY[name].build().train()]
    networks.append(copy.deepcopy(networks[0]))
    Processes(0, 2).synchronise_norms(networks[1])
    assert all(isinstance(norm, SynchronisedBatchNorm) for norm in _batch_norms(networks[1]))
    images, seen = torch.rand(2, 3, 64, 64), []
    for network in networks:
        torch.manual_seed(1)  # what dropout drops
        logits, _ = network(images)
        logits.square().mean().backward()
        seen.append((logits, network.state_dict(), [p.grad for p in network.parameters() if p.grad is not None]))
    torch.testing.assert_close(*seen, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(*(network.eval()(images) for network in networks), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["deeplabv3plus", "fpn_efficientnet_lite"])
def test_norms_that_are_synchronised_on_gpus_keep_their_activations(name):
    torch.manual_seed(0)
    network = TINY[name].build().eval()
    synchronised = copy.deepcopy(network)
    Processes(0, 2, torch.device("cuda", 0)).synchronise_norms(synchronised)
    assert all(isinstance(norm, nn.SyncBatchNorm) for norm in _batch_norms(synchronised))
    images = torch.rand(1, 3, 64, 64)
    assert torch.equal(synchronised(images), network(images))


def test_a_batch_that_two_cannot_share_evenly_is_told(made_faces, tmp_path, monkeypatch):
    from contextlib import nullcontext

    from faceparse import train as module
    from faceparse.errors import UsageError

    monkeypatch.setattr(module, "joined_processes", lambda: nullcontext(Processes(0, 2)))
    config = replace(RECIPES["smoke"](), batch_size=6, accumulate=2)
    with pytest.raises(UsageError, match=r"batch_size is 6, where a multiple of accumulate \(2\) times 2 processes"):
        train(config, made_faces, tmp_path / "run")
    assert not (tmp_path / "run").exists()
