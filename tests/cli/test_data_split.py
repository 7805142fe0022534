"""`faceparse data split` and what takes its manifest, in real processes."""

import json
import subprocess
import sys

import pytest

from faceparse.cli.data import main
from faceparse.data.dataset import list_pairs
from faceparse.errors import UsageError


def run(*arguments):
    command = [sys.executable, "-m", "faceparse", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def done(*arguments):
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    return result


def test_folds_are_written_and_trained_on(made_faces, tmp_path):
    path = tmp_path / "folds.json"
    made = json.loads(done("data", "split", made_faces, path, "--by", "rare", "--folds", 4, "--json").stdout)
    assert made["num_pairs"] == {f"fold{i}": 5 for i in range(4)}
    assert made["images_with"]["fold0"]["skin"] == 5
    fields = ["--steps", 2, "--batch-size", 2, "--image-size", 32, "--store-size", 32]
    told = done(
        "train", "smoke", "--data", path, "--out", tmp_path / "run", "--train-splits", "fold0,fold1,fold3", *fields
    ).stderr
    assert "on 15 pairs, validating on 5" in " ".join(told.split())


def test_a_changed_mask_stops_the_evaluation_in_one_line(made_faces, tmp_path):
    done("data", "split", made_faces, tmp_path / "own", "--fractions", "train=.5,val=.5")
    mask = list_pairs(tmp_path / "own" / "val")[0].mask
    content = mask.read_bytes()
    mask.unlink()  # the hard link, not the fixture's file
    mask.write_bytes(content + b"\0")
    result = run("evaluate", "compact", "--data", tmp_path / "own")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert f"1 file(s) changed (val/masks/{mask.name})" in result.stderr


def test_the_table_shows_the_rarest_first_and_a_manifest_is_not_overwritten_by_another(made_faces, tmp_path):
    path = tmp_path / "split.json"
    options = ["--fractions", "train=.5,val=.5"]
    shown = done("data", "split", made_faces, path, *options).stdout
    assert "the rarest first" in shown
    written = path.read_bytes()
    done("data", "split", made_faces, path, *options)
    assert path.read_bytes() == written
    result = run("data", "split", made_faces, path, "--seed", 1, *options)
    assert result.returncode == 1
    assert "is there already and says otherwise" in result.stderr
    assert path.read_bytes() == written


def test_wrong_options_are_refused(made_faces, tmp_path):
    for arguments, message in (
        (["--fractions", "train=x"], "'train=x', where NAME=SHARE is expected"),
        (["--fractions", "a=.5,a=.5"], "names a twice"),
        (["--folds", 3, "--fractions", "a=1"], "not both"),
        (["--by", "folders", "--folds", 3], "leave --folds out"),
        (["--by", "rarest"], "did you mean 'rare'"),
    ):
        with pytest.raises(UsageError, match=message):
            main(["split", str(made_faces), str(tmp_path / "split.json"), *map(str, arguments)])
