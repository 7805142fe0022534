import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from faceparse.classes import NAMES
from faceparse.images import write_labels
from faceparse.metrics import Scores


def run(*arguments):
    command = [sys.executable, "-m", "faceparse", "score", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def refused(*arguments, code=1):
    """The one line of a refused command, which leaves standard output empty."""
    result = run(*arguments)
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("faceparse: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture
def folders(tmp_path):
    """Three predictions and a split with the truth."""
    random = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        write_labels(tmp_path / "predictions" / f"{name}.png", random.integers(0, 4, (16, 24), dtype=np.uint8))
        write_labels(tmp_path / "val" / "masks" / f"{name}.png", random.integers(0, 4, (16, 24), dtype=np.uint8))
    return tmp_path / "predictions", tmp_path / "val"


def test_json_holds_the_unrounded_scores_of_the_two_folders(folders):
    predictions, truth = folders
    result = run(predictions, truth, "--json")
    assert result.returncode == 0, result.stderr
    scores = Scores()
    for path in sorted(predictions.iterdir()):
        pair = (np.array(Image.open(folder / path.name)) for folder in (truth / "masks", predictions))
        scores.update(*pair)
    assert json.loads(result.stdout) == scores.result().as_dict()


def test_a_folder_of_masks_and_its_split_give_the_same(folders):
    predictions, truth = folders
    assert run(predictions, truth, "--json").stdout == run(predictions, truth / "masks", "--json").stdout


def test_the_table_shows_every_class_and_names_every_protocol(folders):
    result = run(*folders)
    assert result.returncode == 0
    for shown in (*NAMES, "miou_2022", "fscore_2025", "f1_dataset", "macc", "aacc", "3 images"):
        assert shown in result.stdout


def test_a_missing_prediction_is_named(folders):
    (folders[0] / "b.png").unlink()
    assert "no prediction for 1 of 3 label maps (b)" in refused(*folders)


def test_a_prediction_too_many_is_named(folders):
    write_labels(folders[0] / "d.png", np.zeros((16, 24), np.uint8))
    assert "1 more than the truth has (d)" in refused(*folders, "--json")


def test_a_wrong_size_names_the_file_and_both_sizes(folders):
    write_labels(folders[0] / "b.png", np.zeros((8, 24), np.uint8))
    message = refused(*folders)
    assert "b.png" in message
    assert "16×24" in message
    assert "8×24" in message


def test_a_coloured_prediction_is_named_with_the_remedy(folders):
    Image.new("RGB", (24, 16)).save(folders[0] / "b.png")
    message = refused(*folders)
    assert "b.png: mode RGB" in message
    assert "faceparse data relabel" in message


def test_an_ignored_pixel_in_a_prediction_is_refused(folders):
    write_labels(folders[0] / "b.png", np.full((16, 24), 255, np.uint8))
    message = refused(*folders)
    assert "b.png: prediction holds id 255" in message


def test_folders_that_are_none_or_empty_are_refused(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no such folder" in refused(tmp_path / "nowhere", folders[1])
    assert "holds no label maps: found nothing" in refused(folders[0], tmp_path / "empty")


def test_a_forgotten_folder_is_wrong_usage(folders):
    assert "truth" in refused(folders[0], code=2).lower()
