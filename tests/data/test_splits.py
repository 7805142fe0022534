import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from faceparse.data.conversions.flip import flip_dataset
from faceparse.data.dataset import find_split, is_split, labelled_splits, list_pairs, splits
from faceparse.data.manifest import read_manifest, to_json
from faceparse.data.sampling import choose_pairs
from faceparse.data.split_folder import write_dataset
from faceparse.data.splits import folds, make_split, photo_hash, side_of
from faceparse.data.store import open_store
from faceparse.data.synthetic import make_face
from faceparse.errors import DataError, UsageError
from faceparse.files import write_atomically
from faceparse.images import write_image, write_labels

SHARES = {"train": 0.6, "val": 0.4}


def add(folder, name, index, quality=None):
    image, labels = make_face(9, index, 64)
    if quality is None:
        write_image(folder / "images" / f"{name}.png", image)
    else:
        write_image(folder / "images" / f"{name}.jpg", image, quality)
    write_labels(folder / "masks" / f"{name}.png", labels)


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A root with twelve pairs in train, three in val and one photo in test; read only."""
    root = tmp_path_factory.mktemp("faces") / "data"
    for index in range(15):
        add(root / ("train" if index < 12 else "val"), f"{index:02d}", index)
    write_image(root / "test" / "images" / "t.png", make_face(9, 50, 64)[0])
    return root


@pytest.fixture
def own(faces, tmp_path):
    """A copy that a test may break, and its manifest."""
    made, _ = make_split(faces, "hash", SHARES)
    write_dataset(made, faces, tmp_path / "own")
    for path in (tmp_path / "own").rglob("*.png"):  # no longer the same files as the fixture's
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    return tmp_path / "own"


def names(path):
    return {split: [pair.name for pair in list_pairs(folder)] for split, folder in labelled_splits(path).items()}


def written(path, *arguments, **named):
    made, _ = make_split(*arguments, **named, manifest=path)
    write_atomically(path, to_json(made))
    return path


@given(st.text(min_size=1), st.integers(0, 99))
def test_a_names_side_depends_on_the_name_and_the_seed_alone(name, seed):
    assert side_of(name, SHARES, seed) == side_of(name, dict(SHARES), seed)
    assert side_of(name, {"all": 1.0}, seed) == "all"


def test_sides_never_change_between_releases_and_come_in_their_shares():
    shares = {"train": 0.8, "val": 0.1, "test": 0.1}
    assert [side_of(str(i), shares) for i in range(12)] == [
        "train",
        "test",
        "train",
        "train",
        "train",
        "train",
        "train",
        "train",
        "train",
        "train",
        "train",
        "val",
    ]
    sides = [side_of(str(i), shares) for i in range(20000)]
    assert [round(sides.count(name) / 20000, 2) for name in shares] == [0.8, 0.1, 0.1]
    assert [side_of(str(i), shares, 1) for i in range(200)] != sides[:200]


def test_pairs_keep_their_sides_when_data_are_added(faces, tmp_path):
    before = {e.name: e.split for e in make_split(faces, "hash", SHARES)[0].pairs}
    one, _ = make_split(faces, "hash", SHARES)
    write_dataset(one, faces, tmp_path / "more")
    for index in range(20, 25):
        add(tmp_path / "more" / "train", f"{index:02d}", index)
    (tmp_path / "more" / "split.json").unlink()
    after = {e.name: e.split for e in make_split(tmp_path / "more", "hash", SHARES)[0].pairs}
    assert before.items() <= after.items()
    assert len(after) == 20


def test_a_manifest_stands_for_the_dataset_and_each_of_its_splits(faces, tmp_path):
    path = written(tmp_path / "split.json", faces, "hash", SHARES)
    found = names(path)
    assert list(found) == ["train", "val"]
    assert sorted(name for listed in found.values() for name in listed) == [f"{i:02d}" for i in range(15)]
    assert find_split(path, "val") == path / "val"
    assert splits(path / "val") == {"val": path / "val"}
    assert [is_split(p) for p in (path, path / "val", faces, faces / "val")] == [False, True, False, True]
    pair = list_pairs(path / "train")[0]
    assert pair.image.samefile(next(faces.glob(f"*/images/{pair.name}.png")))
    with pytest.raises(UsageError, match="has no split 'tset'; it has: train, val"):
        find_split(path, "tset")
    with pytest.raises(DataError, match=r"has splits \(train, val\), where one split is expected"):
        list_pairs(path)


def test_training_takes_a_manifest_and_validates_on_its_val_or_on_the_folds_left_out(faces, tmp_path):
    path = written(tmp_path / "split.json", faces, "hash", SHARES)
    train, val = choose_pairs(path, ("train",))
    assert [[p.name for p in pairs] for pairs in (train, val)] == list(names(path).values())
    path = written(tmp_path / "folds.json", faces, "rare", folds(3))
    train, val = choose_pairs(path, ("fold0", "fold2"))
    found = names(path)
    assert sorted(p.name for p in train) == sorted(found["fold0"] + found["fold2"])
    assert [p.name for p in val] == found["fold1"]
    with pytest.raises(UsageError, match="--train-splits fold1,fold2"):
        choose_pairs(path, ("train",))
    store = open_store(train, path, 32)
    assert len(store) == len(train)
    assert (tmp_path / ".faceparse").is_dir()


@pytest.mark.parametrize("method", ["hash", "rare"])
def test_the_same_seed_gives_the_same_manifest_to_the_byte(method, faces, tmp_path):
    one, two = (written(tmp_path / f"{i}.json", faces, method, SHARES, seed=4).read_text() for i in range(2))
    assert one == two


def test_every_method_writes_down_every_pair_once_with_its_hashes(faces, tmp_path):
    mapping = tmp_path / "mapping.txt"
    mapping.write_text("idx orig_idx orig_file\n" + "".join(f"{i} {i * 15000} x.jpg\n" for i in range(15)))
    for method in ("hash", "rare", "official", "folders"):
        made, present = make_split(faces, method, SHARES, mapping=mapping)
        assert [entry.name for entry in made.pairs] == [f"{i:02d}" for i in range(15)]
        assert all(re.fullmatch("[0-9a-f]{64}", e.image_sha256) and e.image_sha256 != e.mask_sha256 for e in made.pairs)
        assert all(0 in present[entry.image] for entry in made.pairs)


def test_the_official_split_follows_celebas_partition(faces, tmp_path):
    mapping = tmp_path / "mapping.txt"
    originals = [162770, 162771, 182637, 182638]
    mapping.write_text("".join(f"{i} {originals[i % 4]} x.jpg\n" for i in range(15)))
    made, _ = make_split(faces, "official", {}, mapping=mapping)
    assert [entry.split for entry in made.pairs[:4]] == ["train", "val", "val", "test"]
    mapping.write_text("0 5 x.jpg\n² 5 x.jpg\n1 ² x.jpg\n")
    with pytest.raises(DataError, match="has no row for '01'"):
        make_split(faces, "official", {}, mapping=mapping)
    with pytest.raises(UsageError, match="say where it is with --mapping"):
        make_split(faces, "official", {})


def test_the_folders_own_split_is_kept(faces):
    made, _ = make_split(faces, "folders", {})
    assert {e.name: e.split for e in made.pairs} == {f"{i:02d}": "train" if i < 12 else "val" for i in range(15)}


def test_a_photos_hash_is_that_of_its_mirror_image_and_of_no_other():
    image, _ = make_face(1, 0, 64)
    assert photo_hash(image) == photo_hash(np.ascontiguousarray(image[:, ::-1]))
    changed = image.copy()
    changed[0, 0, 0] ^= 1
    assert len({photo_hash(image), photo_hash(changed), photo_hash(image.reshape(32, 128, 3))}) == 3


@pytest.mark.parametrize("method", ["hash", "rare"])
def test_copies_of_a_photo_stay_on_one_side(method, faces, tmp_path):
    flip_dataset(faces / "train", tmp_path / "data", both=True)
    for index in range(4):
        add(tmp_path / "data", f"again{index}", index, quality=80)
    made, _ = make_split(tmp_path / "data", method, SHARES)
    side = {entry.name: entry.split for entry in made.pairs}
    assert set(side.values()) == {"train", "val"}
    assert all(side[f"{i:02d}"] == side[f"{i:02d}_flip"] for i in range(12))
    assert all(side[f"{i:02d}"] == side[f"again{i}"] for i in range(4))
    assert sum(entry.group != entry.image for entry in made.pairs) == 16


def test_a_given_split_that_leaks_is_refused_with_the_names(faces, tmp_path):
    made, _ = make_split(faces, "folders", {})
    write_dataset(made, faces, tmp_path / "leaky")
    (tmp_path / "leaky" / "split.json").unlink()
    image, labels = make_face(9, 3, 64)
    write_image(tmp_path / "leaky" / "val" / "images" / "mirrored.jpg", np.ascontiguousarray(image[:, ::-1]), 90)
    write_labels(tmp_path / "leaky" / "val" / "masks" / "mirrored.png", labels)
    with pytest.raises(
        DataError, match=r"leaks, 1 photo.*train/images/03.png in train is val/images/mirrored.jpg in val"
    ):
        make_split(tmp_path / "leaky", "folders", {})
    assert make_split(tmp_path / "leaky", "hash", SHARES)[0].pairs


def test_a_manifest_made_to_leak_by_hand_is_refused(faces, tmp_path):
    flip_dataset(faces / "train", tmp_path / "data", both=True)
    path = written(tmp_path / "split.json", tmp_path / "data", "hash", SHARES)
    values = json.loads(path.read_text())
    entry = next(e for e in values["pairs"] if e["name"] == "05_flip")
    entry["split"] = {"train": "val", "val": "train"}[entry["split"]]
    path.write_text(json.dumps(values))
    with pytest.raises(DataError, match=r"the split leaks, 1 photo\(s\) are on two sides: images/05.png in"):
        list_pairs(path / "train")


def test_changed_and_missing_files_are_refused_by_name(own):
    path = own / "split.json"
    first, second, third = list_pairs(path / "train")[:3]
    with Image.open(first.mask) as mask:
        changed = mask.copy()
    changed.putpixel((3, 3), 7)
    changed.save(first.mask)
    second.image.unlink()
    third.image.write_bytes(third.image.read_bytes() + b"\0")
    with pytest.raises(DataError, match="since the split was made") as caught:
        list_pairs(path / "train")
    assert f"1 file(s) missing (train/images/{second.name}.png)" in str(caught.value)
    assert f"2 file(s) changed (train/images/{third.name}.png, train/masks/{first.name}.png)" in str(caught.value)
    assert list_pairs(path / "val")


def test_a_manifest_without_its_dataset_says_where_it_looked(faces, tmp_path):
    path = written(tmp_path / "split.json", faces, "hash", SHARES)
    moved = path.rename(tmp_path / "moved.json")
    values = json.loads(moved.read_text())
    moved.write_text(json.dumps(values | {"dataset": "elsewhere"}))
    with pytest.raises(DataError, match=r"none of its files is in .*elsewhere; put the dataset there"):
        list_pairs(moved / "train")


def test_a_folder_with_its_manifest_is_checked_too(own):
    assert names(own) == names(own / "split.json")
    pair = list_pairs(own / "val")[0]
    add(own / "val", "new", 30)
    with pytest.raises(DataError, match=r"has not 1 file\(s\) that are there \(val/images/new.png\); split anew"):
        list_pairs(own / "val")
    for kind in ("images", "masks"):
        (own / "val" / kind / "new.png").unlink()
    pair.mask.write_bytes(pair.mask.read_bytes() + b"\0")
    with pytest.raises(DataError, match=rf"changed \(val/masks/{pair.name}.png\)"):
        choose_pairs(own, ("train",))


def test_a_folder_that_its_manifest_splits_otherwise_is_not_used_by_mistake(own):
    path = own / "split.json"
    values = json.loads(path.read_text())
    for index, entry in enumerate(values["pairs"]):
        entry["split"] = f"fold{index % 3}"
    path.write_text(json.dumps(values))
    with pytest.raises(DataError, match=r"in other splits .* give this file itself as the dataset, or take it away"):
        list_pairs(own / "train")
    assert list(names(path)) == ["fold0", "fold1", "fold2"]


def test_a_split_dataset_is_folders_whose_files_are_those_of_the_source(faces, tmp_path):
    made, _ = make_split(faces, "hash", SHARES)
    write_dataset(made, faces, tmp_path / "out")
    assert {split: len(pairs) for split, pairs in names(tmp_path / "out").items()} == {
        split: len(entries) for split, entries in made.splits().items()
    }
    pair = list_pairs(tmp_path / "out" / "val")[0]
    assert pair.image.samefile(next(faces.glob(f"*/images/{pair.name}.png")))
    moved = read_manifest(tmp_path / "out" / "split.json")
    assert moved.dataset == "."
    assert {e.group for e in moved.pairs} == {e.image for e in moved.pairs}
    with pytest.raises(DataError, match="is there already"):
        write_dataset(made, faces, tmp_path / "out")
    with pytest.raises(UsageError, match="lie in each other"):
        write_dataset(made, faces, faces / "out")


def test_files_are_copied_where_hard_links_cannot_be_made(faces, tmp_path, monkeypatch):
    def refused(*_):
        raise OSError("Operation not permitted")

    monkeypatch.setattr("os.link", refused)
    made, _ = make_split(faces, "hash", SHARES)
    write_dataset(made, faces, tmp_path / "out")
    assert names(tmp_path / "out")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.pop("pairs"), "the field 'pairs' is missing"),
        (lambda v: v.update(format=2), "format 2, where 1 is known"),
        (lambda v: v.update(pairs=[]), "it has no pairs"),
        (lambda v: v.update(pairs=7), "not a split's manifest"),
        (lambda v: v["pairs"][0].pop("mask"), "not a split's manifest"),
        (lambda v: v["pairs"][0].update(name=3), "must be text"),
        (lambda v: v["pairs"][0].update(image="../../etc/passwd"), "leaves the dataset"),
        (lambda v: v["pairs"][0].update(mask="/etc/passwd"), "leaves the dataset"),
        (lambda v: v["pairs"][0].update(split=".."), "leaves the dataset"),
        (lambda v: v["pairs"][0].update(split="a/b"), "the split 'a/b'"),
        (lambda v: v["pairs"][0].update(split="."), "the split '.'"),
        (lambda v: v["pairs"][0].update(name="../../x"), "has the name '../../x'"),
        (lambda v: v["pairs"][1].update(image="b/00.png", name="00"), "has 00 in train twice"),
        (lambda v: v["pairs"].append(v["pairs"][0]), "has train/images/00.png twice"),
        (lambda v: v.update(fractions=[1]), "not a split's manifest"),
    ],
)
def test_a_file_that_is_no_good_manifest_is_refused_in_one_line(change, message, faces, tmp_path):
    path = written(tmp_path / "split.json", faces, "folders", {})
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        splits(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}', "[" * 100_000, "\udcff"])
def test_rubbish_is_no_manifest(text, tmp_path):
    (tmp_path / "split.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DataError, match="not a split's manifest"):
        splits(tmp_path / "split.json")


def test_requests_that_cannot_be_met_are_refused(faces, tmp_path):
    with pytest.raises(UsageError, match="sum to 1"):
        make_split(faces, "hash", {"train": 0.8, "val": 0.1})
    with pytest.raises(UsageError, match="sum to 1"):
        make_split(faces, "hash", {"train": 1.2, "val": -0.2})
    with pytest.raises(UsageError, match="sum to 1"):
        make_split(faces, "hash", {"../train": 0.5, "val": 0.5})
    with pytest.raises(UsageError, match="did you mean 'hash'"):
        make_split(faces, "hsah", SHARES)
    with pytest.raises(UsageError, match="at least 2 are needed"):
        folds(1)
    with pytest.raises(DataError, match="none would be in rest"):
        make_split(faces, "hash", {"train": 1 - 1e-9, "rest": 1e-9})
    with pytest.raises(DataError, match=r"none would be in \w+, \w+, \w+ and \d+ more; ask for fewer splits"):
        make_split(faces, "rare", folds(40))
    path = written(tmp_path / "split.json", faces, "hash", SHARES)
    with pytest.raises(UsageError, match="give the dataset's folder"):
        make_split(path, "hash", SHARES)


def test_one_name_in_two_folders_is_refused_but_where_the_folders_are_kept(tmp_path):
    for split, index in (("train", 0), ("val", 1)):
        add(tmp_path / split, "same", index)
    with pytest.raises(DataError, match="train and val both have same"):
        make_split(tmp_path, "hash", SHARES)
    made, _ = make_split(tmp_path, "folders", {})
    path = tmp_path / "split.json"
    write_atomically(path, to_json(replace(made, dataset=".")))
    assert names(tmp_path) == names(path) == {"train": ["same"], "val": ["same"]}


def test_a_manifests_pairs_are_mirrored_as_any_datasets_and_never_in_place(faces, tmp_path):
    path = written(tmp_path / "split.json", faces, "hash", SHARES)
    done = flip_dataset(path, tmp_path / "out")
    assert done.num_images == {split: len(listed) for split, listed in names(path).items()}
    assert names(tmp_path / "out") == names(path)
    with pytest.raises(UsageError, match="lie in each other"):
        flip_dataset(path, faces / "train" / "out")
