"""`faceparse data doctor`, in real processes."""

import json
import shutil
import subprocess
import sys

import pytest

from faceparse.classes import mirror_lookup
from faceparse.images import read_labels, write_labels


def run(*arguments):
    command = [sys.executable, "-m", "faceparse", "data", "doctor", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def damaged(made_faces, tmp_path_factory):
    """A pair with exchanged ids in train, and a photo in val that cannot be read, with a name of two lines."""
    faces = shutil.copytree(made_faces, tmp_path_factory.mktemp("damaged") / "faces")
    first = sorted((faces / "train" / "masks").iterdir())[0]
    write_labels(first, mirror_lookup()[read_labels(first)])
    (faces / "test" / "images" / "two\nlines\udce9.jpg").write_bytes(b"")
    return faces


def test_no_faults_are_exit_code_0_and_an_empty_list(made_faces):
    result = run(made_faces, "--json")
    assert result.returncode == 0
    assert json.loads(result.stdout) == {"num_images": 24, "faults": []}
    assert "no faults in 24 pairs and photos" in run(made_faces).stdout


def test_faults_are_exit_code_1_and_json_is_the_one_object(damaged, tmp_path):
    result = run(damaged, "--json", "--fix", tmp_path / "fixed", "--sheet", tmp_path / "sheet.html")
    assert result.returncode == 1
    told = json.loads(result.stdout)
    assert told["num_images"] == 25
    assert [fault["kind"] for fault in told["faults"]] == ["unreadable_image", "mirrored_labels"]
    assert all({"kind", "name", "detail", "split", "classes"} <= fault.keys() for fault in told["faults"])
    assert "sheet.html shows 2 suspects" in result.stderr.replace("\n", "")
    again = run(tmp_path / "fixed")
    assert (again.returncode, "no faults" in again.stdout) == (0, True)


def test_each_fault_is_one_line_whatever_its_name(damaged):
    lines = run(damaged).stdout.splitlines()
    assert lines[0].startswith("unreadable_image  test/two\\nlines\\udce9: an empty file")
    assert lines[1].startswith("mirrored_labels  train/")
    assert "faults in 2 of 25 pairs and photos" in lines[-1]


def test_a_manifest_is_refused_with_the_folder_to_give_instead(made_faces, tmp_path):
    manifest = tmp_path / "split.json"
    split = [sys.executable, "-m", "faceparse", "data", "split", made_faces, manifest, "--by", "folders"]
    subprocess.run(split, check=True, capture_output=True, timeout=300)
    for given in (manifest, manifest / "train"):
        result = run(given, "--json")
        assert (result.returncode, result.stdout) == (2, "")
        assert "a split's manifest, where the doctor looks at a folder; give " in result.stderr
        assert made_faces.name in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere"], 1, "no such folder"),
        (["DATA", "--fix", "DATA/out"], 2, "overlaps with the dataset"),
        (["DATA", "--sheet", "x.pdf"], 2, ".html or .png"),
        (["DATA", "--fix", "new", "--sheet", "new/x.png"], 2, "another place for the sheet"),
    ],
)
def test_mistakes_are_told_in_one_line_before_any_work(damaged, tmp_path, arguments, code, said):
    result = run(*(part.replace("DATA", str(damaged)).replace("new", str(tmp_path / "new")) for part in arguments))
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith("faceparse: ")
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
