"""Made faces have no faults; each damage done to them is one fault, with its name and what was found."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from faceparse.classes import PALETTE, class_id, mirror_lookup
from faceparse.data.conversions.orders import ORDERS
from faceparse.data.doctor.examination import examine
from faceparse.errors import DataError
from faceparse.images import read_image, read_labels, write_image, write_labels


@pytest.fixture
def faces(made_faces, tmp_path):
    """A copy of 16 made pairs in train, 4 in val and 4 photos in test, to be damaged."""
    return shutil.copytree(made_faces, tmp_path / "faces")


def names(faces, split):
    return sorted(path.stem for path in (faces / split / "images").iterdir())


def photo(faces, split, index=0):
    return sorted((faces / split / "images").iterdir())[index]


def mask(faces, split, index=0):
    return sorted((faces / split / "masks").iterdir())[index]


def found(faces):
    return [(fault.kind, fault.split, fault.name) for fault in examine(faces).faults]


def the_fault(faces):
    [fault] = examine(faces).faults
    return fault


def test_made_faces_have_no_faults_and_photos_without_masks_are_none(made_faces):
    examined = examine(made_faces)
    assert examined.faults == ()
    assert examined.num_images == 24
    assert examined.as_dict() == {"num_images": 24, "faults": []}
    assert examine(made_faces / "test").num_images == 4


def test_a_dataset_without_a_file_is_refused_rather_than_called_good(tmp_path):
    (tmp_path / "train" / "images").mkdir(parents=True)
    with pytest.raises(DataError, match="holds no photos"):
        examine(tmp_path)


@pytest.mark.parametrize("damage", [b"", b"text", b"\xff\xd8\xff\xe0 cut"])
def test_a_broken_photo_is_unreadable(faces, damage):
    photo(faces, "train").write_bytes(damage)
    assert found(faces) == [("unreadable_image", "train", names(faces, "train")[0])]


def test_a_photo_that_is_cut_off_is_unreadable_also_where_it_has_no_mask(faces):
    for split in ("val", "test"):
        whole = photo(faces, split).read_bytes()
        photo(faces, split).write_bytes(whole[: len(whole) // 2])
    assert [kind for kind, *_ in found(faces)] == ["unreadable_image"] * 2


def test_a_folder_a_loop_and_a_pipe_are_unreadable_and_stop_nothing(faces):
    images = faces / "test" / "images"
    (images / "folder.png").mkdir()
    (images / "loop.png").symlink_to("loop.png")
    os.mkfifo(images / "pipe.png")
    assert found(faces) == [("unreadable_image", "test", name) for name in ("folder", "loop", "pipe")]


def test_a_picture_of_another_format_is_no_photo_and_a_note_is_nothing(faces):
    Image.new("RGB", (8, 8)).save(faces / "test" / "images" / "old.bmp")
    (faces / "test" / "images" / "Thumbs.db").write_text("")
    assert found(faces) == [("unreadable_image", "test", "old")]


def test_a_file_too_large_for_a_picture_is_not_opened(faces, monkeypatch):
    os.truncate(photo(faces, "test"), 300 * 2**20)  # takes no room
    assert "300 MB" in the_fault(faces).detail


def test_missing_partners_are_told_from_either_side(faces):
    photo(faces, "train", 1).unlink()
    mask(faces, "train", 3).unlink()
    assert [(fault.name, fault.detail) for fault in examine(faces).faults] == [
        (mask(faces, "train", 1).stem, "a mask without a photo"),
        (photo(faces, "train", 2).stem, "a photo without a mask"),
    ]


def test_a_split_without_photos_is_all_missing(faces):
    shutil.rmtree(faces / "val" / "images")
    assert [kind for kind, *_ in found(faces)] == ["missing_partner"] * 4


def test_two_photos_of_one_name_are_told(faces):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(
        photo(faces, "train").with_suffix(".png")
    )
    assert "which one is meant" in the_fault(faces).detail


def test_a_mask_saved_as_jpeg_is_unreadable_rather_than_missing(faces):
    Image.open(mask(faces, "train")).convert("L").save(mask(faces, "train").with_suffix(".jpg"))
    mask(faces, "train").with_suffix(".png").unlink()
    assert the_fault(faces).kind == "unreadable_mask"


def test_a_mask_of_another_size_is_told_with_both(faces):
    labels = read_labels(mask(faces, "train"))
    write_labels(mask(faces, "train"), labels[::2, ::2].copy())
    fault = the_fault(faces)
    assert fault.kind == "wrong_size"
    assert fault.detail.startswith("the mask is 32×32, its photo 64×64; of the same shape")


def test_colours_in_place_of_ids_do_not_hide_what_else_is_wrong(faces):
    labels = mirror_lookup()[read_labels(mask(faces, "train"))]
    write_image(mask(faces, "train"), PALETTE[labels])
    assert [kind for kind, *_ in found(faces)] == ["wrong_mode", "mirrored_labels"]


def test_exchanged_ids_are_mirrored_labels(faces):
    write_labels(mask(faces, "val"), mirror_lookup()[read_labels(mask(faces, "val"))])
    assert found(faces) == [("mirrored_labels", "val", names(faces, "val")[0])]


@pytest.mark.parametrize("order", ["bisenet", "farl"])
def test_ids_of_another_order_are_recognised_by_the_face_that_they_show(faces, order):
    num_before = len(names(faces, "train"))
    for path in (faces / "train" / "masks").iterdir():
        write_labels(path, ORDERS[order].from_ours[read_labels(path)])
    faults = examine(faces).faults
    told = [fault for fault in faults if fault.kind == "wrong_ids"]
    assert len(told) > 0.6 * num_before
    assert all(f"in that of {order};" in fault.detail for fault in told)


def test_two_eyes_of_one_side_are_one_fault(faces):
    for path in (faces / "train" / "masks").iterdir():
        labels = read_labels(path)
        labels[labels == class_id("left eye")] = class_id("right eye")
        write_labels(path, labels)
    faults = examine(faces).faults
    assert len(faults) > 8
    assert {(fault.kind, fault.classes) for fault in faults} == {("wrong_side", ("right eye",))}


def test_an_empty_mask_is_told(faces):
    write_labels(mask(faces, "val"), np.zeros((64, 64), np.uint8))
    assert the_fault(faces).kind == "empty_mask"


def copy_pair(faces, source, target, name, change=lambda image: image):
    write_image(faces / target / "images" / f"{name}.jpg", change(read_image(photo(faces, source))), quality=60)
    if (faces / target / "masks").is_dir():
        shutil.copy(mask(faces, source), faces / target / "masks" / f"{name}.png")


def test_a_copy_in_the_same_split_is_a_duplicate_and_says_of_what(faces):
    copy_pair(faces, "train", "train", "zz", lambda image: np.asarray(Image.fromarray(image).resize((96, 96))))
    shutil.copy(mask(faces, "train"), faces / "train" / "masks" / "zz.png")
    faults = {fault.kind: fault for fault in examine(faces).faults}
    assert faults.keys() == {"wrong_size", "duplicate"}
    assert faults["duplicate"].name == "zz"
    assert faults["duplicate"].other == f"train/{names(faces, 'train')[0]}"


def test_the_same_file_is_told_from_a_copy(faces):
    for folder in ("images", "masks"):
        first = sorted((faces / "val" / folder).iterdir())[0]
        shutil.copy(first, first.with_stem("zz"))
    assert the_fault(faces).detail == f"the same file as val/{names(faces, 'val')[0]}"


@pytest.mark.parametrize("source", ["val", "test"])
def test_a_mirrored_brightened_copy_in_train_is_a_leak_of_the_photo_that_is_scored(faces, source):
    def change(image):
        return np.asarray(ImageEnhance.Brightness(Image.fromarray(image[:, ::-1])).enhance(1.3))

    write_image(faces / "train" / "images" / "zz.jpg", change(read_image(photo(faces, source))))
    write_labels(faces / "train" / "masks" / "zz.png", read_labels(mask(faces, "train")))
    fault = the_fault(faces)
    assert (fault.kind, fault.split, fault.name) == ("leak", "train", "zz")
    assert fault.detail == f"a mirrored copy of {source}/{names(faces, source)[0]}"


def test_what_is_no_dataset_is_refused(tmp_path):
    with pytest.raises(DataError, match="not a dataset"):
        examine(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        examine(tmp_path / "nowhere")


def test_several_processes_find_what_one_finds(faces):
    photo(faces, "train").write_bytes(b"")
    mask(faces, "val").unlink()
    assert examine(faces, 2).as_dict() == examine(faces, 1).as_dict()
