"""Which pairs a run trains on, and which of them form the batch of a step.

A batch is a function of the seed and the step alone: which samples, and how they are varied. There is no loader whose
state would have to be saved, and no process but this one.
"""

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from faceparse.console import log
from faceparse.data.augment import (
    AugmentConfig,
    Paste,
    Plan,
    apply_opencv,
    apply_torch,
    classes_present,
    draw_pastes,
    draw_plan,
    paste,
)
from faceparse.data.dataset import Pair, find_split, holdout, is_split, labelled_splits, list_pairs
from faceparse.data.store import Store
from faceparse.errors import UsageError

HOLDOUT_FRACTION = 0.1
"""Of a data set without `val`, this share is held out to validate on."""

_FOLD = re.compile(r"fold\d+")

_ORDER, _PLAN, _PASTE = 0, 1, 2
"""Streams of random numbers that one seed gives."""


def choose_pairs(dataset: Path, train_splits: Sequence[str]) -> tuple[list[Pair], list[Pair]]:
    """The pairs to train on and to validate on.

    A data set in folds validates on those that are not trained on. Any other data set without labelled `val` (or one
    split's folder) holds some of its pairs out, by a hash of their names.

    Raises:
        FaceparseError: no such split, folds of which none is named, or incomplete pairs.
    """
    available = labelled_splits(dataset)
    single = is_split(dataset)
    if single and tuple(train_splits) != ("train",):
        log.warning("%s: one split's folder; the splits %s are not looked for", dataset, ", ".join(train_splits))
    if "val" in train_splits:
        log.warning("val is trained on as well: its scores, and the choice of the best checkpoint, say little")
    folds = [name for name in available if _FOLD.fullmatch(name)]
    if folds and not single and tuple(train_splits) == ("train",) and "train" not in available:
        raise UsageError(
            f"{dataset}: is split in folds ({', '.join(folds)}); say which to train on, the others are for validation: "
            f"--train-splits {','.join(folds[1:])}"
        )
    chosen = [dataset] if single else [find_split(dataset, split) for split in train_splits]
    train_pairs = [pair for folder in chosen for pair in list_pairs(folder)]
    if "val" in available and not single:
        return train_pairs, list_pairs(available["val"])
    left = [name for name in folds if name not in train_splits]
    if left and not single:
        return train_pairs, [pair for name in left for pair in list_pairs(available[name])]
    held = holdout([pair.name for pair in train_pairs], HOLDOUT_FRACTION)
    log.info("%s: no val split, so %d pairs are held out by the hash of their names", dataset, len(held))
    return [p for p in train_pairs if p.name not in held], [p for p in train_pairs if p.name in held]


def sample_order(num: int, batch_size: int, seed: int, step: int) -> list[int]:
    """Which of `num` samples form the batch of a step: every epoch is a shuffle, batches run across epochs."""
    positions = range(step * batch_size, (step + 1) * batch_size)
    return [int(_shuffle(num, seed, position // num)[position % num]) for position in positions]


@functools.lru_cache(maxsize=2)
def _shuffle(num: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng((seed, _ORDER, epoch)).permutation(num)


def batch_source(
    store: Store, augment: AugmentConfig, batch_size: int, seed: int, device: torch.device, share: range | None = None
) -> Callable[[int, int], tuple[Tensor, Tensor]]:
    """A function from the step and the samples' side to a batch: float RGB in [0, 1] `b 3 h w`, labels uint8 `b h w`.

    On a CPU, OpenCV carries out the plan on the memory map; else torch does, with the store on the device if it fits.

    Args:
        share: those of the batch's positions that are given, if not all; what they hold does not depend on it.
    """
    share = range(batch_size) if share is None else share
    present = classes_present(store.labels) if augment.paste else None

    def pastes_at(step: int) -> list[Paste | None]:
        if present is None:
            return [None] * len(share)
        random = np.random.default_rng((seed, _PASTE, step))
        return draw_pastes(augment.paste, batch_size, present, random)[share.start : share.stop]

    def planned(step: int) -> tuple[list[int], Plan]:
        order = sample_order(len(store), batch_size, seed, step)[share.start : share.stop]
        random = np.random.default_rng((seed, _PLAN, step))
        return order, draw_plan(augment, batch_size, random, [store.labels[i] for i in order], share)

    def on_cpu(step: int, size: int) -> tuple[Tensor, Tensor]:
        order, plan = planned(step)
        # Views of the memory map: nothing is copied before it is resampled, but where a part is pasted
        pairs = [(store.images[i], store.labels[i]) for i in order]
        for at, given in enumerate(pastes_at(step)):
            if given is not None:
                pairs[at] = paste(*pairs[at], store.images[given.donor], store.labels[given.donor], given.parts)
        images, labels = apply_opencv(plan, [image for image, _ in pairs], [ids for _, ids in pairs], size)
        # Channels stay innermost, as OpenCV has them; training lays them out as its device likes
        return torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(255), torch.from_numpy(labels)

    if device.type == "cpu":
        return on_cpu
    images, labels = _on_device(store, device)

    def on_device(step: int, size: int) -> tuple[Tensor, Tensor]:
        order, plan = planned(step)
        rgb, ids = images[order].to(device), labels[order].to(device)
        for at, given in enumerate(pastes_at(step)):
            if given is not None:
                donor_rgb, donor_ids = images[given.donor].to(device), labels[given.donor].to(device)
                pasted = torch.isin(donor_ids, torch.from_numpy(np.flatnonzero(given.parts)).to(device))
                rgb[at] = torch.where(pasted[..., None], donor_rgb, rgb[at])
                ids[at] = torch.where(pasted, donor_ids, ids[at])
        return apply_torch(plan, rgb, ids, size)

    return on_device


def _on_device(store: Store, device: torch.device) -> tuple[Tensor, Tensor]:
    """The store as tensors, on the GPU where they take less than half of what is free there."""
    images, labels = (torch.from_numpy(np.array(x)) for x in (store.images, store.labels))
    free, _ = torch.cuda.mem_get_info(device)
    if images.nbytes + labels.nbytes > free / 2:
        log.warning("the store of %d pairs does not fit on the GPU; batches are copied there one by one", len(store))
        return images, labels
    return images.to(device), labels.to(device)
