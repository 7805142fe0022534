"""`faceparse data ...`, in real processes, on data sets that the commands make themselves."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from faceparse.classes import NAMES, PALETTE
from faceparse.cli.data import COMMANDS, main
from faceparse.data.dataset import list_pairs
from faceparse.data.statistics import statistics
from faceparse.images import read_labels, write_labels


def run(*arguments):
    command = [sys.executable, "-m", "faceparse", "data", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def done(*arguments):
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    return result


def refused(*arguments, code):
    """The one line of a refused command."""
    result = run(*arguments)
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("faceparse: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Six made faces in the challenge layout."""
    out = tmp_path_factory.mktemp("made") / "challenge"
    done("synth", out, "--num", 6, "--size", 64, "--seed", 3)
    return out


def test_help_lists_the_commands_and_an_unknown_one_gets_the_nearest():
    listed = done("--help").stdout
    assert all(f"  {name} " in listed for name in COMMANDS)
    assert "did you mean 'ingest'?" in refused("ingst", code=2)
    assert run().returncode == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_with_an_example(name, capsys):
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert not end.value.code
    assert f"Example: faceparse data {name} " in capsys.readouterr().out


def test_made_faces_are_a_dataset_with_splits(made):
    assert [len(list_pairs(made / split)) for split in ("train", "val")] == [5, 1]
    assert list_pairs(made / "test", labelled=False)
    assert "negative" in refused("synth", made, "--seed", -1, code=2)


def test_raw_made_faces_ingested_are_the_made_faces(made, tmp_path):
    done("synth", tmp_path / "raw", "--num", 6, "--size", 64, "--seed", 3, "--layout", "raw")
    done("ingest", tmp_path / "raw", tmp_path / "out")
    ingested = {p.stem: read_labels(p) for p in (tmp_path / "out").glob("*/masks/*.png")}
    assert sorted(ingested) == list("012345")
    for path in made.glob("*/masks/*.png"):
        np.testing.assert_array_equal(ingested[str(int(path.stem))], read_labels(path))


def test_stats_json_is_the_one_object_with_the_promised_keys(made):
    counted = json.loads(done("stats", made, "--json").stdout)
    assert {"num_images", "pixels", "images_with", "weights", "mean", "std"} <= counted.keys()
    assert all(list(counted[key]) == list(NAMES) for key in ("pixels", "images_with", "weights"))
    assert counted["num_images"] == 6
    assert sum(counted["pixels"].values()) == 6 * 64 * 64
    assert counted == json.loads(json.dumps(statistics(made).as_dict()))
    assert json.loads(done("stats", made / "val", "--json").stdout)["num_images"] == 1


def test_stats_show_every_class_and_the_moments(made):
    shown = " ".join(done("stats", made).stdout.split())  # however narrow the terminal
    for word in (*NAMES, "mean", "std", "log2", "train, val"):
        assert word in shown


def test_stats_of_something_else_is_one_line(tmp_path):
    assert "not a dataset: found nothing" in refused("stats", tmp_path, code=1)


def test_colours_are_the_official_ones_and_relabel_takes_them_back(made, tmp_path):
    done("color", made / "train", tmp_path / "colored")
    done("relabel", tmp_path / "colored", tmp_path / "ids")
    for path in (made / "train" / "masks").iterdir():
        with Image.open(tmp_path / "colored" / path.name) as colored:
            assert colored.mode == "RGB"
            np.testing.assert_array_equal(np.array(colored), PALETTE[read_labels(path)])
        np.testing.assert_array_equal(read_labels(tmp_path / "ids" / path.name), read_labels(path))


def test_a_colour_of_no_class_is_refused_with_the_file(tmp_path):
    (tmp_path / "colored").mkdir()
    Image.new("RGB", (4, 4), (1, 2, 3)).save(tmp_path / "colored" / "a.png")
    message = refused("relabel", tmp_path / "colored", tmp_path / "ids", code=1)
    assert "a.png: colour (1, 2, 3)" in message


@pytest.mark.parametrize("name", ["color", "relabel"])
def test_files_are_not_written_over_those_they_are_read_from(name, tmp_path):
    write_labels(tmp_path / "masks" / "a.png", np.zeros((4, 4), np.uint8))
    assert "read from" in refused(name, tmp_path, tmp_path / "masks", code=2)
