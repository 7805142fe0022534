"""What a run trains on, and in which order."""

import shutil

import numpy as np
import torch

from faceparse.data.augment import AugmentConfig
from faceparse.data.dataset import list_pairs
from faceparse.data.sampling import batch_source, choose_pairs, sample_order
from faceparse.data.store import open_store


def test_a_data_set_without_val_holds_some_pairs_out(made_faces, tmp_path):
    shutil.copytree(made_faces / "train", tmp_path / "faces" / "train")
    for dataset in (tmp_path / "faces", tmp_path / "faces" / "train"):
        kept, held = choose_pairs(dataset, ("train",))
        assert len(held) == 2
        assert {p.name for p in kept} | {p.name for p in held} == {p.name for p in list_pairs(made_faces / "train")}
        assert not {p.name for p in kept} & {p.name for p in held}


def test_training_on_both_splits_uses_both(made_faces):
    pairs, _ = choose_pairs(made_faces, ("train", "val"))
    assert len(pairs) == 20


def test_every_epoch_shows_every_sample_once():
    order = [i for step in range(7) for i in sample_order(7, 3, seed=1, step=step)]
    assert [sorted(order[i : i + 7]) for i in (0, 7, 14)] == [list(range(7))] * 3
    assert order[:7] != order[7:14]


def test_a_batch_depends_on_seed_and_step_alone(made_faces):
    store = open_store(list_pairs(made_faces / "train"), made_faces / "train", 64)

    def source(seed):
        return batch_source(store, AugmentConfig(), 4, seed, torch.device("cpu"))

    forth, back = source(5), source(5)
    batches = [forth(step, 64) for step in range(3)]
    for step in (2, 0, 1):
        for one, other in zip(batches[step], back(step, 64), strict=True):
            assert torch.equal(one, other)
    assert not torch.equal(batches[0][0], source(6)(0, 64)[0])
    images, labels = batches[0]
    assert images.shape == (4, 3, 64, 64)
    assert images.dtype == torch.float32
    assert 0 <= images.min() < images.max() <= 1
    assert set(np.unique(labels)) <= {*range(19), 255}
