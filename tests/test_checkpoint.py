"""A checkpoint is whole or not there, and what is not one is refused."""

import errno
import os
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from faceparse import checkpoint as checkpoint_module
from faceparse.checkpoint import find_checkpoint, load_network, load_state, load_weights, save_checkpoint
from faceparse.config import RunConfig
from faceparse.errors import FaceparseError
from faceparse.recipes import RECIPES


@pytest.fixture
def config() -> RunConfig:
    return RECIPES["smoke"]()


def _save(run: Path, config: RunConfig, step: int, best: bool = False) -> dict[str, torch.Tensor]:
    torch.manual_seed(step)
    weights = config.model.build().state_dict()
    save_checkpoint(
        run / "checkpoints",
        step,
        config,
        weights,
        {"step": step, "best": 0.5, "weights": {}, "optimizer": {}},
        best=best,
    )
    return weights


def test_what_was_saved_comes_back(tmp_path, config):
    weights = _save(tmp_path, config, 10, best=True)
    network, read = load_network(tmp_path)
    assert read == config
    assert network.working_size == config.image_size
    assert all(torch.equal(tensor, weights[name]) for name, tensor in network.state_dict().items())


def test_only_the_last_and_the_best_are_kept(tmp_path, config):
    _save(tmp_path, config, 10, best=True)
    for step in (20, 30):
        _save(tmp_path, config, step)
    folder = tmp_path / "checkpoints"
    assert sorted(p.name for p in folder.iterdir()) == ["best", "last", "step-000010", "step-000030"]
    assert load_state(folder / "best")["step"] == 10
    assert load_state(folder / "last")["step"] == 30
    assert find_checkpoint(tmp_path).resolve().name == "step-000010"


def test_damaged_states_are_told_in_one_line(tmp_path, config):
    _save(tmp_path, config, 10)
    path = tmp_path / "checkpoints" / "last" / "state.pt"
    whole = path.read_bytes()
    for content in (b"", b"\x80\x02", b"hello", whole[:40], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(FaceparseError) as told:
            load_state(path.parent)
        assert str(path) in str(told.value)
        assert "\n" not in str(told.value)
    torch.save({"other": 1}, path)
    with pytest.raises(FaceparseError, match="not the state of a training run"):
        load_state(path.parent)


def test_what_others_left_in_the_folder_stays(tmp_path, config):
    (tmp_path / "checkpoints" / "mine").mkdir(parents=True)
    (tmp_path / "checkpoints" / ".DS_Store").write_text("x")
    _save(tmp_path, config, 10)
    assert (tmp_path / "checkpoints" / "mine").is_dir()
    assert (tmp_path / "checkpoints" / ".DS_Store").is_file()


@pytest.mark.parametrize("fails_in", ["save_file", "_save_state", "to_json"])
def test_a_full_disk_leaves_the_checkpoint_before_whole(tmp_path, config, monkeypatch, fails_in):
    before = _save(tmp_path, config, 10, best=True)

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if fails_in == "save_file":
        # safetensors has an error of its own for this

        def full(*arguments: object) -> None:
            raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(checkpoint_module, fails_in, full)
    with pytest.raises(FaceparseError, match=r"cannot write .*space left on device"):
        _save(tmp_path, config, 20, best=True)
    assert sorted(p.name for p in (tmp_path / "checkpoints").iterdir()) == ["best", "last", "step-000010"]
    assert torch.equal(load_weights(find_checkpoint(tmp_path))["mean"], before["mean"])


class _RunsCode:
    def __reduce__(self) -> tuple:
        return os.system, ("true",)


def test_a_pickle_with_code_in_it_is_refused(tmp_path, config):
    _save(tmp_path, config, 10)
    (tmp_path / "checkpoints" / "last" / "state.pt").write_bytes(pickle.dumps(_RunsCode()))
    with pytest.raises(FaceparseError, match="refused"):
        load_state(tmp_path / "checkpoints" / "last")


def test_a_torch_file_with_code_in_it_is_refused(tmp_path, config):
    _save(tmp_path, config, 10)
    torch.save({"step": _RunsCode()}, tmp_path / "checkpoints" / "last" / "state.pt")
    with pytest.raises(FaceparseError, match="refused"):
        load_state(tmp_path / "checkpoints" / "last")


def test_what_is_no_checkpoint_is_told_in_one_line(tmp_path, config):
    other = tmp_path / "model.pth"
    torch.save({"state_dict": {}}, other)
    (tmp_path / "empty").mkdir()
    for path, said in [(other, "not a checkpoint folder"), (tmp_path / "empty", "holds no checkpoint"),
                       (tmp_path / "none", "no such file")]:  # fmt: skip
        with pytest.raises(FaceparseError, match=said) as told:
            load_network(path)
        assert str(path) in str(told.value)
        assert "\n" not in str(told.value)


def test_damaged_or_foreign_weights_are_told_in_one_line(tmp_path, config):
    _save(tmp_path, config, 10, best=True)
    folder = tmp_path / "checkpoints" / "best"
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FaceparseError, match="not a whole safetensors file"):
        load_network(tmp_path)
    (folder / "model.safetensors").write_bytes(whole)
    shutil.copy(folder / "config.json", tmp_path / "kept.json")
    text = (folder / "config.json").read_text().replace('"decoder_width": 16', '"decoder_width": 32')
    (folder / "config.json").write_text(text)
    with pytest.raises(FaceparseError, match=r"not those of its config\.json") as told:
        load_network(tmp_path)
    assert "\n" not in str(told.value)
