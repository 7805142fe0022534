import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from faceparse.classes import class_id
from faceparse.data.conversions.flip import Flipped, flip_dataset, flip_labels
from faceparse.data.dataset import list_pairs
from faceparse.data.synthetic import make_face
from faceparse.errors import DataError, UsageError
from faceparse.images import read_image, read_labels, write_image, write_labels


@pytest.fixture
def dataset(tmp_path):
    """Two splits with masks, one with PNG photos, and a test split of photos alone."""
    for index, (split, suffix) in enumerate([("train", "png"), ("train", "jpg"), ("val", "webp"), ("test", "png")]):
        image, labels = make_face(1, index, 64)
        write_image(tmp_path / "data" / split / "images" / f"{index}.{suffix}", image)
        if split != "test":
            write_labels(tmp_path / "data" / split / "masks" / f"{index}.png", labels)
    return tmp_path / "data"


def files(folder):
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file()
    }


@given(
    arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.sampled_from([*range(19), 255])
    )
)
def test_a_label_map_flipped_twice_is_itself(labels):
    np.testing.assert_array_equal(flip_labels(flip_labels(labels)), labels)


def test_flipping_exchanges_the_sides_of_eyes_brows_and_ears_and_nothing_else():
    labels = np.arange(19, dtype=np.uint8)[None]
    exchanged = {4: 5, 5: 4, 6: 7, 7: 6, 8: 9, 9: 8}
    assert flip_labels(labels)[0, ::-1].tolist() == [exchanged.get(id, id) for id in range(19)]


def test_a_copy_keeps_names_formats_and_splits_and_has_everything_mirrored(dataset, tmp_path):
    done = flip_dataset(dataset, tmp_path / "out")
    assert done == Flipped({"train": 2, "val": 1, "test": 1}, 7)
    assert files(tmp_path / "out").keys() == files(dataset).keys()
    for pair in list_pairs(dataset / "train"):
        mirrored = tmp_path / "out" / "train"
        np.testing.assert_array_equal(
            read_labels(mirrored / "masks" / pair.mask.name), flip_labels(read_labels(pair.mask))
        )
    pair = list_pairs(dataset / "train")[0]
    np.testing.assert_array_equal(
        read_image(tmp_path / "out" / "train" / "images" / "0.png"), read_image(pair.image)[:, ::-1]
    )
    left, right = (
        np.nonzero(read_labels(tmp_path / "out" / "train" / "masks" / "0.png") == class_id(f"{side} eye"))[1].mean()
        for side in ("left", "right")
    )
    assert left > right


def test_a_copy_of_the_copy_is_the_dataset_exactly_but_for_jpeg(dataset, tmp_path):
    flip_dataset(dataset, tmp_path / "once")
    flip_dataset(tmp_path / "once", tmp_path / "twice")
    for name in files(dataset):
        read = read_labels if "/masks/" in name else read_image
        before, after = read(dataset / name), read(tmp_path / "twice" / name)
        if not name.endswith((".jpg", ".webp")):
            np.testing.assert_array_equal(after, before)
    jpeg = "train/images/1.jpg"
    difference = read_image(dataset / jpeg).astype(int) - read_image(tmp_path / "twice" / jpeg)
    assert 0 < np.abs(difference).mean() < 2


def test_webp_and_png_photos_are_mirrored_without_loss(dataset, tmp_path):
    flip_dataset(dataset, tmp_path / "out")
    for name in ("val/images/2.webp", "test/images/3.png"):
        np.testing.assert_array_equal(read_image(tmp_path / "out" / name), read_image(dataset / name)[:, ::-1])


def test_both_doubles_a_dataset_with_the_originals_untouched(dataset, tmp_path):
    done = flip_dataset(dataset, tmp_path / "out", both=True)
    assert done.num_images == {"train": 4, "val": 2, "test": 2}
    before, after = files(dataset), files(tmp_path / "out")
    assert before.items() <= after.items()
    assert [pair.name for pair in list_pairs(tmp_path / "out" / "train")] == ["0", "0_flip", "1", "1_flip"]
    np.testing.assert_array_equal(
        read_labels(tmp_path / "out" / "train" / "masks" / "0_flip.png"),
        flip_labels(read_labels(dataset / "train" / "masks" / "0.png")),
    )
    with pytest.raises(DataError, match="it was doubled already"):
        flip_dataset(tmp_path / "out", tmp_path / "again", both=True)


def test_one_splits_folder_becomes_one_splits_folder(dataset, tmp_path):
    assert flip_dataset(dataset / "train", tmp_path / "out").num_images == {".": 2}
    assert len(list_pairs(tmp_path / "out")) == 2


def test_a_stopped_flip_is_finished_by_running_it_again(dataset, tmp_path):
    whole = flip_dataset(dataset, tmp_path / "whole")
    flip_dataset(dataset, tmp_path / "out")
    kept = tmp_path / "out" / "train" / "masks" / "0.png"
    stamp = kept.stat().st_mtime_ns
    (tmp_path / "out" / "val" / "masks" / "2.png").unlink()
    (tmp_path / "out" / "val" / "images" / ".writing-abc").write_bytes(b"half")
    done = flip_dataset(dataset, tmp_path / "out")
    assert (done.num_images, done.num_written) == (whole.num_images, 2)
    assert kept.stat().st_mtime_ns == stamp
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_nothing_is_written_into_the_dataset_or_among_other_files(dataset, tmp_path):
    before = files(dataset)
    for out in (dataset, dataset / "out", dataset.parent):
        with pytest.raises(UsageError, match="lie in each other"):
            flip_dataset(dataset, out)
    assert files(dataset) == before
    write_image(tmp_path / "out" / "train" / "images" / "mine.png", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(DataError, match=r"holds 1 file\(s\) not of .*train/images/mine.png"):
        flip_dataset(dataset, tmp_path / "out")


def test_a_damaged_photo_is_told_and_the_others_are_written(dataset, tmp_path):
    (dataset / "train" / "images" / "1.jpg").write_bytes(b"\xff\xd8\xff nothing")
    with pytest.raises(DataError, match=r"1 of 4 pairs are left out, the others are written: .*1\.jpg"):
        flip_dataset(dataset, tmp_path / "out")
    assert (tmp_path / "out" / "train" / "images" / "0.png").exists()
