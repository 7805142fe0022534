"""A MODEL is a shipped name, a run, a checkpoint or an .onnx file; what is none of these is told in one line."""

from pathlib import Path

import pytest

from faceparse.errors import FaceparseError, UsageError
from faceparse.infer import weights


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two models in the package, and a folder that is none; the current folder is another."""
    for name in ("compact", "large"):
        (tmp_path / "package" / name).mkdir(parents=True)
        (tmp_path / "package" / name / "model.onnx").touch()
    (tmp_path / "package" / "__pycache__").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setattr(weights, "_HERE", tmp_path / "package")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "package"


def run_folder(exported: bool) -> Path:
    best = Path("run/checkpoints/best")
    best.mkdir(parents=True)
    (best / "model.safetensors").touch()
    if exported:
        (best / "model.onnx").touch()
    return best


def test_the_shipped_models_are_the_folders_with_a_network(shipped: Path):
    assert weights.shipped() == ["compact", "large"]
    assert weights.find_onnx("compact") == shipped / "compact" / "model.onnx"


def test_a_shipped_name_comes_before_a_folder_of_that_name(shipped: Path):
    Path("compact").mkdir()
    (Path("compact") / "model.onnx").touch()
    assert weights.find_onnx("compact") == shipped / "compact" / "model.onnx"
    assert weights.find_onnx("./compact").resolve() == Path("compact/model.onnx").resolve()


def test_a_run_stands_for_its_best_checkpoint():
    best = run_folder(exported=True)
    for model in ("run", Path("run"), best):
        assert weights.find(model) == best
        assert weights.find_onnx(model) == best / "model.onnx"


def test_a_checkpoint_that_was_not_exported_names_the_command_that_does_it():
    best = run_folder(exported=False)
    with pytest.raises(
        FaceparseError, match=f"without model.onnx; write it with: faceparse export run {best}/model.onnx"
    ):
        weights.find_onnx("run")


def test_a_run_that_has_no_checkpoint_yet_is_told():
    Path("run/checkpoints").mkdir(parents=True)
    with pytest.raises(FaceparseError, match="run: a run that has no checkpoint yet"):
        weights.find_onnx("run")


def test_a_folder_that_holds_no_model_is_told():
    Path("photos").mkdir()
    with pytest.raises(UsageError, match=r"photos: neither a run nor a checkpoint folder; .*compact, large"):
        weights.find_onnx("photos")


def test_an_unknown_model_gets_the_nearest_shipped_name():
    with pytest.raises(UsageError, match=r"unknown model 'compcat'.*did you mean 'compact'"):
        weights.find_onnx("compcat")
    with pytest.raises(UsageError, match=r"unknown model 'zzz/9.onnx'.*models in the package: compact, large"):
        weights.find_onnx("zzz/9.onnx")
