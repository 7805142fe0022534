"""Where the shipped model fails on made faces, as pictures that may be shown: real photos may not.

    python results/compact/failures.py --num 400 --out FOLDER

Writes `failures.webp`: the faces with the lowest F, each as photo, truth, what the model says and where it is wrong;
prints the scores. The model was trained on real faces alone, so made ones are as strange to it as paintings.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from faceparse import Parser
from faceparse.data.dataset import find_split, list_pairs
from faceparse.evaluate import evaluate
from faceparse.image_counts import ImageCounts
from faceparse.report.examples import write_examples


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", default="compact")
    arguments.add_argument("--num", type=int, default=400)
    arguments.add_argument("--out", type=Path, required=True)
    options = arguments.parse_args()
    parser = Parser.load(options.model)

    def predict(image: np.ndarray) -> np.ndarray:
        return parser(image).labels

    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary) / "made"
        synth = ["data", "synth", str(made), "--num", str(options.num), "--size", "512", "--seed", "7"]
        subprocess.run([sys.executable, "-m", "faceparse", *synth], check=True)
        pairs = list_pairs(find_split(made, "train"))
        report = evaluate(predict, pairs)
        print(f"{len(pairs)} made faces: F {report.fscore_2025:.3f}, mIoU {report.miou_2022:.3f}")
        counts = ImageCounts(tuple(pair.name for pair in pairs), report.image_counts)
        write_examples(Path(temporary), predict, pairs, counts)
        strips = [np.asarray(Image.open(file)) for file in sorted(Path(temporary).glob("worst-*.png"))]
    gap = np.full((8, *strips[0].shape[1:]), 255, np.uint8)
    stacked = np.concatenate([part for strip in strips for part in (strip, gap)][:-1])
    Image.fromarray(stacked).save(options.out / "failures.webp", lossless=True)


if __name__ == "__main__":
    main()
