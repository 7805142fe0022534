"""How fast training samples are made at 512²: our store and plan against MMSegmentation's pipeline, on one core.

    python benchmarks/input_speed.py --faces 96

Both rotate by up to 25° (p .5), scale by 1 to 1.2 and crop back to 512, and vary brightness, contrast, saturation and
hue (the 2022 winner's settings). MMSegmentation (1.2.2, with mmcv-lite 2.1.0) decodes its JPEG and PNG each time, as it
does in training; ours reads its store, which is built once (its time is shown as well). Where MMSegmentation is not
installed its row is left out; `benchmarks/README.md` tells how to install it. The faces are made on the spot.
"""

import argparse
import sys
import tempfile
import time
import types
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from faceparse.data.augment import AugmentConfig, apply_opencv, draw_plan
from faceparse.data.dataset import Pair, list_pairs
from faceparse.data.store import open_store
from faceparse.data.synthetic.layouts import write_challenge

SIZE = 512
BATCH = 16
ROUNDS = 5
AUGMENT = replace(AugmentConfig(), scale=(1.0, 1.2), stretch=0.0, shift=0.06)


def samples_per_second(make_batch: Callable[[int], object]) -> float:
    """The best of several rounds, after one that is not counted: what else runs on the machine only slows."""
    best = 0.0
    for round_ in range(ROUNDS + 1):
        start = time.process_time()
        for step in range(3):
            make_batch(3 * round_ + step)
        if round_:
            best = max(best, 3 * BATCH / (time.process_time() - start))
    return best


def ours(pairs: list[Pair], root: Path) -> Callable[[int], object]:
    start = time.process_time()
    store = open_store(pairs, root, SIZE)
    print(f"store of {len(pairs)} pairs built in {time.process_time() - start:.1f} s of processor time")

    def batch(step: int) -> object:
        random = np.random.default_rng((0, step))
        order = random.integers(0, len(store), BATCH)
        plan = draw_plan(AUGMENT, BATCH, random)
        images, labels = apply_opencv(plan, [store.images[i] for i in order], [store.labels[i] for i in order], SIZE)
        return torch.from_numpy(images), torch.from_numpy(labels)

    return batch


def decoding(pairs: list[Pair]) -> Callable[[int], object]:
    """Pillow reading photo and mask, and nothing else."""

    def batch(step: int) -> object:
        chosen = [pairs[(step * BATCH + i) % len(pairs)] for i in range(BATCH)]
        return [(np.asarray(Image.open(p.image)), np.asarray(Image.open(p.mask))) for p in chosen if p.mask]

    return batch


def mmsegmentation(pairs: list[Pair]) -> Callable[[int], object]:
    # mmseg imports mmcv's compiled operators for heads that no data pipeline uses; mmcv-lite is without them
    class Absent(types.ModuleType):
        def __getattr__(self, name: str) -> type:
            if name.startswith("__"):
                raise AttributeError(name)
            return type(name, (), {})

    sys.modules["mmcv.ops"] = Absent("mmcv.ops")
    warnings.simplefilter("ignore")
    from mmcv.transforms import Compose, LoadImageFromFile, RandomResize
    from mmseg.datasets.transforms import (
        LoadAnnotations,
        PackSegInputs,
        PhotoMetricDistortion,
        RandomCrop,
        RandomRotate,
    )

    pipeline = Compose(
        [
            LoadImageFromFile(),
            LoadAnnotations(),
            RandomRotate(prob=0.5, degree=25, pad_val=0, seg_pad_val=0),
            RandomResize(scale=(SIZE, SIZE), ratio_range=(1.0, 1.2), keep_ratio=True),
            RandomCrop(crop_size=(SIZE, SIZE), cat_max_ratio=0.75),
            PhotoMetricDistortion(
                brightness_delta=16, contrast_range=(0.75, 1.25), saturation_range=(0.75, 1.25), hue_delta=9
            ),
            PackSegInputs(),
        ]
    )

    def batch(step: int) -> object:
        chosen = [pairs[(step * BATCH + i) % len(pairs)] for i in range(BATCH)]
        return [
            pipeline(
                {"img_path": str(p.image), "seg_map_path": str(p.mask), "reduce_zero_label": False, "seg_fields": []}
            )
            for p in chosen
        ]

    return batch


def main() -> None:
    """Print a Markdown table of samples a second and core."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--faces", type=int, default=96, help="made faces to work on")
    options = arguments.parse_args()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "faces"
        write_challenge(root, options.faces, SIZE, seed=0)
        pairs = list_pairs(root / "train")
        rows = [("faceparse: store, plan, one resampling", samples_per_second(ours(pairs, root)))]
        try:
            rows.append(("MMSegmentation's pipeline", samples_per_second(mmsegmentation(pairs))))
        except ModuleNotFoundError as missing:
            print(f"MMSegmentation is left out: {missing}")
        rows.append(("decoding alone, Pillow", samples_per_second(decoding(pairs))))
    print("\n| input at 512² | samples a second and core | against ours |\n|---|---|---|")
    for name, speed in rows:
        print(f"| {name} | {speed:.0f} | {speed / rows[0][1]:.2f} |")


if __name__ == "__main__":
    main()
