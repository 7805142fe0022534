"""`faceparse convert mmseg`: a checkpoint of another program becomes a model that every command takes."""

import hashlib
import json
import zipfile

import pytest
import torch

from faceparse.checkpoint import load_network
from faceparse.cli import main as command_line
from faceparse.cli.main import run
from faceparse.convert.beginnings import initial_weights_of
from faceparse.errors import FaceparseError
from mmseg_checkpoints import segformer_state
from stand_ins import faceparse

NAME = "segformer_b0"


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """A state dict of MMSegmentation's SegFormer, made of ours."""
    return segformer_state(NAME)


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as end:
        command_line.main(["convert", *map(str, arguments)])
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    return int(str(end.value.code)), told


def test_a_checkpoint_becomes_a_model_that_evaluate_takes(state, made_faces, tmp_path):
    file, model = tmp_path / "iter_160000.pth", tmp_path / "model"
    torch.save({"meta": {"iter": 160_000}, "state_dict": state, "optimizer": {"step": 1}}, file)
    done = faceparse("convert", "mmseg", file, "--model", NAME, "--out", model, "--image-size", "64")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in model.iterdir()) == ["config.json", "model.safetensors", "provenance.json"]
    network, config = load_network(model)
    assert (config.steps, config.image_size, config.recipe) == (160_000, 64, NAME)
    assert network.num_parameters == 3_720_051
    scored = faceparse("evaluate", model, "--data", made_faces, "--json")
    assert scored.returncode == 0, scored.stderr
    assert json.loads(scored.stdout)["num_images"] == 4


CONFIGS = {
    "pretrained='open-mmlab://resnet50_v1c'": "imagenet-1k",
    "init_cfg=dict(checkpoint='https://x/swin_tiny_patch4_window7_224_20220317-1cdeb081.pth')": "imagenet-1k",
    'pretrained="pretrain/mit_b5.pth", x=dict(checkpoint="pretrain/mit_b5_20220624-658746d9.pth")': "imagenet-1k",
    "init_cfg=dict(type='Pretrained', checkpoint='pretrain/swin_large_patch4_window12_384_22k.pth')": "imagenet-21k",
    "checkpoint='https://x/convnext-xlarge_3rdparty_in21k_20220301-08aa5ddc.pth'": "imagenet-21k",
    "checkpoint='pretrain/convnext_tiny.in12k_ft_in1k.pth'": "imagenet-21k",
    "checkpoint='pretrain/efficientnet_b0.ns_jft_in1k.pth'": "other",
    "pretrained='open-mmlab://resnet50_v1c', load_from='others/best.pth'": "unknown",
    "pretrained=None, load_from=None": "random",
}  # fmt: skip


@pytest.mark.parametrize("said", CONFIGS)
@pytest.mark.parametrize("key", ["config", "cfg"])
def test_the_config_in_a_checkpoint_tells_what_training_began_with(said, key):
    meta = {key: f"norm_cfg = dict(type='SyncBN')\nmodel = dict(type='EncoderDecoder', {said})\n"}
    assert initial_weights_of({"meta": meta})[0] == CONFIGS[said]


def test_without_a_config_nobody_knows():
    for content in ({}, {"meta": None}, {"meta": {"iter": 1}}, {"meta": {"cfg": 3}}):
        assert initial_weights_of(content) == ("unknown", [])


def test_a_converted_model_is_packed_for_2022_or_refused_by_the_rule(state, made_faces, tmp_path, capsys):
    """What its maker knows of it is what the rules ask for: the first weights, and the pairs."""
    file, photos = tmp_path / "iter_1.pth", made_faces / "test" / "images"
    meta = {"iter": 1, "config": "model = dict(pretrained='pretrain/mit_b0_22k.pth')"}
    torch.save({"meta": meta, "state_dict": state}, file)
    convert = ["convert", "mmseg", file, "--model", NAME, "--image-size", "64", "--out"]
    pack = ["submit", "pack", "2022", "MODEL", "--images", photos, "--out", tmp_path / "up.zip"]

    def packs(model):
        return [str(model) if word == "MODEL" else str(word) for word in pack]

    assert run([*map(str, convert), str(tmp_path / "larger")]) == 0
    with pytest.raises(FaceparseError, match=r"began with imagenet-21k weights \(rule: ImageNet-1k pretraining"):
        run(packs(tmp_path / "larger"))
    known = ["--initial-weights", "imagenet-1k", "--data", str(made_faces), "--train-splits", "train,val"]
    assert run([*map(str, convert), str(tmp_path / "known"), *known]) == 0
    told = json.loads((tmp_path / "known" / "provenance.json").read_text())
    assert (len(told["pairs"]), told["splits"], told["num_parameters"]) == (20, ["train", "val"], 3_720_051)
    assert told["began_from"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    capsys.readouterr()
    assert run([*packs(tmp_path / "known"), "--data", str(made_faces)]) == 0
    assert "rule:" not in capsys.readouterr().err
    assert run(["submit", "check", "2022", str(tmp_path / "up.zip"), "--images", str(photos)]) == 0
    with pytest.raises(FaceparseError, match="from scratch"):
        run(["submit", "pack", "2025", *packs(tmp_path / "known")[3:]])


def test_what_is_not_known_of_a_converted_model_is_warned_of(state, made_faces, tmp_path, capsys):
    torch.save(state, tmp_path / "bare.pth")
    convert = [
        "convert",
        "mmseg",
        tmp_path / "bare.pth",
        "--model",
        NAME,
        "--image-size",
        "64",
        "--out",
        tmp_path / "m",
    ]
    assert run([str(word) for word in convert]) == 0
    assert "give --initial-weights" in " ".join(capsys.readouterr().err.split())
    pack = ["submit", "pack", "2022", tmp_path / "m", "--images", made_faces / "test", "--out", tmp_path / "up.zip"]
    assert run([str(word) for word in pack]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "not known with which weights the training began" in said
    assert "not known on which pairs" in said


def test_a_model_that_is_there_is_not_overwritten(state, tmp_path, capsys):
    torch.save(state, tmp_path / "bare.pth", _use_new_zipfile_serialization=False)
    (tmp_path / "model").mkdir()
    code, told = refused(capsys, "mmseg", tmp_path / "bare.pth", "--model", NAME, "--out", tmp_path / "model")
    assert code == 1
    assert "already there" in told


class Malicious:
    """Would make a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_code_in_a_checkpoint_is_not_run(tmp_path, capsys):
    torch.save({"state_dict": Malicious(tmp_path / "run")}, tmp_path / "bad.pth")
    code, told = refused(capsys, "mmseg", tmp_path / "bad.pth", "--model", NAME, "--out", tmp_path / "model")
    assert code == 1
    assert "can run code" in told
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "model").exists()


def test_what_is_no_checkpoint_is_told_in_one_line(state, tmp_path, capsys):
    (tmp_path / "text.pth").write_text("not weights")
    (tmp_path / "empty.pth").touch()
    torch.save(state, tmp_path / "whole.pth")
    (tmp_path / "half.pth").write_bytes((tmp_path / "whole.pth").read_bytes()[:100_000])
    torch.save([1, 2], tmp_path / "list.pth")
    with zipfile.ZipFile(tmp_path / "swells.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10_000_000))
    for name in ("text.pth", "empty.pth", "half.pth", "list.pth", "swells.pth", "absent.pth", ""):
        code, told = refused(capsys, "mmseg", tmp_path / name, "--model", NAME, "--out", tmp_path / "model")
        assert code == 1
        assert str(tmp_path / name) in told
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mmsegg", "x.pth"], "did you mean 'mmseg'?"),
        (["mmseg", "x.pth", "--model", "segformer_b1", "--out", "m"], "did you mean 'segformer_b"),
        (["mmseg", "x.pth", "--model", NAME], "--out"),
    ],
)
def test_wrong_usage_is_exit_2(arguments, said, capsys):
    code, told = refused(capsys, *arguments)
    assert code == 2
    assert said in told
