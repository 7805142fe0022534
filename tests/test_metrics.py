import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from faceparse.classes import NAMES
from faceparse.errors import DataError
from faceparse.metrics import Scores, confusion_matrix, fscore_2025, image_fscore_from


@st.composite
def pairs(draw):
    """A truth (with ignored pixels) and a prediction of one size; few classes make absent ones common."""
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    ids = st.sampled_from([0, 3, 4, 18]) if draw(st.booleans()) else st.integers(0, 18)
    truth = draw(arrays.arrays(np.uint8, (height, width), elements=ids | st.just(255)))
    prediction = draw(arrays.arrays(np.uint8, (height, width), elements=ids))
    return truth, prediction


def naive_counts(truth, prediction, c):
    """tp, fp, fn of one class, pixel by pixel."""
    tp = fp = fn = 0
    for true, predicted in zip(truth.ravel().tolist(), prediction.ravel().tolist(), strict=True):
        if true == 255:
            continue
        tp += true == c and predicted == c
        fp += true != c and predicted == c
        fn += true == c and predicted != c
    return tp, fp, fn


def naive_fscore_2025(truth, prediction):
    """The definition, written out: one pass per class that the truth holds."""
    beta, scores = 1.0, []
    for c in range(19):
        tp, fp, fn = naive_counts(truth, prediction, c)
        if tp + fn == 0:
            continue
        precision = tp / (tp + fp + 1e-7)
        recall = tp / (tp + fn + 1e-7)
        scores.append((1 + beta**2) * precision * recall / (beta**2 * precision + recall + 1e-7))
    return sum(scores) / len(scores) if scores else math.nan


@given(pairs())
def test_the_confusion_matrix_is_the_naive_count(pair):
    truth, prediction = pair
    expected = np.zeros((19, 19), dtype=np.int64)
    for true, predicted in zip(truth.ravel(), prediction.ravel(), strict=True):
        if true != 255:
            expected[true, predicted] += 1
    counted = confusion_matrix(truth, prediction)
    assert counted.dtype == np.int64
    np.testing.assert_array_equal(counted, expected)


@given(pairs())
def test_fscore_2025_is_its_definition_written_out(pair):
    assert fscore_2025(*pair) == pytest.approx(naive_fscore_2025(*pair), abs=1e-12, nan_ok=True)


def test_fscore_2025_of_a_worked_example():
    truth = np.array([[1, 1], [1, 2]], dtype=np.uint8)
    prediction = np.array([[1, 1], [2, 5]], dtype=np.uint8)
    # skin: precision 1, recall 2/3, F .8; nose: F 0; right eye is only predicted: no row
    assert fscore_2025(truth, prediction) == pytest.approx(0.4, abs=1e-6)
    assert fscore_2025(truth, truth) == pytest.approx(1.0, abs=1e-6)
    assert fscore_2025(truth, truth) < 1.0  # the definition's 1e-7 keeps a perfect image just short of 1


@settings(max_examples=50)
@given(st.lists(pairs(), min_size=1, max_size=4))
def test_the_scores_of_a_set_are_those_of_a_naive_loop(images):
    scores = Scores()
    for truth, prediction in images:
        scores.update(truth, prediction)
    report = scores.result()

    truth = np.concatenate([t.ravel() for t, _ in images])
    prediction = np.concatenate([p.ravel() for _, p in images])
    ious, accs, f1s = [], [], []
    for c, name in enumerate(NAMES):
        tp, fp, fn = naive_counts(truth, prediction, c)
        row = report.per_class[name]
        assert row.pixels == tp + fn
        if tp + fp + fn:
            ious.append(tp / (tp + fp + fn))
            assert row.iou == pytest.approx(ious[-1])
            if c:
                f1s.append(2 * tp / (2 * tp + fp + fn))
                assert row.f1 == pytest.approx(f1s[-1])
        else:
            assert math.isnan(row.iou)
            assert math.isnan(row.f1)
        if tp + fn:
            accs.append(tp / (tp + fn))
            assert row.acc == pytest.approx(accs[-1])
        else:
            assert math.isnan(row.acc)

    def mean(values):
        return pytest.approx(sum(values) / len(values) if values else math.nan, nan_ok=True)

    counted = truth != 255
    assert report.num_images == len(images)
    assert report.miou_2022 == mean(ious)
    assert report.macc == mean(accs)
    assert report.f1_dataset == mean(f1s)
    assert report.aacc == mean((truth == prediction)[counted].tolist())
    assert report.fscore_2025 == mean([f for f in (naive_fscore_2025(*pair) for pair in images) if not math.isnan(f)])
    assert report.image_fscores == pytest.approx([naive_fscore_2025(*pair) for pair in images], nan_ok=True)


@settings(max_examples=30)
@given(st.lists(pairs(), min_size=2, max_size=4), st.integers(1, 3))
def test_merging_two_halves_gives_the_scores_of_the_whole(images, cut):
    whole, first, second = Scores(), Scores(), Scores()
    for index, pair in enumerate(images):
        whole.update(*pair)
        (first if index < cut else second).update(*pair)
    first.merge(second)
    assert json.dumps(first.result().as_dict()) == json.dumps(whole.result().as_dict())


def test_a_class_only_predicted_counts_0_and_an_absent_one_is_left_out():
    truth = np.array([[1, 1, 1, 1]], dtype=np.uint8)
    prediction = np.array([[1, 1, 1, 14]], dtype=np.uint8)
    scores = Scores()
    scores.update(truth, prediction)
    report = scores.result()
    assert report.miou_2022 == pytest.approx((0.75 + 0) / 2)
    assert report.f1_dataset == pytest.approx((6 / 7 + 0) / 2)
    assert report.macc == pytest.approx(0.75)  # hat is not in the truth: it has no recall
    assert report.aacc == pytest.approx(0.75)


def test_json_has_exactly_the_promised_keys_and_null_for_absent_classes():
    scores = Scores()
    scores.update(np.ones((2, 2), dtype=np.uint8), np.ones((2, 2), dtype=np.uint8))
    report = json.loads(json.dumps(scores.result().as_dict(), allow_nan=False))
    assert list(report) == ["num_images", "miou_2022", "macc", "aacc", "fscore_2025", "f1_dataset", "per_class"]
    assert list(report["per_class"]) == list(NAMES)
    assert report["per_class"]["skin"] == {"iou": 1.0, "acc": 1.0, "f1": 1.0, "pixels": 4}
    assert report["per_class"]["hat"] == {"iou": None, "acc": None, "f1": None, "pixels": 0}


def test_no_images_have_no_score():
    report = Scores().result().as_dict()
    assert report["num_images"] == 0
    assert report["miou_2022"] is None
    assert report["fscore_2025"] is None


def test_an_image_that_is_ignored_everywhere_leaves_the_mean_alone():
    scores = Scores()
    scores.update(np.full((2, 2), 255, dtype=np.uint8), np.zeros((2, 2), dtype=np.uint8))
    scores.update(np.ones((2, 2), dtype=np.uint8), np.ones((2, 2), dtype=np.uint8))
    assert scores.result().fscore_2025 == pytest.approx(1.0, abs=1e-6)
    assert scores.result().num_images == 2


def test_ids_of_any_integer_type_count_alike():
    random = np.random.default_rng(0)
    truth, prediction = random.integers(0, 19, (2, 8, 8))
    as_bytes = confusion_matrix(truth.astype(np.uint8), prediction.astype(np.uint8))
    np.testing.assert_array_equal(confusion_matrix(truth, prediction), as_bytes)
    np.testing.assert_array_equal(confusion_matrix(truth.T, prediction.T), as_bytes)


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        (np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8), "truth is 2×3 and prediction 3×2"),
        (np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8), "prediction holds id 255"),
        (np.zeros((2, 2), np.uint8), np.full((2, 2), 19, np.uint8), "prediction holds id 19"),
        (np.full((2, 2), 19, np.uint8), np.zeros((2, 2), np.uint8), "truth holds id 19"),
        (np.full((2, 2), -1), np.zeros((2, 2), np.uint8), "truth holds id -1"),
        (np.zeros((2, 2), np.uint8), np.full((2, 2), 257), "prediction holds id 257"),
    ],
)
def test_what_cannot_be_scored_is_refused(truth, prediction, message):
    with pytest.raises(DataError, match=message):
        fscore_2025(truth, prediction)


def test_a_confusion_matrix_made_elsewhere_counts_as_the_image_itself():
    random = np.random.default_rng(1)
    truth, prediction = random.integers(0, 5, (2, 8, 8)).astype(np.uint8)
    by_image, by_matrix = Scores(), Scores()
    by_image.update(truth, prediction)
    by_matrix.update_from(confusion_matrix(truth, prediction))
    assert by_image.result().as_dict() == by_matrix.result().as_dict()
    assert image_fscore_from(confusion_matrix(truth, prediction)) == by_image.result().image_fscores[0]
