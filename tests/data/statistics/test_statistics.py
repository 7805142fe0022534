from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceparse.classes import NAMES
from faceparse.data.statistics import class_counts, statistics
from faceparse.data.statistics.positions import center, heat_maps
from faceparse.errors import DataError
from faceparse.images import read_image, read_labels, write_image, write_labels

REAL = Path(__file__).parents[4] / "shared" / "data" / "celebamask-mini"


@given(st.lists(st.sampled_from([0, 4, 18, 255]), min_size=1))
def test_counts_leave_out_ignored_pixels(ids):
    counts = class_counts(np.array([ids], np.uint8))
    assert counts.tolist() == [ids.count(c) for c in range(19)]


def test_statistics_of_a_root_are_pooled_over_all_labelled_pixels(tmp_path):
    random = np.random.default_rng(0)
    images, masks = [], []
    for split, name, shape in (("train", "a", (8, 8)), ("train", "b", (16, 4)), ("val", "c", (5, 7))):
        write_image(tmp_path / split / "images" / f"{name}.png", random.integers(0, 256, (*shape, 3), dtype=np.uint8))
        ids = random.integers(0, 6, shape, dtype=np.uint8)
        ids[0, 0] = 255
        ids[ids == (4 if name == "a" else 5)] = 0
        write_labels(tmp_path / split / "masks" / f"{name}.png", ids)
        images.append(read_image(tmp_path / split / "images" / f"{name}.png").reshape(-1, 3))
        masks.append(read_labels(tmp_path / split / "masks" / f"{name}.png"))
    write_image(tmp_path / "test" / "images" / "d.png", np.zeros((4, 4, 3), np.uint8))
    found = statistics(tmp_path)
    assert found.num_images == 3
    np.testing.assert_allclose(found.mean, np.concatenate(images).mean(axis=0))
    np.testing.assert_allclose(found.std, np.concatenate(images).std(axis=0))
    np.testing.assert_allclose(found.mean_per_image, np.mean([x.mean(axis=0) for x in images], axis=0))
    np.testing.assert_allclose(found.std_per_image, np.mean([x.std(axis=0) for x in images], axis=0))
    pixels = np.array([[(m == c).sum() for c in range(19)] for m in masks])
    assert found.pixels.tolist() == pixels.sum(axis=0).tolist()
    assert found.images_with.tolist() == (pixels > 0).sum(axis=0).tolist()
    assert found.pixels_where_present.tolist() == ((pixels > 0) * pixels.sum(axis=1, keepdims=True)).sum(0).tolist()
    assert found.co_occurrence[4, 5] == 0
    assert found.co_occurrence[1, 4] == found.images_with[4] == 2
    areas = pixels / pixels.sum(axis=1, keepdims=True)
    assert found.areas[4] == pytest.approx(areas[1:, 4].mean())
    assert np.isnan(found.areas[14])
    shares = found.weights["log_frequency"][1], found.weights["log_frequency"][14]
    assert shares == (pytest.approx(np.log2(pixels.sum() / pixels[:, 1].sum())), 0)
    assert statistics(tmp_path / "val").num_images == 1


def test_heat_maps_are_means_over_the_images_that_hold_the_class(tmp_path):
    masks = [np.zeros((128, 64), np.uint8), np.zeros((64, 64), np.uint8), np.zeros((64, 128), np.uint8)]
    masks[0][:64], masks[1][:, :32] = 14, 14
    for name, ids in zip("abc", masks, strict=True):
        write_image(tmp_path / "images" / f"{name}.png", np.zeros((*ids.shape, 3), np.uint8))
        write_labels(tmp_path / "masks" / f"{name}.png", ids)
    found = statistics(tmp_path)
    hat = found.heat_maps[14]
    assert [hat[0, 0], hat[0, 63], hat[63, 0], hat[63, 63]] == [1, 0.5, 0.5, 0]
    np.testing.assert_allclose(found.centers[14], [(0.5 + 0.25) / 2, (0.25 + 0.5) / 2])
    np.testing.assert_allclose(found.heat_maps[0][63, 63], 1)
    assert not found.heat_maps[3].any()


@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_heat_maps_cover_every_cell_and_lose_no_class_at_any_size(height, width, seed):
    ids = np.random.default_rng(seed).choice(np.array([0, 7, 18], np.uint8), (height, width))
    maps = heat_maps(ids)
    np.testing.assert_allclose(maps.sum(axis=0), 1, rtol=1e-6)
    assert (maps.any(axis=(1, 2)) == np.isin(np.arange(19), ids)).all()


def test_heat_maps_of_sides_that_are_multiples_of_the_grid_are_exact():
    ids = np.random.default_rng(1).integers(0, 20, (128, 192), dtype=np.uint8)
    ids[ids == 19] = 255
    naive = np.stack([(ids == c).reshape(64, 2, 64, 3).mean(axis=(1, 3)) for c in range(19)])
    np.testing.assert_allclose(heat_maps(ids), naive, rtol=1e-6)


def test_the_centre_of_a_map_is_its_centroid_from_the_upper_left_corner():
    spot = np.zeros((64, 64))
    spot[0, 63] = 1
    np.testing.assert_allclose(center(spot), [63.5 / 64, 0.5 / 64])


def test_masks_of_ignored_pixels_alone_have_no_statistics(tmp_path):
    write_image(tmp_path / "images" / "a.png", np.zeros((4, 4, 3), np.uint8))
    write_labels(tmp_path / "masks" / "a.png", np.full((4, 4), 255, np.uint8))
    with pytest.raises(DataError, match="every pixel of its masks is ignored"):
        statistics(tmp_path)


def test_a_dataset_of_photos_alone_has_no_statistics(tmp_path):
    write_image(tmp_path / "test" / "images" / "a.png", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(DataError, match="no masks"):
        statistics(tmp_path)


@pytest.mark.real
def test_the_real_pairs_have_the_shares_that_are_known():
    if not REAL.is_dir():
        pytest.skip("the real pairs (shared/data/celebamask-mini beside the repository) are not here")
    found = statistics(REAL)
    assert found.num_images == 836
    shares = dict(zip(NAMES, found.shares.tolist(), strict=True))
    ranked = sorted(shares, key=shares.__getitem__, reverse=True)
    assert ranked[:6] == ["hair", "background", "skin", "neck", "cloth", "nose"]
    assert ranked[-1] == "necklace"
    known = {"background": 0.288, "skin": 0.255, "hair": 0.310, "nose": 0.0207, "neck": 0.0408, "cloth": 0.0340}
    assert {name: shares[name] for name in known} == pytest.approx(known, rel=0.05)
    assert found.images_with[NAMES.index("cloth")] / 836 == pytest.approx(0.595, rel=0.05)
    # reports of the whole set print these, each without saying which it is
    assert found.std == pytest.approx([77.06, 69.735, 68.295], rel=0.015)
    assert found.std_per_image == pytest.approx([68.6, 61.4, 59.3], rel=0.015)
