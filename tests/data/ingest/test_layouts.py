"""Each layout that people hold is found by looking, and gives the same pairs."""

import json
import shutil
import zipfile

import numpy as np
import pytest

from faceparse.data.conversions.orders import ORDERS
from faceparse.data.dataset import list_pairs, read_pair
from faceparse.data.ingest import ingest
from faceparse.errors import FaceparseError

SPLIT_OF = {f"face{index}": "val" if index % 4 == 3 else "train" for index in range(12)}


def as_lapa(labels):
    return ORDERS["lapa"].from_ours[labels]


def there_and_back(labels, order):
    """What an order with fewer classes keeps of a label map."""
    return ORDERS[order].to_ours[ORDERS[order].from_ours[labels]]


def places(split, name):
    """Photo and mask of a face, by layout."""
    long = {"train": "training", "val": "validation"}[split]
    return {
        "challenge": (f"{split}/images/{name}.jpg", f"{split}/masks/{name}.png"),
        "mmsegmentation": (f"img_dir/{split}/{name}.jpg", f"ann_dir/{split}/{name}.png"),
        "ade": (f"images/{long}/{name}.jpg", f"annotations/{long}/{name}.png"),
        "lapa": (f"LaPa/{split}/images/{name}.jpg", f"LaPa/{split}/labels/{name}.png"),
        "helen": (f"helen/{split}/{name}_image.jpg", f"helen/{split}/{name}_label.png"),
    }


EXPECTED = {
    "challenge": "challenge release",
    "mmsegmentation": "MMSegmentation",
    "ade": "MMSegmentation",
    "lapa": "LaPa",
    "helen": "Helen",
}


@pytest.mark.parametrize("layout", EXPECTED)
def test_a_layout_is_recognised_and_its_masks_become_ours(layout, faces, save, maps, tmp_path):
    order = layout if layout in ORDERS else "celebamask"
    for name, (photo, labels) in faces.items():
        image, mask = places(SPLIT_OF[name], name)[layout]
        save(tmp_path / "source" / image, photo)
        save(tmp_path / "source" / mask, ORDERS[order].from_ours[labels])
    done = ingest(tmp_path / "source", tmp_path / "out")
    assert done.layout == EXPECTED[layout]
    assert done.num_images == {"train": 9, "val": 3}
    assert (done.left_out, done.unlabelled) == ([], [])
    found = maps(tmp_path / "out")
    assert len(found) == 12
    for name, (_, labels) in faces.items():
        np.testing.assert_array_equal(found[f"{SPLIT_OF[name]}/{name}"], there_and_back(labels, order))


def test_lapas_summary_states_the_classes_it_lacks(faces, save, command, tmp_path):
    for name, (photo, labels) in faces.items():
        save(tmp_path / "LaPa" / "train" / "images" / f"{name}.jpg", photo)
        save(tmp_path / "LaPa" / "train" / "labels" / f"{name}.png", as_lapa(labels))
        landmarks = tmp_path / "LaPa" / "train" / "landmarks" / f"{name}.txt"
        landmarks.parent.mkdir(exist_ok=True)
        landmarks.write_text("106\n")
    code, said, _ = command(tmp_path / "LaPa", tmp_path / "out")
    assert code == 0
    assert "12 images of" in said
    lacks = "eye glasses, left ear, right ear, hat, earring, necklace, neck, cloth"
    assert f"label order 'lapa'; classes it does not have: {lacks}" in said
    assert "one class in it: face: skin, eye glasses, left ear, right ear" in said


def test_helens_soft_pictures_give_each_pixel_the_class_it_belongs_to_most(faces, save, maps, tmp_path):
    root = tmp_path / "SmithCVPR2013"
    for name, (photo, labels) in faces.items():
        save(root / "images" / f"{name}.jpg", photo)
        theirs = ORDERS["helen"].from_ours[labels]
        for id in range(11):
            # half belongs for sure, the rest by more than any other class
            sure = np.where(np.arange(64) % 2, 255, 90)
            soft = np.where(theirs == id, sure, 80).astype(np.uint8)
            save(root / "labels" / name / f"{name}_lbl{id:02d}.png", soft)
    rows = list(faces)
    (root / "exemplars.txt").write_text("".join(f"{n} , {name}\n" for n, name in enumerate(rows[:7], 1)))
    (root / "tuning.txt").write_text("".join(f"{n} , {name}\n" for n, name in enumerate(rows[7:9], 1)))
    (root / "testing.txt").write_text("".join(f"{n} , {name}\n" for n, name in enumerate(rows[9:], 1)))
    (root / "labels" / rows[0] / f"{rows[0]}_lbl10.png").unlink()
    done = ingest(tmp_path / "SmithCVPR2013", tmp_path / "out")
    assert done.num_images == {"train": 6, "val": 2, "test": 3}
    assert done.left_out == [f"{rows[0]}: has 10 of 11 pictures of classes"]
    for place, labels in maps(tmp_path / "out").items():
        np.testing.assert_array_equal(labels, there_and_back(faces[place.split("/")[1]][1], "helen"))


def test_a_folder_of_photos_alone_becomes_the_photos_of_test(faces, save, command, tmp_path):
    for name, (photo, _) in faces.items():
        save(tmp_path / "photos" / f"{name}.png", photo)
    (tmp_path / "photos" / "readme.txt").write_text("holidays")
    code, said, _ = command(tmp_path / "photos", tmp_path / "out")
    assert code == 0
    assert "layout: photos alone test 12 photos alone 12 files written" in said
    for name in faces:
        written = (tmp_path / "out" / "test" / "images" / f"{name}.png").read_bytes()
        assert written == (tmp_path / "photos" / f"{name}.png").read_bytes()
    assert not (tmp_path / "out" / "test" / "masks").exists()


@pytest.mark.parametrize(("folder", "split"), [("release", "train"), ("val", "val"), ("Testing", "test")])
def test_one_splits_folder_is_the_split_that_it_is_named_after(folder, split, faces, save, tmp_path):
    for name, (photo, labels) in faces.items():
        save(tmp_path / folder / "images" / f"{name}.jpg", photo)
        save(tmp_path / folder / "masks" / f"{name}.png", labels)
    assert ingest(tmp_path / folder, tmp_path / "out").num_images == {split: 12}


def test_a_release_that_comes_as_several_zips_needs_no_unpacking(faces, save, maps, tmp_path):
    for split in ("train", "val"):
        with zipfile.ZipFile(tmp_path / f"{split}.zip", "w") as archive:
            for name, (photo, labels) in faces.items():
                if SPLIT_OF[name] == split:
                    save(tmp_path / "scratch.jpg", photo)
                    save(tmp_path / "scratch.png", labels)
                    # one zip wraps its split, the other one is it
                    inside = "train/" if split == "train" else ""
                    archive.write(tmp_path / "scratch.jpg", f"{inside}images/{name}.jpg")
                    archive.write(tmp_path / "scratch.png", f"{inside}masks/{name}.png")
    (tmp_path / "download").mkdir()
    for path in tmp_path.glob("*.zip"):
        path.rename(tmp_path / "download" / path.name)
    done = ingest(tmp_path / "download", tmp_path / "out")
    assert done.num_images == {"train": 9, "val": 3}
    found = maps(tmp_path / "out")
    assert all((labels == faces[place.split("/")[1]][1]).all() for place, labels in found.items())
    assert len(found) == 12


def test_photos_larger_than_their_masks_are_made_as_small(faces, save, tmp_path):
    for name, (photo, labels) in faces.items():
        save(tmp_path / "CelebA-HQ-img" / f"{name}.png", np.repeat(np.repeat(photo, 4, 0), 4, 1))
        save(tmp_path / "CelebAMask-HQ-mask" / f"{name}.png", labels)
    done = ingest(tmp_path, tmp_path.parent / f"{tmp_path.name}-out")
    assert done.left_out == []
    for pair in list_pairs(tmp_path.parent / f"{tmp_path.name}-out" / "train"):
        image, labels = read_pair(pair)
        np.testing.assert_array_equal(labels, faces[pair.name][1])
        np.testing.assert_array_equal(image, faces[pair.name][0])


def test_pairs_that_cannot_be_used_are_left_out_and_told_while_the_others_come(faces, save, command, tmp_path):
    root = tmp_path / "set" / "train"
    for name, (photo, labels) in faces.items():
        save(root / "images" / f"{name}.jpg", photo)
        save(root / "masks" / f"{name}.png", labels)
    (root / "images" / "face0.jpg").write_bytes((root / "images" / "face0.jpg").read_bytes()[:300])
    (root / "masks" / "face1.png").write_bytes(b"")
    (root / "masks" / "face2.png").unlink()
    (root / "images" / "face3.jpg").unlink()
    save(root / "images" / "face4.png", faces["face4"][0])
    save(root / "masks" / "face5.png", faces["face5"][1][:32])
    save(root / "masks" / "face6.png", np.full((64, 64), 19, np.uint8))
    shutil.copy(root / "images" / "face7.jpg", root / "images" / "FACE7.jpg")
    code, said, errors = command(tmp_path / "set", tmp_path / "out", "--json")
    assert (code, errors) == (1, "")
    summary = json.loads(said)
    assert summary["num_images"] == {"train": 4}
    taken = sorted(p.stem for p in (tmp_path / "out" / "train" / "masks").iterdir())
    assert taken == ["face10", "face11", "face8", "face9"]
    reasons = [
        "face0.jpg: damaged or cut off",
        "face1.png: an empty file",
        "photo face2 has no mask",
        "mask face3 has no photo",
        "face4.jpg: another file has this name",
        "face4.png: another file has this name",
        "face5.jpg: 64×64, where its mask is 64×32",
        "face6.png: holds id 19",
        "face7.jpg: another file has this name",
        "FACE7.jpg: another file has this name",
    ]
    assert len(summary["left_out"]) == len(reasons)
    for reason in reasons:
        assert any(reason in told for told in summary["left_out"]), reason
    # what a pair was left out for does not come with the next run either
    assert command(tmp_path / "set", tmp_path / "out")[0] == 1


def test_names_that_no_terminal_should_see_are_passed_over(faces, save, tmp_path):
    for name, (photo, _) in faces.items():
        save(tmp_path / "photos" / f"{name}.png", photo)
    shutil.copy(tmp_path / "photos" / "face0.png", tmp_path / "photos" / "two\nlines.png")
    shutil.copy(tmp_path / "photos" / "face0.png", tmp_path / "photos" / "bytes\udcff.png")
    done = ingest(tmp_path / "photos", tmp_path / "out")
    assert done.num_images == {"test": 12}
    assert done.left_out == ["2 file(s) whose names hold control characters or are not UTF-8"]


def test_linked_folders_are_followed_once(faces, save, tmp_path):
    for name, (photo, labels) in faces.items():
        save(tmp_path / "elsewhere" / f"{name}.jpg", photo)
        save(tmp_path / "set" / "masks" / f"{name}.png", labels)
    (tmp_path / "set" / "images").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "again").symlink_to(tmp_path / "set")
    assert ingest(tmp_path / "set", tmp_path / "out").num_images == {"train": 12}


def test_photos_in_several_folders_are_not_mixed(faces, save, tmp_path):
    for index, (name, (photo, _)) in enumerate(faces.items()):
        save(tmp_path / "set" / f"trip{index % 2}" / f"{name}.jpg", photo)
    with pytest.raises(FaceparseError, match="photos in 2 folders"):
        ingest(tmp_path / "set", tmp_path / "out")


def test_pictures_in_folders_that_mean_nothing_are_counted(faces, save, command, tmp_path):
    for name, (photo, labels) in faces.items():
        save(tmp_path / "set" / "images" / f"{name}.jpg", photo)
        save(tmp_path / "set" / "ground truth" / f"{name}.png", labels)
    code, said, _ = command(tmp_path / "set", tmp_path / "out")
    assert code == 0
    assert "12 photos alone passed over: 12 pictures in ground truth" in said


def test_masks_alone_are_not_taken_for_photos(faces, save, tmp_path):
    for name, (_, labels) in faces.items():
        save(tmp_path / "masks" / f"{name}.png", labels)
    with pytest.raises(FaceparseError, match="holds label maps and no photos"):
        ingest(tmp_path / "masks", tmp_path / "out")
