"""Training through the real command: it resumes bit for bit, protects what was saved, and says what is wrong."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from faceparse import checkpoint as checkpoint_module
from faceparse import train as train_module
from faceparse.backward import backward
from faceparse.cli.main import run
from faceparse.data.sampling import sample_order
from faceparse.errors import FaceparseError, UsageError
from faceparse.recipes import RECIPES
from faceparse.train import train
from stand_ins import faceparse
from tiny_networks import TINY

OPTIONS = ("--steps", "12", "--eval-every", "6", "--save-every", "3", "--log-every", "1", "--batch-size", "2")


def _tensors(run):
    weights = load_file(run / "checkpoints" / "last" / "model.safetensors")
    return {name: tensor.numpy().tobytes() for name, tensor in weights.items()}


@pytest.fixture(scope="module")
def finished(made_faces, tmp_path_factory):
    """A run that was left alone."""
    alone = tmp_path_factory.mktemp("runs") / "alone"
    done = faceparse("train", "smoke", "--data", made_faces, "--out", alone, *OPTIONS)
    assert done.returncode == 0, done.stderr
    return alone


def test_a_run_folder_holds_what_the_design_says(finished):
    names = {p.name for p in finished.iterdir()}
    files = {
        "config.json",
        "machine.json",
        "provenance.json",
        "trained_on.txt",
        "metrics.jsonl",
        "log.txt",
        "evaluation.npz",
        "curves.png",
    }
    assert names == files | {"checkpoints", "examples"}
    last = finished / "checkpoints" / "last"
    assert {p.name for p in last.iterdir()} == {"config.json", "model.safetensors", "state.pt"}
    lines = [json.loads(line) for line in (finished / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == list(range(1, 13))
    assert [line["step"] for line in lines if "fscore_2025" in line] == [6, 12]


def test_a_run_tells_the_names_that_it_was_trained_on_and_no_others(made_faces, finished):
    trained = {p.stem for p in (made_faces / "train" / "images").iterdir()}
    assert (finished / "trained_on.txt").read_text().splitlines() == sorted(trained)


def test_a_run_resumed_on_other_pairs_tells_both(made_faces, tmp_path):
    config = replace(RECIPES["smoke"](), steps=1, batch_size=2)
    train(config, made_faces / "train", tmp_path / "run")
    before = set((tmp_path / "run" / "trained_on.txt").read_text().splitlines())
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    train(config, made_faces / "val", tmp_path / "run", resume=True)
    after = (tmp_path / "run" / "trained_on.txt").read_text().splitlines()
    assert before < set(after)
    assert len(after) == len(set(after))


def test_killed_at_any_moment_and_resumed_it_ends_with_the_same_weights(made_faces, finished, tmp_path):
    killed = tmp_path / "killed"
    command = [sys.executable, "-m", "faceparse", "train", "smoke", "--data", made_faces, "--out", killed, *OPTIONS]
    for kill_after in (4, 8):
        process = subprocess.Popen([*command, "--resume"], stderr=subprocess.DEVNULL)
        _wait_for_step(killed / "metrics.jsonl", kill_after)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with (killed / "metrics.jsonl").open("a") as file:
        file.write('{"step": 9, "lo')  # as if killed within a line
    command[command.index("--save-every") + 1] = "5"  # how often it saves may be changed meanwhile
    done = faceparse(*command[3:], "--resume")
    assert done.returncode == 0, done.stderr
    assert _tensors(killed) == _tensors(finished)
    lines = [json.loads(line) for line in (killed / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == list(range(1, 13))


def _wait_for_step(metrics, step, seconds=120):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if metrics.exists() and f'{{"step": {step},' in metrics.read_text():
            return
        time.sleep(0.02)
    raise AssertionError(f"no step {step} within {seconds} s")


@pytest.mark.parametrize(("capability", "innermost"), [("AVX2", False), ("AVX512", True)])
def test_samples_lie_in_memory_as_the_processor_gains(made_faces, tmp_path, monkeypatch, capability, innermost):
    seen = set()

    def remember(network, loss_of, images, *others):
        seen.add(images.is_contiguous(memory_format=torch.channels_last))
        return backward(network, loss_of, images, *others)

    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(train_module, "backward", remember)
    train(replace(RECIPES["smoke"](), steps=1, batch_size=2), made_faces, tmp_path / "run")
    assert seen == {innermost}


def test_a_compiled_run_ends_with_the_weights_of_a_plain_one(made_faces, tmp_path):
    """Traced by torch.compile at both sizes, forwards and backwards; torch itself runs the trace, for time's sake."""
    traced_only = (
        "import functools, torch; torch.compile = functools.partial(torch.compile, backend='aot_eager'); "
        "from faceparse.cli.main import main; main()"
    )
    size = ("--steps", "2", "--batch-size", "2", "--growth", "32", "--image-size", "48")
    for name, option in (("plain", ()), ("compiled", ("--compile",))):
        arguments = ("train", "smoke", "--data", made_faces, "--out", tmp_path / name, *size, *option)
        done = subprocess.run([sys.executable, "-c", traced_only, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    plain, compiled = (
        load_file(tmp_path / name / "checkpoints" / "last" / "model.safetensors") for name in ("plain", "compiled")
    )
    torch.testing.assert_close(compiled, plain, rtol=1e-3, atol=1e-4)


def test_a_machine_on_which_torch_cannot_compile_is_told_in_one_line(made_faces, tmp_path):
    arguments = ("train", "smoke", "--data", made_faces, "--out", tmp_path / "run", "--compile")
    # an empty cache, so that there is something to compile
    nothing = {"CXX": str(tmp_path / "no-compiler"), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}
    done = faceparse(*arguments, env={**os.environ, **nothing})
    assert done.returncode == 1
    assert "torch.compile fails here (InvalidCxxCompiler: No working C++ compiler found" in done.stderr
    assert "train without --compile" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_resuming_a_finished_run_changes_nothing(made_faces, finished):
    before = {p: p.lstat().st_mtime_ns for p in finished.rglob("*")}
    done = faceparse("train", "smoke", "--data", made_faces, "--out", finished, *OPTIONS, "--resume")
    assert done.returncode == 0
    assert "nothing to do" in done.stderr
    assert {p: p.lstat().st_mtime_ns for p in finished.rglob("*")} == before


def test_a_folder_that_holds_another_run_is_not_touched(made_faces, finished):
    done = faceparse("train", "smoke", "--data", made_faces, "--out", finished)
    assert done.returncode == 2
    assert "already holds something" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_resuming_with_other_values_is_refused_by_name(made_faces, finished):
    done = faceparse("train", "smoke", "--data", made_faces, "--out", finished, *OPTIONS, "--seed", "7", "--resume")
    assert done.returncode == 2
    assert "seed 0 against 7" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["smok", "--data", "x", "--out", "y"], "unknown recipe 'smok'; did you mean 'smoke'?"),
        (["smoke", "--data", "x", "--out", "y", "--stpes", "3"], "unknown field 'stpes'; did you mean 'steps'?"),
        (["smoke", "--out", "y"], "missing"),
        ([], "which recipe?"),
        (["smoke", "--data", "nowhere", "--out", "y"], "nowhere: no such folder"),
    ],
)
def test_a_wrong_command_is_told_in_one_line(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FaceparseError) as told:
        run(["train", *arguments])
    assert said in str(told.value)
    assert "\n" not in str(told.value)
    assert told.value.exit_code in (1, 2)
    assert not list(tmp_path.iterdir())


def test_a_loss_that_is_not_finite_stops_the_run_and_names_step_and_batch(made_faces, tmp_path):
    done = faceparse("train", "smoke", "--data", made_faces, "--out", tmp_path / "run", "--optimizer.learning-rate",
                     "1e30", "--clip-norm", "1e30", "--precision", "fp32")  # fmt: skip
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    names = (tmp_path / "run" / "trained_on.txt").read_text().split()
    second = ", ".join(names[i] for i in sample_order(len(names), batch_size=4, seed=0, step=1))
    assert "the loss is nan at step 2 (batch: " + second + ")" in last  # the first step's weights are past all numbers
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "run" / "checkpoints").glob("*"))


class _Killed(BaseException):
    """What ends a run where a test wants it to end."""


@pytest.mark.parametrize("ends_at", range(4))
def test_killed_between_a_checkpoint_and_its_links_nothing_is_lost(made_faces, tmp_path, monkeypatch, ends_at):
    """Killed before the first, second, third … link is turned, and resumed: the same files as when left alone."""
    config = replace(RECIPES["smoke"](), steps=4, eval_every=2, batch_size=2)
    train(config, made_faces, tmp_path / "alone")

    turn, turned = checkpoint_module._turn, itertools.count()

    def killing(*arguments):
        if next(turned) == ends_at:
            raise _Killed
        turn(*arguments)

    monkeypatch.setattr(checkpoint_module, "_turn", killing)
    with pytest.raises(_Killed):
        train(config, made_faces, tmp_path / "killed")
    monkeypatch.undo()
    train(config, made_faces, tmp_path / "killed", resume=True)
    assert _tensors(tmp_path / "killed") == _tensors(tmp_path / "alone")
    for link in ("best", "last"):
        names = [os.readlink(tmp_path / run / "checkpoints" / link) for run in ("killed", "alone")]
        assert names[0] == names[1]


def test_a_full_disk_is_told_in_one_line_and_the_checkpoint_before_is_whole(made_faces, finished, tmp_path):
    """The real writers against a limit on a file's size, which the system reports as it does a full disk."""
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)); "
    code = limited + "from faceparse.cli.main import main; main()"
    options = ["--data", made_faces, "--out", tmp_path / "run", *OPTIONS]
    command = [sys.executable, "-c", code, "train", "smoke", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "cannot write" in done.stderr.strip().splitlines()[-1]
    assert not list((tmp_path / "run" / "checkpoints").iterdir())


@pytest.mark.parametrize("option", ["--optimizer.learning-rate 1e-3", "--augment.flip 0", "--train-splits train,val",
                                    "--no-channels-last", "--model.no-refine", "--model.depths 0 1 1 0"])  # fmt: skip
def test_every_field_can_be_set_from_the_command_line(made_faces, tmp_path, option, monkeypatch):
    seen = []
    monkeypatch.setattr("faceparse.train.train", lambda config, *a, **k: seen.append(config))
    run(["train", "smoke", "--data", str(made_faces), "--out", str(tmp_path / "smoke"), *option.split()])
    assert seen[0] != RECIPES["smoke"]() or "depths" in option


def test_parts_of_one_sample_are_refused_where_a_network_pools_to_one_pixel(made_faces, tmp_path):
    config = replace(RECIPES["smoke"](), model=TINY["deeplabv3plus"], batch_size=2, accumulate=2)
    with pytest.raises(FaceparseError, match=r"1 sample at a time is too few .* give each part of a batch 2 samples"):
        train(config, made_faces, tmp_path / "run")


def test_too_few_steps_are_refused_before_anything_is_written(made_faces, tmp_path):
    with pytest.raises(UsageError, match="steps is 0"):
        train(replace(RECIPES["smoke"](), steps=0), made_faces, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_image_without_a_mask_is_told_before_training(made_faces, tmp_path):
    faces = shutil.copytree(made_faces, tmp_path / "faces")
    next(iter((faces / "train" / "masks").iterdir())).unlink()
    with pytest.raises(FaceparseError, match="without a mask"):
        train(RECIPES["smoke"](), faces, tmp_path / "run")
