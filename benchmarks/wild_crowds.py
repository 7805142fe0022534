"""How many faces of a crowd are found, and how well they are parsed.

    python benchmarks/wild_crowds.py DATA/val --photos 8

Crowds are composed of a split's pairs (see `crowds.py`), so that the truth of every pixel is known. A face counts where
at least 60 % of its eyes, nose, brows and mouth are not hidden by another; it is found where a window has its middle
within .15 sides, is no more than 1.4 times larger or smaller, and leans within 20° of it. F is the 2025 score of a
face's own square: pixels of other people count for nothing. `told` is the same network told the true windows: the
difference is lost to finding and turning faces. Take a model that was trained without the split.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

import faceparse
from crowds import CASES, IGNORED, Case, Crowd, Pasted, compose
from faceparse.data.dataset import list_pairs, read_pair
from faceparse.infer.wild import faces as wild
from faceparse.infer.wild.window import Framing, Window
from faceparse.metrics import Scores, fscore_2025

INNER = [faceparse.CLASSES[i].id for i in (2, 3, 4, 5, 6, 7, 10, 11, 12)]
LEAST_SEEN = 0.6
ASIDE = "most turned aside (a tenth)"


def true_window(face: Pasted, size: int) -> Window:
    x, y = face.to_photo @ (size / 2, size / 2, 1)
    return Window(float(x), float(y), face.side, float(np.arctan2(face.to_photo[1, 0], face.to_photo[0, 0])))


def visible(crowd: Crowd, number: int, truth: np.ndarray) -> bool:
    """Whether enough of a face's middle is neither hidden nor beyond the photo."""
    scale = crowd.faces[number].side / truth.shape[0]
    whole = np.isin(truth, INNER).sum() * scale**2
    seen = (np.isin(crowd.labels, INNER) & (crowd.owner == number)).sum()
    return bool(seen >= LEAST_SEEN * whole)


def agrees(true: Window, found: Window) -> bool:
    turned = abs((found.angle - true.angle + np.pi) % (2 * np.pi) - np.pi)
    return (
        np.hypot(true.x - found.x, true.y - found.y) < 0.15 * true.side
        and 1 / 1.4 < found.side / true.side < 1.4
        and turned < np.deg2rad(20)
    )


def square(crowd: Crowd, number: int, window: Window, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Truth and prediction of a face's own square; others' pixels are ignored."""
    rows, columns = np.mgrid[: crowd.labels.shape[0], : crowd.labels.shape[1]]
    away = np.stack([columns + 0.5 - window.x, rows + 0.5 - window.y], axis=-1) @ window.axes
    inside = (np.abs(away) <= window.side / 2).all(axis=-1)
    mine = inside & ((crowd.owner == number) | (crowd.owner < 0))
    return np.where(mine, crowd.labels, IGNORED).astype(np.uint8)[inside], predicted[inside]


class Tally:
    """What one kind of photo came to."""

    def __init__(self) -> None:
        self.faces = self.found = self.false = 0
        self.scores, self.told = Scores(), Scores()
        self.of_found: list[float] = []
        self.of_all: list[float] = []
        self.of_told: list[float] = []

    def row(self, name: str) -> str:
        f, found, told = (np.mean(x) if x else np.nan for x in (self.of_all, self.of_found, self.of_told))
        return (
            f"| {name} | {self.faces} | {self.found / self.faces:.3f} | {self.false} "
            f"| {found:.3f} | {f:.3f} | {told:.3f} "
            f"| {self.scores.result().miou_2022:.3f} | {self.told.result().miou_2022:.3f} |"
        )


def measure(parser: faceparse.Parser, crowd: Crowd, pairs: list, tally: Tally, only: set[int] | None = None) -> None:
    parsed = parser.parse_faces(crowd.image)
    size = pairs[0][1].shape[0]
    windows = [true_window(face, size) for face in crowd.faces]
    told = wild.parse(crowd.image, [Framing(window, 1.0) for window in windows], parser.see, (64, 64))
    left = list(parsed.faces)
    for number, (face, window) in enumerate(zip(crowd.faces, windows, strict=True)):
        hit = next((found for found in left if agrees(window, found.window)), None)
        if hit is not None:
            left.remove(hit)
        if not visible(crowd, number, pairs[face.index][1]) or (only is not None and face.index not in only):
            continue
        tally.faces += 1
        truth, predicted = square(crowd, number, window, parsed.labels)
        _, ideal = square(crowd, number, window, told.labels)
        score = fscore_2025(truth, predicted)
        tally.of_all.append(score)
        tally.of_told.append(fscore_2025(truth, ideal))
        tally.scores.update(truth, predicted)
        tally.told.update(truth, ideal)
        if hit is not None:
            tally.found += 1
            tally.of_found.append(score)
    near = [w for w in left if not any(w.window.distance(true) < 0.5 for true in windows)]
    tally.false += len(near)


def facing_away(pairs: list) -> set[int]:
    """The tenth of the pairs whose nose is farthest to the side of the eyes' middle, in distances of the eyes."""
    asides: dict[int, float] = {}
    for index, (_, truth) in enumerate(pairs):
        middles = [np.argwhere(truth == part)[:, 1] for part in (4, 5, 2)]
        if all(len(found) > 20 for found in middles):
            left, right, nose = (found.mean() for found in middles)
            asides[index] = abs(nose - (left + right) / 2) / max(abs(left - right), 1)
    return set(sorted(asides, key=lambda index: -asides[index])[: max(1, len(pairs) // 10)])


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("data", type=Path, help="one split: a folder of images/ and masks/")
    options.add_argument("--model", default="compact")
    options.add_argument("--photos", type=int, default=8, help="of each kind")
    options.add_argument(
        "--first", type=int, default=0, help="number of the first: 8 for others than limits were set on"
    )
    options.add_argument("--kinds", nargs="*", default=[*CASES, ASIDE], help="beginnings of the rows' names")
    chosen = options.parse_args()
    pairs = [read_pair(pair) for pair in list_pairs(chosen.data)]
    parser = faceparse.Parser.load(chosen.model, device="cpu")
    print("| kind | faces | found | false | F of those found | F of all | F told | mIoU of all | mIoU told |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, case in CASES.items():
        if not name.startswith(tuple(chosen.kinds)):
            continue
        tally = Tally()
        for seed in range(chosen.first, chosen.first + chosen.photos):
            indices = [(seed * case.num_faces + k) % len(pairs) for k in range(case.num_faces)]
            measure(parser, compose(pairs, indices, case, seed), pairs, tally)
        print(tally.row(name), flush=True)
    if not ASIDE.startswith(tuple(chosen.kinds)):
        return
    away = sorted(facing_away(pairs))
    tally = Tally()
    upright: Case = CASES["upright"]
    for seed, start in enumerate(range(0, len(away), upright.num_faces)):
        measure(parser, compose(pairs, away[start : start + upright.num_faces], upright, 100 + seed), pairs, tally)
    print(tally.row(ASIDE), flush=True)
    empty = sum(
        len(parser.parse_faces(compose(pairs, [], upright, 1000 + seed).image).faces) for seed in range(chosen.photos)
    )
    print(f"{chosen.photos} backdrops without a face: {empty} faces found", file=sys.stderr)


if __name__ == "__main__":
    main()
