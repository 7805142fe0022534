"""`faceparse compare RUN RUN... [--data DATASET] [--json]`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from faceparse.cli.arguments import call
from faceparse.errors import DataError, UsageError

if TYPE_CHECKING:
    from faceparse.comparison import Difference, Interval
    from faceparse.image_counts import ImageCounts


def main(arguments: list[str]) -> int:
    """Set runs side by side."""
    return call(compare, arguments, "compare")


def compare(
    runs: Annotated[tuple[str, ...], tyro.conf.arg(metavar="RUN RUN...")],
    /,
    data: Path | None = None,
    split: str = "val",
    seed: int = 0,
    json: bool = False,
) -> int:
    """Set runs side by side: scores with 95 % intervals over images, and what differs from the first beyond noise.

    Example: faceparse compare runs/a runs/b

    Args:
        runs: run folders, whose evaluations of their own are taken (of the best checkpoint, on val), or files that
            `faceparse evaluate --counts` wrote; with --data any MODEL.
        data: evaluate all of them on this dataset instead.
        split: which split of a root.
        seed: of the resampling.
        json: print one JSON object instead of the tables.
    """
    from faceparse.comparison import compare as difference_of
    from faceparse.comparison import score_intervals
    from faceparse.console import print_json

    if len(runs) < 2:
        raise UsageError("one run has nothing to be compared with; as in: faceparse compare runs/a runs/b")
    found = [_evaluate(run, data, split) if data else _find(run) for run in runs]
    names = _shared_names(runs, found)
    shared = [images.of(names) for images in found]
    _refuse_other_truth(runs, shared)
    scores = [score_intervals(images, seed=seed) for images in shared]
    differences = [difference_of(shared[0], other, seed=seed) for other in shared[1:]]
    if json:
        print_json(_as_dict(runs, len(names), scores, differences))
    else:
        _print(runs, len(names), scores, differences)
    return 0


def _find(run: str) -> "ImageCounts":
    from faceparse.image_counts import FILE_NAME, load_image_counts

    path = Path(run)
    if path.is_file():
        return load_image_counts(path)
    if not path.exists():
        raise DataError(f"{run}: no such run; name a run folder, or add --data DATA to evaluate any model")
    if not (path / FILE_NAME).is_file():
        raise DataError(
            f"{run}: holds no {FILE_NAME}, which runs keep since version 0.1; add --data DATA to evaluate it"
        )
    return load_image_counts(path / FILE_NAME)


def _evaluate(run: str, data: Path, split: str) -> "ImageCounts":
    from faceparse.cli.evaluate import find_predictor
    from faceparse.data.dataset import find_split, list_pairs
    from faceparse.evaluate import evaluate
    from faceparse.image_counts import ImageCounts

    pairs = list_pairs(find_split(data, split))
    return ImageCounts(tuple(pair.name for pair in pairs), evaluate(find_predictor(run), pairs).image_counts)


def _shared_names(runs: tuple[str, ...], found: "list[ImageCounts]") -> list[str]:
    from faceparse.console import log

    shared = set(found[0].names).intersection(*(images.names for images in found[1:]))
    if not shared:
        raise DataError(f"{', '.join(runs)}: were evaluated on different images; add --data DATA to evaluate them anew")
    for run, images in zip(runs, found, strict=True):
        if len(images.names) > len(shared):
            log.warning("%s: of its %d images, the %d that all runs share count", run, len(images.names), len(shared))
    return [name for name in found[0].names if name in shared]


def _refuse_other_truth(runs: tuple[str, ...], shared: "list[ImageCounts]") -> None:
    for run, images in zip(runs[1:], shared[1:], strict=True):
        differs = (images.counts[:, 1] != shared[0].counts[:, 1]).any(axis=1)
        if differs.any():
            raise DataError(
                f"{run}: the truth of {differs.sum()} images (such as {images.names[differs.argmax()]}) is not that of "
                f"{runs[0]}; add --data DATA to evaluate both on the same"
            )


def _print(
    runs: tuple[str, ...], num: int, scores: "list[dict[str, Interval]]", differences: "list[Difference]"
) -> None:
    from faceparse.console import print_table

    rows = [(name, *(_with_ends(each[name]) for each in scores)) for name in scores[0]]
    print_table(f"{num} images, 95 % intervals over images", ("score", *runs), rows)
    for run, difference in zip(runs[1:], differences, strict=True):
        means = [
            (name, _signed(it), "beyond noise" if it.beyond_noise else "within noise")
            for name, it in difference.scores.items()
        ]
        print_table(f"{run} minus {runs[0]}", ("score", "difference", ""), means)
        moved = [(name, _signed(it.iou), f"{it.num_images}") for name, it in difference.per_class.items() if it.moved]
        if moved:
            print_table("classes whose IoU moved beyond noise", ("class", "difference", "images with it"), moved)
        else:
            print("no class's IoU moved beyond noise")


def _with_ends(it: "Interval") -> str:
    return "-" if math.isnan(it.value) else f"{it.value:.4f} [{it.low:.4f}, {it.high:.4f}]"


def _signed(it: "Interval") -> str:
    return "-" if math.isnan(it.value) else f"{it.value:+.4f} [{it.low:+.4f}, {it.high:+.4f}]"


def _as_dict(
    runs: tuple[str, ...], num: int, scores: "list[dict[str, Interval]]", differences: "list[Difference]"
) -> dict[str, object]:
    from faceparse.comparison import CONFIDENCE, NUM_RESAMPLES

    return {
        "num_images": num,
        "confidence": CONFIDENCE,
        "resamples": NUM_RESAMPLES,
        "runs": [
            {"run": run, "scores": {name: _ends(it) for name, it in each.items()}}
            for run, each in zip(runs, scores, strict=True)
        ],
        "differences": [
            {
                "run": run,
                "against": runs[0],
                "scores": {name: {**_ends(it), "beyond_noise": it.beyond_noise} for name, it in each.scores.items()},
                "per_class": {
                    name: {**_ends(it.iou), "num_images": it.num_images, "moved": it.moved}
                    for name, it in each.per_class.items()
                },
            }
            for run, each in zip(runs[1:], differences, strict=True)
        ],
    }


def _ends(it: "Interval") -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in vars(it).items()}
