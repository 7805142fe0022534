"""Scoring: photos in, label maps compared with the truth at the truth's own size."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from faceparse.console import progress
from faceparse.data.dataset import Pair, read_pair
from faceparse.metrics import ScoreReport, Scores
from faceparse.types import Image, Labels

Predict = Callable[[Image], Labels]
"""From a photo to its label map, at the photo's size."""


def evaluate(predict: Predict, pairs: Sequence[Pair]) -> ScoreReport:
    """Every score of `predict` on labelled pairs.

    Raises:
        DataError: a pair cannot be read, or its sizes differ.
    """
    scores = Scores()
    for image, labels in progress(_read_ahead(pairs), "scoring", total=len(pairs)):
        scores.update(labels, predict(image))
    return scores.result()


def _read_ahead(pairs: Sequence[Pair], ahead: int = 8) -> Iterator[tuple[Image, Labels]]:
    """Pairs in order, the next few being decoded while one is scored."""
    with ThreadPoolExecutor(1) as reader:
        waiting = [reader.submit(read_pair, pair) for pair in pairs[:ahead]]
        for index in range(len(pairs)):
            if index + ahead < len(pairs):
                waiting.append(reader.submit(read_pair, pairs[index + ahead]))
            yield waiting[index].result()
            waiting[index] = None  # type: ignore[call-overload]  # let the arrays go
