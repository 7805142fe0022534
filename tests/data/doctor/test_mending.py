"""A mended copy has none of what was mended, keeps all else byte for byte, and says what was done."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from faceparse.classes import PALETTE, class_id, mirror_lookup
from faceparse.data.dataset import list_pairs
from faceparse.data.doctor.examination import examine
from faceparse.data.doctor.mending import mend
from faceparse.errors import FaceparseError, UsageError
from faceparse.images import read_image, read_labels, write_image, write_labels


@pytest.fixture
def faces(made_faces, tmp_path):
    # without the hidden store, which other tests leave beside the made faces
    return shutil.copytree(made_faces, tmp_path / "faces", ignore=shutil.ignore_patterns(".*"))


def photo(faces, split, index=0):
    return sorted((faces / split / "images").iterdir())[index]


def mask(faces, split, index=0):
    return sorted((faces / split / "masks").iterdir())[index]


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def mended(faces, out):
    mend(faces, examine(faces, 1), out)
    return {treatment["name"]: treatment for treatment in json.loads((out / "doctor.json").read_text())["treatments"]}


def test_a_healthy_dataset_is_copied_byte_for_byte(faces, tmp_path):
    (faces / "README").write_text("made")
    assert mended(faces, tmp_path / "out") == {}
    copied = files(tmp_path / "out")
    assert json.loads(copied.pop(next(path for path in copied if path.name == "doctor.json")))["num_unchanged"] == 24
    assert copied == files(faces)


def test_the_manifest_of_the_files_before_is_left_out_so_that_the_copy_can_be_used(faces, tmp_path, caplog):
    write_labels(mask(faces, "train"), mirror_lookup()[read_labels(mask(faces, "train"))])
    split = [sys.executable, "-m", "faceparse", "data", "split", faces, faces / "split.json", "--by", "folders"]
    subprocess.run(split, check=True, capture_output=True, timeout=300)
    assert mended(faces, tmp_path / "out")
    assert "split.json: not copied" in caplog.text
    assert len(list_pairs(tmp_path / "out" / "train")) == 16


def test_exchanged_ids_are_put_right_and_nothing_else_changes(faces, tmp_path):
    right = read_labels(mask(faces, "train", 2))
    write_labels(mask(faces, "train", 2), mirror_lookup()[right])
    before = files(faces)
    log = mended(faces, tmp_path / "out")
    assert files(faces) == before
    np.testing.assert_array_equal(read_labels(mask(tmp_path / "out", "train", 2)), right)
    assert {treatment["action"] for treatment in log.values()} == {"mended"}
    assert examine(tmp_path / "out").faults == ()
    changed = {path for path, content in files(tmp_path / "out").items() if before.get(path) != content}
    assert {path.name for path in changed} == {"doctor.json", mask(faces, "train", 2).name}


def test_a_part_with_the_other_sides_id_is_put_right_alone(faces, tmp_path):
    right = read_labels(mask(faces, "train"))
    wrong = right.copy()
    wrong[right == class_id("left brow")] = class_id("right brow")
    write_labels(mask(faces, "train"), wrong)
    assert [fault.kind for fault in examine(faces).faults] == ["wrong_side"]
    mended(faces, tmp_path / "out")
    np.testing.assert_array_equal(read_labels(mask(tmp_path / "out", "train")), right)


def test_colours_that_are_mirrored_too_become_the_right_ids(faces, tmp_path):
    right = read_labels(mask(faces, "train"))
    write_image(mask(faces, "train"), PALETTE[mirror_lookup()[right]])
    [treatment] = mended(faces, tmp_path / "out").values()
    assert treatment["action"] == "mended"
    assert [why.partition(":")[0] for why in treatment["why"]] == ["wrong_mode", "mirrored_labels"]
    np.testing.assert_array_equal(read_labels(mask(tmp_path / "out", "train")), right)


def test_a_mask_of_half_its_photos_size_is_enlarged_and_one_of_another_shape_set_aside(faces, tmp_path):
    small, cut = mask(faces, "train", 0), mask(faces, "train", 1)
    half = read_labels(small)[::2, ::2].copy()
    write_labels(small, half)
    write_labels(cut, read_labels(cut)[:-3].copy())
    done = mended(faces, tmp_path / "out")
    assert done[small.stem]["action"] == "mended"
    assert (read_labels(tmp_path / "out/train/masks" / small.name) == half.repeat(2, 0).repeat(2, 1)).all()
    assert done[cut.stem]["action"] == "quarantined"
    assert not examine(tmp_path / "out", 1).faults


def test_what_cannot_be_mended_is_set_aside_with_its_partner_and_the_rest_can_be_trained_on(faces, tmp_path):
    photo(faces, "train", 0).write_bytes(b"\xff\xd8\xff")
    mask(faces, "train", 1).write_bytes(b"")
    mask(faces, "train", 2).unlink()
    write_labels(mask(faces, "train", 3), np.zeros((64, 64), np.uint8))  # the fifth, as the third is gone
    write_labels(mask(faces, "val", 0), np.ones((9, 7), np.uint8))
    Image.fromarray(np.full((64, 64), 77, np.uint8)).save(mask(faces, "val", 1))
    bad = {photo(faces, "train", i).stem for i in (0, 1, 2, 4)} | {photo(faces, "val", i).stem for i in (0, 1)}
    out = tmp_path / "out"
    log = mended(faces, out)
    assert {name for name, treatment in log.items() if treatment["action"] == "quarantined"} == bad
    aside = {path.stem for path in (out / "quarantine").rglob("*") if path.is_file()}
    assert aside == bad
    assert examine(out).faults == ()
    assert (len(list_pairs(out / "train")), len(list_pairs(out / "val"))) == (12, 2)


def test_of_photos_on_both_sides_the_scored_one_stays_and_of_copies_the_first(faces, tmp_path):
    for split, source in (("train", "val"), ("val", "test")):
        write_image(faces / split / "images" / f"from-{source}.png", read_image(photo(faces, source))[:, ::-1].copy())
        shutil.copy(mask(faces, split), faces / split / "masks" / f"from-{source}.png")
    shutil.copy(photo(faces, "train"), faces / "train" / "images" / "zz.jpg")
    shutil.copy(mask(faces, "train"), faces / "train" / "masks" / "zz.png")
    kinds = [fault.kind for fault in examine(faces).faults]
    assert kinds == ["duplicate", "leak", "leak"]
    log = mended(faces, tmp_path / "out")
    assert log.keys() == {"from-val", "from-test", "zz"}
    assert photo(tmp_path / "out", "val").read_bytes() == photo(faces, "val").read_bytes()
    assert examine(tmp_path / "out").faults == ()


def test_a_copy_whose_original_is_broken_is_kept(faces, tmp_path):
    shutil.copy(photo(faces, "train"), faces / "train" / "images" / "zz.jpg")
    shutil.copy(mask(faces, "train"), faces / "train" / "masks" / "zz.png")
    mask(faces, "train").write_bytes(b"")
    log = mended(faces, tmp_path / "out")
    assert log.keys() == {photo(faces, "train").stem}
    assert (tmp_path / "out" / "train" / "images" / "zz.jpg").exists()


def test_one_splits_folder_is_mended_as_one(faces, tmp_path):
    photo(faces, "val").write_bytes(b"")
    mended(faces / "val", tmp_path / "out")
    assert len(list_pairs(tmp_path / "out")) == 3
    assert examine(tmp_path / "out").faults == ()


def test_folders_pipes_and_huge_files_stay_where_they_are(faces, tmp_path):
    images = faces / "test" / "images"
    (images / "folder.png").mkdir()
    (images / "loop.png").symlink_to("loop.png")
    os.mkfifo(images / "pipe.png")
    os.truncate(photo(faces, "test"), 300 * 2**20)
    log = mended(faces, tmp_path / "out")
    assert {treatment["action"] for treatment in log.values()} == {"quarantined"}
    assert len(log) == 4
    assert examine(tmp_path / "out").faults == ()
    assert not (tmp_path / "out" / "quarantine").exists()


def test_out_must_be_new_and_apart_from_the_dataset(faces, tmp_path):
    examined = examine(faces)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    (tmp_path / "link").symlink_to(faces)
    for out in (faces, faces / "out", tmp_path, tmp_path / "full", tmp_path / "full" / "file", tmp_path / "link"):
        with pytest.raises(UsageError, match="--fix"):
            mend(faces, examined, out)
    assert (tmp_path / "full" / "file").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    mend(faces, examined, tmp_path / "empty")


def test_a_copy_that_fails_half_way_leaves_nothing(faces, tmp_path, monkeypatch):
    examined = examine(faces)
    photo(faces, "val").unlink()  # while it is mended
    with pytest.raises(FaceparseError, match="cannot write"):
        mend(faces, examined, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["faces"]
