"""The store is built once, reused while nothing changes, and built again when something does."""

import os
import shutil
import stat

import numpy as np
import pytest

from faceparse.data import store as store_module
from faceparse.data.dataset import list_pairs
from faceparse.data.store import fit, open_store
from faceparse.errors import DataError
from faceparse.images import read_image, read_labels, write_labels


@pytest.fixture
def split(made_faces, tmp_path):
    return shutil.copytree(made_faces / "val", tmp_path / "faces")


@pytest.fixture
def builds(monkeypatch):
    """The number of pairs of every build."""
    counted = []
    build = store_module._build
    monkeypatch.setattr(store_module, "_build", lambda *a: (counted.append(len(a[1])), build(*a))[1])
    return counted


def test_it_holds_what_the_files_hold(split):
    pairs = list_pairs(split)
    store = open_store(pairs, split, 64)
    assert store.names == tuple(p.name for p in pairs)
    for index, pair in enumerate(pairs):
        assert np.array_equal(store.images[index], read_image(pair.image))
        assert np.array_equal(store.labels[index], read_labels(pair.mask))


def test_it_is_built_once(split, builds):
    for _ in range(3):
        open_store(list_pairs(split), split, 64)
    assert builds == [4]


def test_a_changed_mask_is_seen_and_the_old_store_goes(split, builds):
    pairs = list_pairs(split)
    open_store(pairs, split, 64)
    write_labels(pairs[1].mask, np.full((64, 64), 13, np.uint8))
    store = open_store(pairs, split, 64)
    assert builds == [4, 4]
    assert (store.labels[1] == 13).all()
    assert len(list((split / ".faceparse").iterdir())) == 1


def test_a_pair_taken_away_is_seen(split, builds):
    open_store(list_pairs(split), split, 64)
    gone = list_pairs(split)[0]
    gone.image.unlink()
    gone.mask.unlink()
    assert len(open_store(list_pairs(split), split, 64)) == 3
    assert builds == [4, 3]


def test_a_build_that_fails_leaves_nothing_behind(split):
    pairs = list_pairs(split)
    pairs[2].image.write_bytes(pairs[2].image.read_bytes()[:300])
    with pytest.raises(DataError, match=pairs[2].image.name):
        open_store(pairs, split, 64)
    assert not list((split / ".faceparse").iterdir())


def test_a_mask_of_another_size_is_refused_by_name(split):
    pairs = list_pairs(split)
    write_labels(pairs[0].mask, np.zeros((32, 64), np.uint8))
    with pytest.raises(DataError, match=r"00000?\d*\.png: 64×32, where its photo is 64×64|64×32"):
        open_store(pairs, split, 64)


def test_where_the_data_cannot_be_written_it_lies_in_the_users_cache(split, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    writable = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != split and writable(path, mode))
    split.chmod(stat.S_IRUSR | stat.S_IXUSR)
    store = open_store(list_pairs(split), split, 64)
    split.chmod(stat.S_IRWXU)
    assert len(store) == 4
    assert not (split / ".faceparse").exists()
    assert list((tmp_path / "cache" / "faceparse").rglob("images.npy"))


def test_an_oblong_pair_keeps_its_proportions_in_a_square():
    image, labels = np.full((40, 80, 3), 200, np.uint8), np.full((40, 80), 13, np.uint8)
    square, ids = fit(image, labels, 32)
    assert (ids[8:24] == 13).all()
    assert (ids[:8] == 255).all()
    assert (ids[24:] == 255).all()
    assert (square[8:24] == 200).all()
    assert not square[:8].any()
