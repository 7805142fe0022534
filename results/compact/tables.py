"""Tables of the three seeds in this folder, for its README and the model's card: `python tables.py`."""

import json
from pathlib import Path

HERE = Path(__file__).parent
SEEDS = ("seed-0", ".", "seed-2")
SCORES = {"F (2025)": "fscore_2025", "mIoU (2022)": "miou_2022", "dataset F1": "f1_dataset", "mAcc": "macc", "aAcc": "aacc"}


def read(file: str) -> list[dict]:
    return [json.loads((HERE / seed / file).read_text()) for seed in SEEDS]


def mean(values: list[float], digits: int = 4) -> str:
    return f"{sum(values) / len(values):.{digits}f}"


def spread(values: list[float]) -> str:
    return f"{min(values):.3f} to {max(values):.3f}"


def main() -> None:
    mended, released = read("evaluation.json"), read("evaluation-released.json")
    print(f"| `val` | {' | '.join(SCORES)} |\n|{'---|' * (len(SCORES) + 1)}")
    for at, seed in enumerate((0, 1, 2)):
        print(f"| mended, seed {seed} |", " | ".join(f"{mended[at][key]:.4f}" for key in SCORES.values()), "|")
    for what, runs in (("mended, mean", mended), ("as released, mean", released)):
        print(f"| {what} |", " | ".join(mean([run[key] for run in runs]) for key in SCORES.values()), "|")
    print("\n| class | IoU | Acc | F1 | F1 of the three | IoU as released | F1 as released |\n|---|---|---|---|---|---|---|")
    for name in mended[0]["per_class"]:
        ours, theirs = ([run["per_class"][name] for run in runs] for runs in (mended, released))
        cells = [mean([one[key] for one in ours], 3) for key in ("iou", "acc", "f1")]
        cells += [spread([one["f1"] for one in ours])]
        cells += [mean([one[key] for one in theirs], 3) for key in ("iou", "f1")]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
