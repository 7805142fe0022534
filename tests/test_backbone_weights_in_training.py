"""A run may begin with a backbone's ImageNet weights; its provenance tells which, and on what they were trained."""

import hashlib
import logging
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from faceparse.challenge.evidence import evidence_of, faults_of_model
from faceparse.challenge.rules import find_challenge
from faceparse.errors import FaceparseError, UsageError
from faceparse.provenance import read_provenance
from faceparse.recipes import RECIPES
from faceparse.train import train
from stand_ins import exit_code
from tiny_networks import TINY

RUN = replace(
    RECIPES["segformer_b0"](), steps=2, batch_size=2, image_size=64, store_size=64, eval_every=2, save_every=2,
    model=TINY["segformer"], precision="fp32",
    optimizer=replace(RECIPES["smoke"]().optimizer, learning_rate=1e-12),  # ends with what it began with
)  # fmt: skip


def weights_file(folder, name="mit.in1k.safetensors", num_classes=1000):
    torch.manual_seed(7)
    weights = {
        key: value + 1 for key, value in TINY["segformer"].build().body.backbone.state_dict().items()
        if value.is_floating_point()
    } | {"head.weight": torch.zeros(num_classes, 8)}  # fmt: skip
    save_file(weights, folder / name)
    return folder / name


def pretraining_faults(run, year="2022"):
    return [fault for fault in faults_of_model(find_challenge(year), evidence_of(run, 1000)) if
            fault.rule == "pretraining"]  # fmt: skip


def test_the_backbone_is_the_files_and_the_head_the_seeds(made_faces, tmp_path):
    path = weights_file(tmp_path)
    train(replace(RUN, backbone_weights=str(path)), made_faces, tmp_path / "run")
    train(RUN, made_faces, tmp_path / "scratch")
    ours, scratch = (load_file(tmp_path / run / "checkpoints/last/model.safetensors") for run in ("run", "scratch"))
    given = load_file(path)
    for name, tensor in ours.items():
        if name.startswith("body.backbone."):
            torch.testing.assert_close(tensor, given[name.removeprefix("body.backbone.")], msg=name)
        elif not name.endswith(("running_mean", "running_var")):
            torch.testing.assert_close(tensor, scratch[name], msg=name)


def test_the_provenance_tells_the_files_hash_and_what_it_was_trained_on_also_in_runs_that_go_on(made_faces, tmp_path):
    path = weights_file(tmp_path)
    config = replace(RUN, backbone_weights=str(path))
    train(config, made_faces, tmp_path / "run")
    known = read_provenance(tmp_path / "run")
    assert known.initial_weights == "imagenet-1k"
    assert known.backbone == {
        "file": "mit.in1k.safetensors", "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "trained_on": "imagenet-1k", "told_by": "name or hash",
    }  # fmt: skip
    assert pretraining_faults(tmp_path / "run") == []
    assert [fault.warning for fault in pretraining_faults(tmp_path / "run", "2025")] == [False]

    train(replace(RUN, init_from=str(tmp_path / "run")), made_faces, tmp_path / "second")
    second = read_provenance(tmp_path / "second")
    assert (second.initial_weights, second.backbone) == ("imagenet-1k", known.backbone)

    path.unlink()  # a finished or interrupted run needs it no more
    shutil.copytree(tmp_path / "run", tmp_path / "moved", symlinks=True)
    assert not train(config, made_faces, tmp_path / "moved", resume=True)


@pytest.mark.parametrize(
    ("name", "num_classes"), [("mit.safetensors", 21841), ("mit.fb_in22k_ft_in1k.safetensors", 1000)]
)
def test_imagenet_21k_is_refused_where_the_recipe_declares_1k_and_not_packed_where_it_was_let_in(
    name, num_classes, made_faces, tmp_path
):
    path = weights_file(tmp_path, name, num_classes)
    config = replace(RUN, backbone_weights=str(path))
    with pytest.raises(FaceparseError, match=r"trained on imagenet-21k, where .* asks for imagenet-1k at most; take"):
        train(config, made_faces, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(FaceparseError, match="trained on imagenet-21k by its name or hash, where backbone_data says"):
        train(replace(config, backbone_data="imagenet-1k"), made_faces, tmp_path / "run")

    train(replace(config, pretraining="any"), made_faces, tmp_path / "run")
    (fault,) = pretraining_faults(tmp_path / "run")
    assert not fault.warning
    assert fault.what.startswith(f"the training began with imagenet-21k weights: {name} (sha256 ")


def test_what_nothing_tells_is_asked_for_and_the_users_word_is_marked_as_that(made_faces, tmp_path, caplog):
    path = weights_file(tmp_path, "mine.safetensors")
    with caplog.at_level(logging.WARNING):
        train(replace(RUN, backbone_weights=str(path)), made_faces, tmp_path / "run")
    assert "say it with --backbone-data" in caplog.text
    (fault,) = pretraining_faults(tmp_path / "run")
    assert fault.warning
    assert "not known what mine.safetensors" in fault.what

    train(replace(RUN, backbone_weights=str(path), backbone_data="imagenet-1k"), made_faces, tmp_path / "told")
    assert read_provenance(tmp_path / "told").backbone["told_by"] == "the user"
    (fault,) = pretraining_faults(tmp_path / "told")
    assert fault.warning
    assert "is the user's word" in fault.what


def test_a_recipe_from_scratch_takes_no_weights(made_faces, tmp_path):
    path = weights_file(tmp_path)
    with pytest.raises(FaceparseError, match="asks for no pretrained weights"):
        train(replace(RUN, pretraining="none", backbone_weights=str(path)), made_faces, tmp_path / "run")


def test_timms_weights_by_name_are_refused_before_they_are_downloaded_and_recorded_by_name(
    made_faces, tmp_path, monkeypatch
):
    import timm

    asked = []

    class Timms:
        def state_dict(self):
            return load_file(weights_file(tmp_path))

    monkeypatch.setattr(timm, "create_model", lambda name, pretrained: asked.append(name) or Timms())
    with pytest.raises(FaceparseError, match="trained on imagenet-21k"):
        train(replace(RUN, backbone_weights="convnext_xlarge.fb_in22k_ft_in1k"), made_faces, tmp_path / "run")
    assert not asked
    train(replace(RUN, backbone_weights="pvt_v2_b0.in1k"), made_faces, tmp_path / "run")
    backbone = read_provenance(tmp_path / "run").backbone
    assert (backbone["name"], backbone["trained_on"], len(backbone["sha256"])) == ("pvt_v2_b0.in1k", "imagenet-1k", 64)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"backbone_weights": "a.pth", "init_from": "runs/a"}, "give one of them"),
        ({"backbone_data": "imagenet-1k"}, "there are none"),
        ({"input_std": (1.0, 0.0, 1.0)}, "input_std is"),
    ],
)
def test_settings_that_contradict_are_refused(changes, told, made_faces, tmp_path):
    with pytest.raises(UsageError, match=told):
        train(replace(RUN, **changes), made_faces, tmp_path / "run")


def test_a_file_that_is_not_there_ends_the_command_in_one_line(made_faces, tmp_path, capsys):
    code = exit_code("train", "segformer_b0", "--data", made_faces, "--out", tmp_path / "run", "--backbone-weights",
                     tmp_path / "absent.pth")  # fmt: skip
    assert code == 1
    assert "absent.pth: no such file" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_data_sets_own_moments_go_with_the_weights(made_faces, tmp_path):
    mean, std = (132.529, 106.677, 92.839), (77.060, 69.735, 68.295)
    train(replace(RUN, input_mean=mean, input_std=std), made_faces, tmp_path / "run")
    weights = load_file(tmp_path / "run/checkpoints/last/model.safetensors")
    torch.testing.assert_close(weights["mean"].flatten() * 255, torch.tensor(mean))
    torch.testing.assert_close(weights["std"].flatten() * 255, torch.tensor(std))
    config = RECIPES["upernet_convnext_xl"]()
    assert (config.input_mean, config.input_std) == (mean, std)
