"""`faceparse compare`, through the real command."""

import json

import numpy as np
import pytest

from faceparse.classes import NUM_CLASSES
from faceparse.cli.main import run
from faceparse.errors import FaceparseError
from faceparse.image_counts import ImageCounts
from stand_ins import faceparse


@pytest.fixture
def runs(tmp_path):
    """Three made runs on the same forty images: the second is better at hair, the third is the first again."""
    random = np.random.default_rng(0)
    truth = random.integers(200, 800, (40, NUM_CLASSES))
    paths = []
    for name, gain in (("a", 0), ("b", 0.1), ("c", 0)):
        right = random.binomial(truth, 0.8)
        right[:, 13] = random.binomial(truth[:, 13], 0.8 + gain)
        counts = ImageCounts(tuple(f"{i:03d}" for i in range(40)), np.stack([right, truth, truth], axis=1))
        (tmp_path / name).mkdir()
        counts.save(tmp_path / name / "evaluation.npz")
        paths.append(str(tmp_path / name))
    return paths


def test_json_tells_scores_differences_and_the_classes_that_moved(runs):
    done = faceparse("compare", *runs, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["num_images"], told["confidence"], len(told["runs"])) == (40, 0.95, 3)
    assert all(each["scores"]["miou_2022"]["low"] < each["scores"]["miou_2022"]["value"] for each in told["runs"])
    better, same = told["differences"]
    assert (better["run"], better["against"]) == (runs[1], runs[0])
    assert better["scores"]["miou_2022"]["beyond_noise"]
    assert better["per_class"]["hair"]["moved"]
    assert sum(row["moved"] for row in better["per_class"].values()) == 1
    assert not any(row["moved"] for row in same["per_class"].values())


def test_tables_say_the_same_and_a_seed_repeats_them(runs, capsys):
    assert run(["compare", *runs[:2]]) == 0
    first = capsys.readouterr().out
    assert "beyond noise" in first
    assert "hair" in first
    assert run(["compare", *runs[:2]]) == 0
    assert capsys.readouterr().out == first


def test_any_model_is_compared_on_data_and_counts_are_kept(made_faces, stand_in, tmp_path, capsys):
    kept = tmp_path / "kept.npz"
    assert run(["evaluate", str(stand_in), "--data", str(made_faces), "--counts", str(kept), "--json"]) == 0
    score = json.loads(capsys.readouterr().out)["miou_2022"]
    assert run(["compare", str(stand_in), str(stand_in), "--data", str(made_faces), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["runs"][0]["scores"]["miou_2022"]["value"] == pytest.approx(score)
    assert told["differences"][0]["scores"]["miou_2022"] == {"value": 0, "low": 0, "high": 0, "beyond_noise": False}
    assert run(["compare", str(kept), str(kept), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["scores"] == told["runs"][0]["scores"]


def _change(runs, tmp_path, how):
    if how == "one":
        return runs[:1]
    if how == "nowhere":
        return [runs[0], str(tmp_path / "nowhere")]
    (tmp_path / "d").mkdir()
    if how != "empty":
        from faceparse.image_counts import load_image_counts

        kept = load_image_counts(tmp_path / "a" / "evaluation.npz")
        names = tuple(f"x{name}" for name in kept.names) if how == "names" else kept.names
        counts = kept.counts + (how == "truth")
        ImageCounts(names, counts).save(tmp_path / "d" / "evaluation.npz")
    return [runs[0], str(tmp_path / "d")]


@pytest.mark.parametrize(
    ("how", "said", "code"),
    [
        ("one", "nothing to be compared with", 2),
        ("nowhere", "no such run", 1),
        ("empty", "holds no evaluation.npz", 1),
        ("names", "different images", 1),
        ("truth", "the truth of 40 images", 1),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line(runs, tmp_path, how, said, code):
    with pytest.raises(FaceparseError) as told:
        run(["compare", *_change(runs, tmp_path, how)])
    assert said in str(told.value)
    assert told.value.exit_code == code
