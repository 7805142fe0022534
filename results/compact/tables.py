"""Tables of the three seeds in this folder, for its README and the model's card: `python tables.py`."""

import json
from pathlib import Path

HERE = Path(__file__).parent
SEEDS = {0: "seed-0", 1: ".", 2: "seed-2"}
SCORES = {
    "F (2025)": "fscore_2025", "mIoU (2022)": "miou_2022", "dataset F1": "f1_dataset", "mAcc": "macc", "aAcc": "aacc",
}  # fmt: skip
PER_CLASS = ("class", "IoU", "Acc", "F1", "F1 of the three", "IoU as released", "F1 as released")


def read(file: str) -> list[dict]:
    return [json.loads((HERE / folder / file).read_text()) for folder in SEEDS.values()]


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def mean(rows: list[dict], key: str, digits: int) -> str:
    return f"{sum(one[key] for one in rows) / len(rows):.{digits}f}"


def main() -> None:
    mended, released = read("evaluation.json"), read("evaluation-released.json")
    print(row("`val`", *SCORES), "|---" * (1 + len(SCORES)) + "|", sep="\n")
    for seed, run in zip(SEEDS, mended, strict=True):
        print(row(f"mended, seed {seed}", *(f"{run[key]:.4f}" for key in SCORES.values())))
    for what, runs in (("mended, mean", mended), ("as released, mean", released)):
        print(row(what, *(mean(runs, key, 4) for key in SCORES.values())))
    print("", row(*PER_CLASS), "|---" * len(PER_CLASS) + "|", sep="\n")
    for name in mended[0]["per_class"]:
        ours, theirs = ([run["per_class"][name] for run in runs] for runs in (mended, released))
        values = [one["f1"] for one in ours]
        print(
            row(
                name, *(mean(ours, key, 3) for key in ("iou", "acc", "f1")), f"{min(values):.3f} to {max(values):.3f}",
                *(mean(theirs, key, 3) for key in ("iou", "f1")),
            )
        )  # fmt: skip


if __name__ == "__main__":
    main()
