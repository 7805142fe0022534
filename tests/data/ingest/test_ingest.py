"""Ingesting tiny data sets in the official layouts, written by the tests; successes go through the real command."""

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceparse.classes import CLASSES
from faceparse.data.dataset import list_pairs
from faceparse.data.ingest import ingest
from faceparse.data.ingest.raw import paint_parts
from faceparse.data.ingest.writing import only_writer
from faceparse.errors import FaceparseError
from faceparse.images import read_image, read_labels

SIDE = 64
ORIGINALS = {0: 10, 1: 162_770, 2: 162_771, 3: 182_637, 4: 182_638, 5: 202_000}
"""CelebA's index of each photo: the edges of its train, val and test."""


def run(*arguments):
    command = [sys.executable, "-m", "faceparse", "data", "ingest", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def ingested(*arguments):
    """The summary, on one line."""
    result = run(*arguments)
    assert result.returncode == 0, result.stderr + result.stdout
    return " ".join((result.stdout + result.stderr).split())


def refused(source, out):
    """The message of a refused ingest, which is one line."""
    with pytest.raises(FaceparseError) as caught:
        ingest(source, out)
    message = str(caught.value)
    assert "\n" not in message
    return message


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def part_masks(index):
    """bool (64, 64) by suffix: overlapping boxes, so that the order of painting matters."""
    random = np.random.default_rng(index)
    masks = {}
    for suffix in [c.suffix for c in CLASSES if c.suffix][:: 1 + index % 3]:
        top, left = random.integers(0, SIDE - 20, 2)
        masks[suffix] = np.zeros((SIDE, SIDE), bool)
        masks[suffix][top : top + 20, left : left + 20] = True
    return masks


@pytest.fixture
def raw(tmp_path):
    """Six photos as raw CelebAMask-HQ has them, with twice the side of their parts."""
    root = tmp_path / "source" / "CelebAMask-HQ"
    (root / "CelebA-HQ-img").mkdir(parents=True)
    for index in ORIGINALS:
        photo = np.random.default_rng(index).integers(0, 256, (SIDE // 8, SIDE // 8, 3), dtype=np.uint8)
        photo = Image.fromarray(photo).resize((2 * SIDE, 2 * SIDE), Image.Resampling.BICUBIC)
        photo.save(root / "CelebA-HQ-img" / f"{index}.jpg", quality=95)
        folder = root / "CelebAMask-HQ-mask-anno" / str(index // 3)
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, mask in part_masks(index).items():
            part = Image.fromarray(mask.astype(np.uint8) * 255)
            part.convert("RGB" if index % 2 else "L").save(folder / f"{index:05d}_{suffix}.png")
    rows = [f"{index:<8}{original:<12}{original + 1:06d}.jpg" for index, original in ORIGINALS.items()]
    mapping = "\n".join(["idx     orig_idx    orig_file", *rows])
    (root / "CelebA-HQ-to-CelebA-mapping.txt").write_text(mapping)
    return tmp_path / "source"


@pytest.fixture
def release(tmp_path):
    """A challenge's release in a wrapping folder, with what macOS leaves in zips."""
    root = tmp_path / "source" / "release"
    random = np.random.default_rng(0)
    for split, num in (("train", 4), ("val", 2), ("test", 2)):
        for kind in ("images", "masks"):
            (root / split / kind).mkdir(parents=True)
        for index in range(num):
            image = Image.fromarray(random.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))
            image.save(root / split / "images" / f"{split}{index}.jpg")
            if split != "test":
                labels = Image.fromarray(random.integers(0, 19, (SIDE, SIDE), dtype=np.uint8))
                labels.save(root / split / "masks" / f"{split}{index}.png")
    (root / "test" / "masks").rmdir()
    litter = tmp_path / "source" / "__MACOSX" / "release" / "train" / "images"
    litter.mkdir(parents=True)
    (litter / "._train0.jpg").write_bytes(b"litter")
    (litter / "train1.jpg").write_bytes(b"litter")
    (root / "train" / "images" / ".DS_Store").write_bytes(b"litter")
    return tmp_path / "source"


def zipped(folder):
    return Path(shutil.make_archive(str(folder), "zip", folder))


def test_raw_parts_are_painted_in_the_order_of_ids_and_photos_take_their_size(raw, tmp_path):
    ingested(raw, tmp_path / "out")
    pair = list_pairs(tmp_path / "out" / "train")[0]
    expected = np.zeros((SIDE, SIDE), np.uint8)
    for c in CLASSES:
        if c.suffix in part_masks(0):
            expected[part_masks(0)[c.suffix]] = c.id
    np.testing.assert_array_equal(read_labels(pair.mask), expected)
    photo = read_image(raw / "CelebAMask-HQ" / "CelebA-HQ-img" / "0.jpg").astype(float)
    area = photo.reshape(SIDE, 2, SIDE, 2, 3).mean(axis=(1, 3))
    written = read_image(pair.image)
    assert written.shape == (SIDE, SIDE, 3)
    assert np.abs(written - area).mean() < 3  # what JPEG changes


def test_the_mapping_file_gives_the_official_split(raw, tmp_path):
    assert "train 2 pairs val 2 pairs test 2 pairs" in ingested(raw, tmp_path / "out")
    names = {split: [pair.name for pair in list_pairs(tmp_path / "out" / split)] for split in ("train", "val", "test")}
    assert names == {"train": ["0", "1"], "val": ["2", "3"], "test": ["4", "5"]}


def test_a_digit_that_is_no_number_has_no_row_in_the_mapping(release, tmp_path):
    (release / "CelebA-HQ-to-CelebA-mapping.txt").write_text("0 5 x.jpg\n² ² x.jpg\n")
    one = tmp_path / "one"
    shutil.copytree(release / "release" / "val", one / "part")
    shutil.copy(release / "CelebA-HQ-to-CelebA-mapping.txt", one)
    for kind in ("images", "masks"):
        first = min((one / "part" / kind).iterdir())
        first.rename(first.with_stem("²"))
    ingest(one, tmp_path / "out")


def test_files_that_were_there_are_counted(release, tmp_path):
    ingest(release, tmp_path / "out")
    min((tmp_path / "out" / "test" / "images").iterdir()).unlink()
    assert "1 files written, 13 of these names were there and kept" in ingested(release, tmp_path / "out")


def test_without_the_mapping_everything_is_train_and_that_is_said(raw, tmp_path):
    (raw / "CelebAMask-HQ" / "CelebA-HQ-to-CelebA-mapping.txt").unlink()
    said = ingested(raw, tmp_path / "out")
    assert "everything goes into train" in said
    assert len(list_pairs(tmp_path / "out" / "train")) == 6


@pytest.mark.parametrize("layout", ["raw", "release"])
def test_a_zip_gives_what_its_folder_gives(layout, request, tmp_path):
    source = request.getfixturevalue(layout)
    ingest(source, tmp_path / "of-folder")
    ingested(zipped(source), tmp_path / "of-zip")
    assert files(tmp_path / "of-folder") == files(tmp_path / "of-zip")
    assert files(tmp_path / "of-zip")


def test_a_release_is_copied_byte_for_byte_without_litter(release, tmp_path):
    said = ingested(zipped(release), tmp_path / "out")
    assert "train 4 pairs val 2 pairs test 2 photos alone" in said
    expected = {name: data for name, data in files(release / "release").items() if "DS_Store" not in name}
    assert files(tmp_path / "out") == expected


@pytest.mark.parametrize("layout", ["raw", "release"])
def test_a_second_run_does_nothing_and_says_so(layout, request, tmp_path):
    source, out = request.getfixturevalue(layout), tmp_path / "out"
    ingest(source, out)
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    assert "nothing to do" in ingested(source, out)
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*")} == before


def test_a_run_killed_by_sigkill_is_finished_by_the_next_with_the_same_bytes(raw, tmp_path):
    images, parts = raw / "CelebAMask-HQ" / "CelebA-HQ-img", raw / "CelebAMask-HQ" / "CelebAMask-HQ-mask-anno"
    for index in range(6, 126):
        shutil.copy(images / f"{index % 6}.jpg", images / f"{index}.jpg")
        for part in (parts / str(index % 6 // 3)).glob(f"{index % 6:05d}_*.png"):
            os.link(part, parts / f"{index:05d}{part.name[5:]}")
    (raw / "CelebAMask-HQ" / "CelebA-HQ-to-CelebA-mapping.txt").unlink()
    ingest(raw, tmp_path / "whole")
    command = [sys.executable, "-m", "faceparse", "data", "ingest", str(raw), str(tmp_path / "killed")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        # in the midst of it: some files are written
        while not list((tmp_path / "killed").glob("train/masks/.*")) and process.poll() is None:
            time.sleep(0.01)
        process.kill()
    assert process.returncode == -9
    there = [p for p in (tmp_path / "killed").glob("train/*/*") if not p.name.startswith(".")]
    assert len(there) < 252
    assert all(p.read_bytes() == (tmp_path / "whole" / p.relative_to(tmp_path / "killed")).read_bytes() for p in there)
    ingested(raw, tmp_path / "killed")
    assert files(tmp_path / "killed") == files(tmp_path / "whole")


@pytest.mark.parametrize("layout", ["raw", "release"])
def test_what_is_there_is_kept_and_what_is_missing_comes(layout, request, tmp_path):
    source, out = request.getfixturevalue(layout), tmp_path / "out"
    ingest(source, out)
    before = files(out)
    for path in sorted((out / "train").rglob("*.png"))[1:]:
        path.unlink()
    kept = {p: p.stat().st_mtime_ns for p in out.glob("val/*/*")}
    ingest(source, out)
    assert files(out) == before
    assert {p: p.stat().st_mtime_ns for p in kept} == kept


def test_two_ingests_into_one_folder_do_not_meet(release, tmp_path):
    with only_writer(tmp_path / "out"):
        assert "another ingest is writing there" in refused(release, tmp_path / "out")
    ingest(release, tmp_path / "out")


def test_a_damaged_part_leaves_out_its_pair_and_is_named(raw, tmp_path):
    part = next((raw / "CelebAMask-HQ" / "CelebAMask-HQ-mask-anno").rglob("00002_*.png"))
    part.write_bytes(part.read_bytes()[:40])
    result = run(raw, tmp_path / "out")
    assert result.returncode == 1
    assert "left out (1):" in result.stdout
    assert part.name in result.stdout
    assert [pair.name for pair in list_pairs(tmp_path / "out" / "val")] == ["3"]
    assert len(list_pairs(tmp_path / "out" / "train")) == 2


def test_a_photo_without_parts_and_parts_without_a_photo_are_told(raw, tmp_path):
    root = raw / "CelebAMask-HQ"
    for part in root.rglob("00001_*.png"):
        part.unlink()
    (root / "CelebA-HQ-img" / "4.jpg").unlink()
    result = run(raw, tmp_path / "out")
    assert result.returncode == 1
    assert result.stderr.strip().startswith("parts of 1 photo(s) that are not in CelebA-HQ-img")
    assert "1.jpg: has no parts" in result.stdout


def test_the_json_summary_is_the_one_thing_on_standard_output(raw, tmp_path):
    next((raw / "CelebAMask-HQ").rglob("00002_*.png")).write_bytes(b"")
    result = run(raw, tmp_path / "out", "--json")
    summary = json.loads(result.stdout)
    assert result.returncode == 1
    assert summary["layout"] == "raw CelebAMask-HQ"
    assert summary["num_images"] == {"train": 2, "val": 1, "test": 2}
    assert summary["num_written"] == 10
    assert len(summary["left_out"]) == 1


def test_a_layout_that_is_not_known_says_what_was_found(tmp_path):
    (tmp_path / "source" / "notes").mkdir(parents=True)
    (tmp_path / "source" / "notes" / "a.txt").touch()
    message = refused(tmp_path / "source", tmp_path / "out")
    assert "found notes/" in message
    assert "expected CelebA-HQ-img/" in message
    assert not (tmp_path / "out").exists()


def test_half_of_the_raw_data_set_says_which_half_is_missing(raw, tmp_path):
    shutil.rmtree(raw / "CelebAMask-HQ" / "CelebAMask-HQ-mask-anno")
    assert "has CelebA-HQ-img and no CelebAMask-HQ-mask-anno" in refused(raw, tmp_path / "out")


def test_a_release_without_masks_is_refused(release, tmp_path):
    shutil.rmtree(release / "release" / "train" / "masks")
    assert "no PNG in train/masks" in refused(release, tmp_path / "out")


def test_two_data_sets_in_one_source_are_not_mixed(release, tmp_path):
    shutil.copytree(release / "release", release / "copy")
    assert "holds 2 data sets (copy/train/images, release/train/images)" in refused(release, tmp_path / "out")


def test_another_data_sets_folder_is_not_written_into(release, tmp_path):
    ingest(release, tmp_path / "out")
    (tmp_path / "out" / "train" / "images" / "mine.jpg").touch()
    assert "holds 1 file(s) not of" in refused(release, tmp_path / "out")


def test_a_place_within_the_source_is_refused(release):
    assert "lies in SOURCE" in refused(release, release / "out")


def test_a_source_that_is_not_there_is_refused(tmp_path):
    assert "no such file or folder" in refused(tmp_path / "nowhere.zip", tmp_path / "out")


def test_a_damaged_file_in_a_zip_is_named_and_the_others_are_written(release, tmp_path):
    path = zipped(release)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("release/train/images/train1.jpg")
    data = bytearray(path.read_bytes())
    start = info.header_offset + 200
    data[start : start + 20] = bytes(20)
    path.write_bytes(data)
    done = ingest(path, tmp_path / "out")
    assert len(done.left_out) == 1
    assert "train1.jpg: damaged in the zip" in done.left_out[0]
    assert len(files(tmp_path / "out")) == 12  # neither the photo nor its mask


def test_a_pair_whose_parts_have_several_sizes_is_left_out(raw):
    root = raw / "CelebAMask-HQ" / "CelebAMask-HQ-mask-anno"
    part = next(root.rglob("00000_hair.png"))
    Image.new("L", (32, 32)).save(part)
    done = ingest(raw, raw.parent / "out")
    assert len(done.left_out) == 1
    assert "00000_hair.png: 32×32, where this photo's other parts are 64×64" in done.left_out[0]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_part_counts_whatever_its_mode(mode, tmp_path):
    mask = np.zeros((8, 8), np.uint8)
    mask[2:5, 3:6] = 255
    Image.fromarray(mask).convert(mode).save(tmp_path / "part.png")
    painted = paint_parts([(13, "part.png", (tmp_path / "part.png").read_bytes())])
    np.testing.assert_array_equal(painted, np.where(mask > 0, 13, 0))
