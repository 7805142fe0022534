from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceparse.classes import NAMES
from faceparse.data.statistics import class_counts, log_frequency_weights, statistics
from faceparse.errors import DataError
from faceparse.images import read_image, read_labels, write_image, write_labels

REAL = Path(__file__).parents[3] / "shared" / "data" / "celebamask-mini"

# pixels of the 5,000 training pairs of the 2022 challenge, and the weights that its reports print
COUNTS = [375099645, 333172471, 27015905, 3467864, 2937773, 2928618, 5572580, 5433404, 6164110, 5049695]
COUNTS += [3896683, 5417555, 8898431, 411175974, 12651045, 3102372, 196952, 54031542, 44507381]
WEIGHTS = [1.8050, 1.9760, 5.6004, 8.5621, 8.8014, 8.8059, 7.8778, 7.9143, 7.7323, 8.0199]
WEIGHTS += [8.3939, 7.9185, 7.2026, 1.6725, 6.6950, 8.7228, 12.7002, 4.6004, 4.8802]


def test_the_weights_of_the_2022_training_set_are_those_reported():
    assert sum(COUNTS) == 1_310_720_000
    weights = log_frequency_weights(COUNTS)
    assert weights.dtype == np.float64
    np.testing.assert_array_equal(np.round(weights, 4), WEIGHTS)


@pytest.mark.parametrize("kind", [tuple, list, np.array, np.float32, lambda counts: list(np.array(counts))])
def test_weights_take_any_sequence(kind):
    np.testing.assert_allclose(log_frequency_weights(kind([1, 1, 2])), [2, 2, 1])


def test_a_class_without_pixels_weighs_nothing():
    np.testing.assert_array_equal(log_frequency_weights([3, 0, 1]), [np.log2(4 / 3), 0, 2])


@pytest.mark.parametrize("counts", [[], [0, 0], [1, -1], [1, float("nan")], [[1, 2], [3, 4]]])
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(DataError, match="row of pixel counts"):
        log_frequency_weights(np.array(counts, dtype=np.float64))


@given(st.lists(st.sampled_from([0, 4, 18, 255]), min_size=1))
def test_counts_leave_out_ignored_pixels(ids):
    counts = class_counts(np.array([ids], np.uint8))
    assert counts.tolist() == [ids.count(c) for c in range(19)]


def test_statistics_of_a_root_are_pooled_over_all_labelled_pixels(tmp_path):
    random = np.random.default_rng(0)
    images, masks = [], []
    for split, name, shape in (("train", "a", (8, 8)), ("train", "b", (16, 4)), ("val", "c", (5, 7))):
        write_image(tmp_path / split / "images" / f"{name}.png", random.integers(0, 256, (*shape, 3), dtype=np.uint8))
        write_labels(tmp_path / split / "masks" / f"{name}.png", random.integers(0, 6, shape, dtype=np.uint8))
        images.append(read_image(tmp_path / split / "images" / f"{name}.png").reshape(-1, 3))
        masks.append(read_labels(tmp_path / split / "masks" / f"{name}.png").ravel())
    write_image(tmp_path / "test" / "images" / "d.png", np.zeros((4, 4, 3), np.uint8))
    found = statistics(tmp_path)
    assert found.num_images == 3
    np.testing.assert_allclose(found.mean, np.concatenate(images).mean(axis=0))
    np.testing.assert_allclose(found.std, np.concatenate(images).std(axis=0))
    assert list(found.pixels) == list(NAMES)
    assert list(found.pixels.values()) == np.bincount(np.concatenate(masks), minlength=19).tolist()
    assert list(found.images_with.values()) == [sum(int((m == c).any()) for m in masks) for c in range(19)]
    assert found.weights["skin"] == pytest.approx(np.log2(sum(m.size for m in masks) / found.pixels["skin"]))
    assert found.weights["hat"] == 0
    assert statistics(tmp_path / "val").num_images == 1


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
    shares = {name: count / sum(found.pixels.values()) for name, count in found.pixels.items()}
    ranked = sorted(shares, key=shares.__getitem__, reverse=True)
    assert ranked[:6] == ["hair", "background", "skin", "neck", "cloth", "nose"]
    assert ranked[-1] == "necklace"
    known = {"background": 0.288, "skin": 0.255, "hair": 0.310, "nose": 0.0207, "neck": 0.0408, "cloth": 0.0340}
    assert {name: shares[name] for name in known} == pytest.approx(known, rel=0.05)
    assert found.images_with["cloth"] / 836 == pytest.approx(0.595, rel=0.05)
