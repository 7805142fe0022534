"""`faceparse score`: two folders of label maps, one set of scores."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from faceparse.cli.arguments import call
from faceparse.cli.tables import print_scores
from faceparse.console import print_json, progress
from faceparse.data.dataset import list_label_maps
from faceparse.errors import DataError, some_names
from faceparse.images import read_labels
from faceparse.metrics import Confusion, ScoreReport, Scores, confusion_matrix


def score(
    predictions: Annotated[Path, tyro.conf.arg(metavar="PREDICTIONS")],
    truth: Annotated[Path, tyro.conf.arg(metavar="TRUTH")],
    /,
    json: bool = False,
) -> int:
    """Score a folder of label maps against the truth, by every protocol.

    Files are matched by name. Example: faceparse score submission/masks celebamask/val

    Args:
        predictions: folder of label maps (PNGs of ids, mode L or P)
        truth: folder of the true label maps, or a split's folder with masks/
        json: print one JSON object instead of the tables
    """
    report = score_folders(predictions, truth)
    if json:
        print_json(report.as_dict())
    else:
        print_scores(report)
    return 0


def score_folders(predictions: Path, truth: Path) -> ScoreReport:
    """Score every label map in `predictions` against its namesake in `truth`.

    Raises:
        DataError: names are missing or too many, sizes differ, or a file holds no ids.
    """
    predicted, true = list_label_maps(predictions), list_label_maps(truth)
    missing, extra = true.keys() - predicted.keys(), predicted.keys() - true.keys()
    if missing:
        raise DataError(
            f"{predictions}: no prediction for {len(missing)} of {len(true)} label maps ({some_names(missing)}); "
            "every one of the truth needs its namesake"
        )
    if extra:
        raise DataError(f"{predictions}: {len(extra)} more than the truth has ({some_names(extra)}); take them away")
    scores = Scores()
    names = sorted(true)
    with ThreadPoolExecutor() as pool:
        counted = pool.map(partial(_count, predicted=predicted, true=true), names)
        for confusion in progress(counted, "scoring", total=len(names)):
            scores.update_from(confusion)
    return scores.result()


def _count(name: str, predicted: dict[str, Path], true: dict[str, Path]) -> Confusion:
    labels = read_labels(true[name]), read_labels(predicted[name])
    try:
        return confusion_matrix(*labels)
    except DataError as error:
        raise DataError(f"{predicted[name]}: {error}") from error


def main(arguments: list[str]) -> int:
    """Run `faceparse score`."""
    return call(score, arguments, "score")
