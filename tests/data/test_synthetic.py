"""Made faces: exact, the same at every time and size, with the shares and places of the real ones."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from faceparse.classes import CLASSES, NAMES, NUM_CLASSES, class_id
from faceparse.data.synthetic import layouts, make_face, write_challenge, write_raw
from faceparse.data.synthetic.camera import FAR, aim, look
from faceparse.data.synthetic.canvas import Canvas, ellipse
from faceparse.data.synthetic.hair import grow_hair
from faceparse.data.synthetic.head import build_head
from faceparse.data.synthetic.scene import sample_scene
from faceparse.errors import UsageError
from faceparse.images import read_image, read_labels

NUM_FACES = 200


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """200 made faces of 64 pixels, as a challenge data set holds them: photos and label maps."""
    root = tmp_path_factory.mktemp("faces")
    write_challenge(root, NUM_FACES, 64, 0)
    photos = sorted(root.glob("train/images/*")) + sorted(root.glob("val/images/*"))
    masks = [photo.parents[1] / "masks" / f"{photo.stem}.png" for photo in photos]
    return np.stack([read_image(p) for p in photos]), np.stack([read_labels(p) for p in masks])


def files_of(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


# the faces


def test_every_class_is_in_a_set_of_200(faces):
    assert set(np.unique(faces[1])) == set(range(NUM_CLASSES))


def test_shares_have_the_order_and_size_of_the_real_ones(faces):
    share = np.bincount(faces[1].ravel(), minlength=NUM_CLASSES) / faces[1].size * 100
    real = dict(zip(NAMES, (28.8, 25.5, 2.07, 0.325, 0.223, 0.223, 0.43, 0.42, 0.48, 0.39), strict=False))
    real |= dict(zip(NAMES[10:], (0.286, 0.41, 0.67, 31.0, 1.11, 0.20, 0.009, 4.08, 3.40), strict=True))
    for name in NAMES:
        ratio = share[class_id(name)] / real[name]
        rare = name in ("eye glasses", "hat", "earring", "necklace")  # 200 faces hold ten of them or so
        assert (0.2 < ratio < 5) if rare else (0.6 < ratio < 1.6), f"{name}: {share[class_id(name)]:.3f} %"
    large = ["hair", "background", "skin", "neck", "cloth", "nose"]
    assert sorted(large[:3], key=lambda n: -share[class_id(n)]) == large[:3]
    assert (
        share[[class_id(n) for n in large]].min() > share[[class_id(n) for n in ("hat", "mouth", "earring")]].max() / 2
    )
    assert share.argmin() == class_id("necklace")


def test_rare_things_are_rare_and_common_ones_common(faces):
    present = {c.name: float(np.mean([(labels == c.id).any() for labels in faces[1]])) for c in CLASSES}
    for name, low, high in (
        ("eye glasses", 0.02, 0.12),
        ("hat", 0.02, 0.12),
        ("earring", 0.12, 0.36),
        ("necklace", 0.005, 0.1),
        ("cloth", 0.5, 0.75),
        ("mouth", 0.45, 0.7),
        ("left ear", 0.4, 0.68),
        ("right ear", 0.4, 0.68),
    ):
        assert low < present[name] < high, f"{name} in {present[name]:.1%}"


def test_parts_stand_where_celebamask_has_them(faces):
    """Mean centres (x, y) of the real label maps, in widths of the photo."""
    at = (np.arange(64) + 0.5) / 64
    for name, x, y in (
        ("left eye", 0.618, 0.475),
        ("right eye", 0.377, 0.475),
        ("left brow", 0.61, 0.412),
        ("nose", 0.497, 0.575),
        ("upper lip", 0.498, 0.723),
        ("lower lip", 0.497, 0.765),
        ("neck", 0.506, 0.917),
    ):
        where = (faces[1] == class_id(name)).astype(float)
        some = where.sum((1, 2)) > 0
        where = where[some] / where[some].sum((1, 2), keepdims=True)
        assert np.mean(where.sum(1) @ at) == pytest.approx(x, abs=0.025), name
        assert np.mean(where.sum(2) @ at) == pytest.approx(y, abs=0.02), name


def test_left_is_the_subjects_left(faces):
    """The left eye, brow and ear are on the image's right of the right ones, in every face that shows both."""
    columns = np.arange(64)
    for part in ("eye", "brow", "ear"):
        seen = 0
        for labels in faces[1]:
            left, right = (labels == class_id(f"{side} {part}") for side in ("left", "right"))
            if left.sum() > 2 and right.sum() > 2:
                seen += 1
                assert (left * columns).sum() / left.sum() > (right * columns).sum() / right.sum()
        assert seen > 40


def test_faces_differ_and_so_do_skin_and_hair(faces):
    images, labels = faces
    assert len({image.tobytes() for image in images}) == NUM_FACES
    for name, least in (("skin", 25), ("hair", 35), ("background", 45)):
        means = [
            image[lab == class_id(name)].mean()
            for image, lab in zip(images, labels, strict=True)
            if (lab == class_id(name)).any()
        ]
        assert np.std(means) > least


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 10**6), st.sampled_from([64, 100, 128, 160]))
def test_a_face_is_a_pure_function_of_seed_index_and_size(seed, index, size):
    image, labels = make_face(seed, index, size)
    again = make_face(seed, index, size)
    assert (image.shape, image.dtype) == ((size, size, 3), np.uint8)
    assert (labels.shape, labels.dtype) == ((size, size), np.uint8)
    assert labels.max() < NUM_CLASSES
    assert np.array_equal(image, again[0])
    assert np.array_equal(labels, again[1])


def test_a_face_is_the_same_in_another_process(tmp_path):
    image, labels = make_face(3, 5, 64)
    code = (
        "import sys; from faceparse.data.synthetic import make_face; image, labels = make_face(3, 5, 64); "
        "sys.stdout.buffer.write(image.tobytes() + labels.tobytes())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert said == image.tobytes() + labels.tobytes()


@pytest.mark.parametrize("size", [64, 256, 512])
def test_labels_do_not_depend_on_the_size(size):
    """Against 128 pixels, but for the pixels along the edges."""
    for index in range(3):
        image, labels = make_face(8, index, size)
        reference_image, reference = make_face(8, index, 128)
        resized = cv2.resize(reference, (size, size), interpolation=cv2.INTER_NEAREST)
        assert np.mean(labels == resized) > 0.93
        small = cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA).astype(float)
        assert np.abs(small - cv2.resize(reference_image, (32, 32), interpolation=cv2.INTER_AREA)).mean() < 6


def test_label_and_colour_of_a_shape_come_from_the_same_mask():
    canvas = Canvas(np.zeros((40, 40, 3), np.float32), np.zeros((40, 40), np.uint8), 40.0, (0, 0))
    canvas.paint(ellipse((0.5, 0.5), (0.3, 0.21), 0.4), (1, 0.5, 0), label="nose")
    assert np.array_equal(canvas.labels == class_id("nose"), canvas.color[..., 0] > 0.5)
    assert (canvas.labels > 0).mean() == pytest.approx(np.pi * 0.3 * 0.21, abs=0.01)


def test_every_ray_finds_the_first_surface_in_its_way():
    """The marched depth map against a slow search along each ray."""
    scene = sample_scene(np.random.default_rng((0, 4)))
    squared = grow_hair(scene, build_head(scene)).radius ** 2
    camera = aim(scene)
    quick = look(camera, squared, 64)
    exact = look(camera, squared, 256).depth[2::4, 2::4]
    both = quick.hit & (exact > FAR)
    assert np.mean(quick.hit == (exact > FAR)) > 0.985
    assert np.mean(np.abs(quick.depth - exact)[both] < 0.03) > 0.93
    lengths = np.linalg.norm(quick.normal[quick.hit], axis=-1)
    assert np.allclose(lengths, 1, atol=1e-3)
    assert np.mean(quick.normal[quick.hit][:, 2] > 0) > 0.97  # what is seen faces the viewer


# on disk


def test_challenge_layout(tmp_path):
    write_challenge(tmp_path / "out", 10, 64, 1)
    names = {
        split: sorted(p.stem for p in (tmp_path / "out" / split / "images").iterdir())
        for split in ("train", "val", "test")
    }
    assert [len(names[s]) for s in ("train", "val", "test")] == [8, 2, 2]
    assert len({name for split in names.values() for name in split}) == 12
    assert not (tmp_path / "out" / "test" / "masks").exists()
    for split in ("train", "val"):
        for name in names[split]:
            image, labels = make_face(1, int(name), 64)
            assert np.array_equal(read_labels(tmp_path / "out" / split / "masks" / f"{name}.png"), labels)
            stored = read_image(tmp_path / "out" / split / "images" / f"{name}.jpg")
            assert np.abs(stored.astype(int) - image).mean() < 6
    with PillowImage.open(tmp_path / "out" / "train" / "masks" / "00000.png") as mask:
        assert mask.mode == "P"


@pytest.mark.parametrize(("num", "train", "val", "test"), [(1, 1, 0, 1), (2, 1, 1, 1), (7, 6, 1, 1)])
def test_small_numbers_are_split_too(tmp_path, num, train, val, test):
    write_challenge(tmp_path, num, 64, 1)
    assert [len(list((tmp_path / s / "images").iterdir())) for s in ("train", "val", "test")] == [train, val, test]


def test_raw_layout_gives_the_label_maps_back(tmp_path):
    write_raw(tmp_path, 10, 64, 2)
    for k in range(10):
        painted = np.zeros((64, 64), np.uint8)
        for part in CLASSES[1:]:
            path = tmp_path / "CelebAMask-HQ-mask-anno" / "0" / f"{k:05d}_{part.suffix}.png"
            if path.exists():
                with PillowImage.open(path) as picture:
                    mask = np.array(picture)
                assert set(np.unique(mask)) - {0} == {255}
                painted[mask > 0] = part.id
        assert np.array_equal(painted, make_face(2, k, 64)[1])
        assert read_image(tmp_path / "CelebA-HQ-img" / f"{k}.jpg").shape == (64, 64, 3)
    header, *rows = [line.split() for line in (tmp_path / "CelebA-HQ-to-CelebA-mapping.txt").read_text().splitlines()]
    assert header == ["idx", "orig_idx", "orig_file"]
    assert [int(row[0]) for row in rows] == list(range(10))
    assert all(row[2] == f"{int(row[1]) + 1:06d}.jpg" for row in rows)
    split = np.digitize([int(row[1]) for row in rows], [162771, 182638])
    assert np.bincount(split, minlength=3).tolist() == [8, 1, 1]


@pytest.mark.parametrize("write", [write_challenge, write_raw])
def test_a_repeated_writer_makes_only_what_is_missing(tmp_path, write, monkeypatch):
    write(tmp_path, 6, 64, 5)
    before = files_of(tmp_path)
    (photo,) = tmp_path.rglob("*/00002.jpg" if write is write_challenge else "*/2.jpg")
    photo.unlink()
    made = []
    monkeypatch.setattr(layouts, "make_face", lambda *a: made.append(a) or make_face(*a))
    write(tmp_path, 6, 64, 5)
    assert made == [(5, 2, 64)]
    assert files_of(tmp_path) == before


def test_a_killed_writer_leaves_no_half_files_and_goes_on(tmp_path):
    out = tmp_path / "out"
    code = (
        "from pathlib import Path; from faceparse.data.synthetic import write_challenge; "
        f"write_challenge(Path({str(out)!r}), 11, 128, 6)"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 60
    while not list(out.glob("train/images/0000[3-9].jpg")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {p: p.stat().st_mtime_ns for p in out.rglob("[0-9]*.*g")}
    assert 4 < len(kept) < 24
    for path in kept:
        (read_labels if path.suffix == ".png" else read_image)(path)
    write_challenge(out, 11, 128, 6)
    assert len(list(out.rglob("[0-9]*.jpg"))) == 13
    assert all(p.stat().st_mtime_ns == then for p, then in kept.items() if p.suffix == ".jpg")


@pytest.mark.parametrize("write", [write_challenge, write_raw])
def test_a_folder_with_other_things_is_refused_and_kept(tmp_path, write):
    (tmp_path / "thesis.txt").write_text("three years")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        write(tmp_path, 2, 64, 0)
    assert files_of(tmp_path) == {"thesis.txt": b"three years"}


def test_other_settings_and_other_layouts_are_refused(tmp_path):
    write_challenge(tmp_path, 2, 64, 0)
    before = files_of(tmp_path)
    assert json.loads(before["made-faces.json"]) == {"layout": "challenge", "num": 2, "size": 64, "seed": 0}
    for again in (lambda: write_challenge(tmp_path, 2, 64, 1), lambda: write_raw(tmp_path, 2, 64, 0)):
        with pytest.raises(UsageError, match="other settings"):
            again()
    (tmp_path / "notes.md").write_text("mine")
    with pytest.raises(UsageError, match=r"notes\.md"):
        write_challenge(tmp_path, 2, 64, 0)
    assert files_of(tmp_path) == before | {"notes.md": b"mine"}


@pytest.mark.parametrize(("num", "size"), [(0, 64), (-3, 64), (2, 32), (2, 100_000)])
def test_senseless_numbers_are_refused_in_one_line(tmp_path, num, size):
    with pytest.raises(UsageError) as told:
        write_challenge(tmp_path / "out", num, size, 0)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UsageError, match="is a file"):
        write_raw(tmp_path / "out", 2, 64, 0)
