"""Labels that a trained model doubts: the necklaces that annotators forgot, ranked for a person to look at.

A model believes what it was trained on, so a pair is judged only by models that were not: by the mean of their
probabilities. With the K models of a K-fold split every pair is judged.

A class is *missing* at pixels whose label is another and where its probability is at least its mean over the pixels
that are labelled so: the threshold of confident learning (Northcutt et al., "Confident Learning: Estimating Uncertainty
in Dataset Labels", JAIR 2021), which asks less of a model that is never sure of necklaces. It is *extra* at pixels
labelled so where its probability is under one in a hundred. The score of a pair and class is the area of either, in
parts of the class's mean size and at most 1, times how far judges can be trusted with the class, measured against all
the labels: their precision for what is missing, their recall for what is extra. So classes that they do not know stay
at the end of the list. From what is missing beside a part that is labelled, the usual difference of outlines is taken
first. Of this threshold and fixed ones from .3 to .97 this one found the most planted errors.

A part whose two sides are exchanged is no disagreement here: the doctor's geometry decides that, and hundreds of
swapped eyes would hide the rest. All of it is suspicion; only looking decides.
"""

from collections.abc import Sequence
from pathlib import Path

from faceparse.audit.judges import Case, judge, predictor, trained_on
from faceparse.audit.ranking import LEAST_SCORE, Disagreement, ranked
from faceparse.console import log, progress
from faceparse.data.dataset import Pair
from faceparse.data.doctor.inventory import list_entries
from faceparse.errors import DataError, UsageError

__all__ = ["LEAST_SCORE", "Disagreement", "audit", "trained_on"]

_FOLDS = "train on folds (faceparse data split --folds) and give every fold's model"


def audit(dataset: Path, models: Sequence[str | Path]) -> list[Disagreement]:
    """Rank what models see otherwise than the labels, pair by pair and class by class, the gravest first.

    Args:
        dataset: a root, whose labelled splits are all judged, or one split's folder.
        models: run folders, checkpoint folders, `.onnx` files or shipped names. The last two need no PyTorch.

    Returns:
        Those that score `LEAST_SCORE` or more. Pairs that every model was trained on are left out, with a warning.

    Raises:
        UsageError: no such model, or one that does not say what it was trained on.
        DataError: not a dataset, a file that cannot be read, or no pair that a model may judge.
    """
    if not models:
        raise UsageError("an audit needs a model; give a run folder, an .onnx file or a shipped name")
    seen = [trained_on(model) for model in models]
    cases = [
        Case(
            tuple(i for i, names in enumerate(seen) if entry.name not in names),
            entry.split,
            Pair(entry.name, entry.image, entry.mask),
        )
        for entry in list_entries(dataset)
        if entry.image and entry.mask and not entry.rivals
    ]
    if not cases:
        raise DataError(f"{dataset}: has no photo with a mask, so that models have nothing to judge")
    fair = sorted((case for case in cases if case.judges), key=lambda case: case.judges)
    if not fair:
        raise DataError(f"{dataset}: every model was trained on all of its {len(cases)} pairs; {_FOLDS}")
    if len(fair) < len(cases):
        left_out = len(cases) - len(fair)
        log.warning("%d of %d pairs are not judged: every model was trained on them; %s", left_out, len(cases), _FOLDS)
    predictors = {i: predictor(models[i]) for i in sorted({i for case in fair for i in case.judges})}
    counted = list(progress(judge(fair, predictors), "judging", total=len(fair)))
    if len(counted) < len(fair):
        log.warning("%d pairs are not judged: they cannot be read", len(fair) - len(counted))
    return ranked(counted)
