"""A run may begin with another's weights, and tells which."""

import hashlib
import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from faceparse.errors import FaceparseError
from faceparse.infer import weights
from faceparse.initial_weights import weights_for
from faceparse.provenance import read_provenance, write_provenance
from faceparse.recipes import RECIPES
from faceparse.train import train

SMOKE = replace(RECIPES["smoke"](), steps=2, batch_size=2)


@pytest.fixture(scope="module")
def first(made_faces, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "first"
    train(SMOKE, made_faces, out)
    return out


def _weights(run):
    return load_file(run / "checkpoints" / "last" / "model.safetensors")


def test_a_run_begins_with_the_weights_of_another_and_tells_the_whole_chain(made_faces, first, tmp_path):
    # a rate of nearly nothing: what it ends with is what it began with
    slow = replace(SMOKE, optimizer=replace(SMOKE.optimizer, learning_rate=1e-12))
    train(replace(slow, init_from=str(first)), made_faces, tmp_path / "second")
    began = _weights(first)
    for name, tensor in _weights(tmp_path / "second").items():
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked")):
            torch.testing.assert_close(tensor, began[name], msg=name)
    checkpoint = tmp_path / "second" / "checkpoints" / "last"
    train(replace(slow, init_from=str(checkpoint)), made_faces, tmp_path / "third")

    provenance = json.loads((tmp_path / "third" / "provenance.json").read_text())
    record = provenance["began_from"]
    assert record["path"] == str(checkpoint)
    assert record["sha256"] == hashlib.sha256((checkpoint / "model.safetensors").read_bytes()).hexdigest()
    assert record["began_from"]["path"] == str(first)
    assert record["began_from"]["began_from"] is None
    assert provenance["initial_weights"] == "random"
    assert provenance["num_parameters"] == SMOKE.model.build().num_parameters
    assert json.loads((first / "provenance.json").read_text())["began_from"] is None

    # what it began with may be gone when it is resumed
    shutil.rmtree(tmp_path / "second")
    longer = replace(slow, init_from=str(checkpoint), steps=4)
    write_provenance(tmp_path / "third", longer, [])
    assert json.loads((tmp_path / "third" / "provenance.json").read_text()) == provenance


def test_the_model_in_the_package_can_be_trained_further_by_its_name(made_faces, tmp_path):
    config = replace(SMOKE, model=RECIPES["compact"]().model, init_from="compact")
    slow = replace(config, optimizer=replace(config.optimizer, learning_rate=1e-12))
    train(slow, made_faces, tmp_path / "run")
    shipped, ours = load_file(weights.find("compact") / "model.safetensors"), _weights(tmp_path / "run")
    torch.testing.assert_close(ours["body.head.weight"], shipped["body.head.weight"])

    provenance = read_provenance(tmp_path / "run")
    assert provenance.began_from["path"] == "compact"
    assert provenance.pairs.items() > read_provenance(weights.find("compact")).pairs.items()


def test_weights_of_another_shape_are_refused_by_name(made_faces, first, tmp_path):
    other = replace(SMOKE, model=replace(SMOKE.model, decoder_width=8), init_from=str(first))
    with pytest.raises(FaceparseError, match=r"of another shape \(body\.fuses\S+ \S+ where \S+ is needed") as told:
        train(other, made_faces, tmp_path / "run")
    assert "\n" not in str(told.value)
    assert not (tmp_path / "run").exists()


def test_weights_that_are_missing_or_left_over_are_refused_by_name(first):
    deeper = replace(SMOKE.model, num_attention=2).build()
    with pytest.raises(FaceparseError, match=r"missing \(body\.context\.1\."):
        weights_for(deeper, first)
    shallower = replace(SMOKE.model, num_attention=0).build()
    with pytest.raises(FaceparseError, match=r"not in this network \(body\.context\.0\."):
        weights_for(shallower, first)


def test_a_folder_without_weights_is_told_before_the_run_begins(made_faces, tmp_path):
    with pytest.raises(FaceparseError, match="unknown model 'nowhere', which is no file or folder either"):
        train(replace(SMOKE, init_from="nowhere"), made_faces, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_decision_rule_that_was_tuned_is_not_taken_over(first, tmp_path):
    tuned = shutil.copytree((first / "checkpoints" / "last").resolve(), tmp_path / "tuned")
    entries = load_file(tuned / "model.safetensors")
    entries["logit_bias"] += 1
    save_file(entries, tuned / "model.safetensors")
    assert not weights_for(SMOKE.model.build(), tuned)["logit_bias"].any()
