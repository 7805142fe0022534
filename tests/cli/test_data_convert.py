"""`faceparse data flip`, `color` and `relabel` in real processes."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from faceparse.classes import PALETTE
from faceparse.data.conversions.flip import flip_labels
from faceparse.images import read_labels


def run(*arguments):
    command = [sys.executable, "-m", "faceparse", "data", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def done(*arguments):
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    return result


def test_flip_prints_one_object_and_writes_a_mirrored_dataset(made_faces, tmp_path):
    result = done("flip", made_faces, tmp_path / "out", "--both", "--json")
    assert json.loads(result.stdout) == {"num_images": {"train": 32, "val": 8, "test": 8}, "num_written": 88}
    for path in (made_faces / "val" / "masks").iterdir():
        flipped = read_labels(tmp_path / "out" / "val" / "masks" / f"{path.stem}_flip.png")
        np.testing.assert_array_equal(flipped, flip_labels(read_labels(path)))
    again = done("flip", made_faces, tmp_path / "out", "--both", "--json")
    assert json.loads(again.stdout)["num_written"] == 0


def test_flip_into_the_dataset_is_one_line(made_faces):
    result = run("flip", made_faces, made_faces / "out")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "choose a place beside the source" in result.stderr


@pytest.mark.parametrize("palette", ["challenge-2025", "bisenet"])
def test_colours_of_other_palettes_are_taken_back(palette, made_faces, tmp_path):
    done("color", made_faces / "val", tmp_path / "colored", "--palette", palette)
    done("relabel", tmp_path / "colored", tmp_path / "ids", "--from", palette)
    for path in (made_faces / "val" / "masks").iterdir():
        np.testing.assert_array_equal(read_labels(tmp_path / "ids" / path.name), read_labels(path))


def test_what_an_order_merges_and_lacks_is_told_on_standard_error(made_faces, tmp_path):
    there = done("relabel", made_faces / "val", tmp_path / "lapa", "--to", "lapa")
    assert "one id for face: skin, eye glasses, left ear, right ear" in " ".join(there.stderr.split())
    back = done("relabel", tmp_path / "lapa", tmp_path / "back", "--from", "lapa", "--json")
    assert "cannot say: eye glasses, left ear" in " ".join(back.stderr.split())
    assert json.loads(back.stdout)["num_written"] == 4


def test_an_order_of_the_other_side_is_noticed(made_faces, tmp_path):
    done("relabel", made_faces / "val", tmp_path / "helen", "--to", "helen")
    told = done("relabel", tmp_path / "helen", tmp_path / "back", "--from", "lapa").stderr
    assert "call the image's left left, where the subject's is meant" in " ".join(told.split())
    assert "image's left" not in done("relabel", tmp_path / "helen", tmp_path / "right", "--from", "helen").stderr


def test_jpeg_masks_are_read_with_a_tolerance_and_refused_without(made_faces, tmp_path):
    (tmp_path / "jpegs").mkdir()
    for path in (made_faces / "val" / "masks").iterdir():
        Image.fromarray(PALETTE[read_labels(path)]).save(tmp_path / "jpegs" / f"{path.stem}.jpg", quality=95)
    exact = run("relabel", tmp_path / "jpegs", tmp_path / "exact", "--json")
    assert exact.returncode == 1
    assert json.loads(exact.stdout)["num_written"] == 0
    assert "--tolerance 12" in exact.stderr.splitlines()[-1]
    report = json.loads(done("relabel", tmp_path / "jpegs", tmp_path / "ids", "--tolerance", 12, "--json").stdout)
    assert report["source"] == {"kind": "palette", "name": "official"}
    assert set(report["undecided"]) == {path.stem for path in (made_faces / "val" / "masks").iterdir()}
    assert all(undecided["settled"] > 0 for undecided in report["undecided"].values())
