"""What `faceparse data doctor` costs: each step against decoding the pair alone, and the search for copies at 30,000.

    python benchmarks/doctor_speed.py --faces 96 --photos 30000

The faces are made on the spot, at 512². For the search, fingerprints are put together from tiles of those of made
faces, so that they are as alike as faces are; every hundredth is followed by a brightened, mirrored copy of itself.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from faceparse.data.dataset import Pair, list_pairs
from faceparse.data.doctor.duplicates import SIZE, fingerprint, match
from faceparse.data.doctor.masks import read_mask
from faceparse.data.doctor.plausible import find_oddities
from faceparse.data.doctor.sides import find_side_faults
from faceparse.data.synthetic.layouts import write_challenge
from faceparse.images import read_image, read_labels

ROUNDS = 3


def milliseconds(work: Callable[[Pair], object], pairs: list[Pair]) -> float:
    """Of processor time a pair, the best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for pair in pairs:
            work(pair)
        best = min(best, time.process_time() - start)
    return 1000 * best / len(pairs)


def alike(prints: np.ndarray, num: int, random: np.random.Generator) -> np.ndarray:
    """uint8 (num, 64, 64): new fingerprints, each of sixteen tiles of different faces, and some copies."""
    drawn = np.empty((num, SIZE, SIZE), np.uint8)
    for row in range(0, SIZE, 16):
        for column in range(0, SIZE, 16):
            tile = (slice(None), slice(row, row + 16), slice(column, column + 16))
            drawn[tile] = prints[tile][random.integers(0, len(prints), num)]
    drawn[1::100] = np.clip(drawn[0::100][:, :, ::-1][: len(drawn[1::100])] * 1.2, 0, 255)
    return drawn


def main() -> None:
    """Print two Markdown tables."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--faces", type=int, default=96, help="made faces to work on")
    arguments.add_argument("--photos", type=int, default=30000, help="fingerprints to search among")
    options = arguments.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        write_challenge(Path(folder) / "faces", options.faces, 512, seed=0)
        pairs = list_pairs(Path(folder) / "faces" / "train")
        images = {pair.name: read_image(pair.image) for pair in pairs}
        masks = {pair.name: pair.mask for pair in pairs if pair.mask}
        labels = {name: read_labels(mask) for name, mask in masks.items()}
        steps: dict[str, Callable[[Pair], object]] = {
            "decoding the pair": lambda pair: (read_image(pair.image), read_labels(masks[pair.name])),
            "reading the mask with suspicion": lambda pair: read_mask(masks[pair.name]),
            "left and right": lambda pair: find_side_faults(labels[pair.name]),
            "possible face": lambda pair: find_oddities(labels[pair.name]),
            "fingerprint": lambda pair: fingerprint(images[pair.name]),
        }
        times = {name: milliseconds(work, pairs) for name, work in steps.items()}
        prints = np.stack([fingerprint(image) for image in images.values()])
    print("| a pair at 512² | ms | of decoding |\n|---|---|---|")
    for name, each in times.items():
        print(f"| {name} | {each:.2f} | {each / times['decoding the pair']:.2f} |")
    drawn = alike(prints, options.photos, np.random.default_rng(0))
    start, processor = time.perf_counter(), time.process_time()
    num_found = len(match(drawn))
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    decoding = options.photos * times["decoding the pair"] / 1000
    print("\n| copies among | found, of made | seconds | of processor | of decoding them all |\n|---|---|---|---|---|")
    made = len(drawn[1::100])
    print(
        f"| {options.photos} | {num_found} of {made} | {seconds:.0f} | {processor:.0f} | {processor / decoding:.2f} |"
    )


if __name__ == "__main__":
    main()
