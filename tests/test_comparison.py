"""Intervals hold the truth as often as they say, scores are those of `metrics`, and noise is not called progress."""

import numpy as np
import pytest

from faceparse.classes import NAMES, NUM_CLASSES
from faceparse.comparison import MEANS, compare, score_intervals
from faceparse.errors import DataError
from faceparse.image_counts import ImageCounts, load_image_counts
from faceparse.metrics import Scores


def _images(right: np.ndarray, truth: np.ndarray, prediction: np.ndarray) -> ImageCounts:
    """Counts of images `num 19` each."""
    return ImageCounts(tuple(f"{i:04d}" for i in range(len(truth))), np.stack([right, truth, prediction], axis=1))


def _made(
    num: int, random: np.random.Generator, rare: float = 0.1, gain: float = 0.02
) -> tuple[ImageCounts, ImageCounts]:
    """Two parsers on the same made images: hard images are hard for both; the second gains a little on skin."""
    truth = random.integers(200, 800, (num, NUM_CLASSES))
    truth[:, 16] *= random.random(num) < rare
    hard = random.beta(8, 2, (num, 1))

    def parsed(better: float) -> ImageCounts:
        skill = np.clip(hard + random.normal(0, 0.05, (num, NUM_CLASSES)), 0.01, 0.99)
        skill[:, 1] = np.clip(skill[:, 1] + better, 0.01, 0.99)
        right = random.binomial(truth, skill)
        return _images(right, truth, right + random.binomial(300, 0.2, truth.shape) * (truth > 0))

    return parsed(0), parsed(gain)


def test_scores_are_those_of_the_metrics():
    random = np.random.default_rng(5)
    scores = Scores()
    for _ in range(6):
        truth = random.integers(0, NUM_CLASSES - 3, (24, 24))
        scores.update(truth, np.where(random.random((24, 24)) < 0.7, truth, random.integers(0, 18, (24, 24))))
    report = scores.result()
    images = ImageCounts(tuple("abcdef"), report.image_counts)
    assert images.fscores == pytest.approx(report.image_fscores, abs=1e-12)
    for name, interval in score_intervals(images, num_resamples=200).items():
        assert interval.value == pytest.approx(getattr(report, name), abs=1e-12)
        assert interval.low < interval.value < interval.high


# a class that a dozen images may not hold at all is left out of their means, which are then means of something else
@pytest.mark.parametrize(("num", "rare"), [(12, 0.8), (60, 0.1)])
def test_the_interval_of_a_difference_holds_the_truth_about_as_often_as_it_says(num, rare):
    """Against the difference over a population of images, samples of `num` are drawn from it."""
    random = np.random.default_rng(0)
    one, other = _made(4000, random, rare)
    names = np.array(one.names)
    truth = {name: it.value for name, it in compare(one, other, num_resamples=2).scores.items()}
    trials, held = 300, dict.fromkeys(MEANS, 0)
    for trial in range(trials):
        drawn = names[random.choice(len(names), num, replace=False)].tolist()
        difference = compare(one.of(drawn), other.of(drawn), seed=trial, num_resamples=400)
        for name, interval in difference.scores.items():
            held[name] += interval.low <= truth[name] <= interval.high
    # three standard errors of a share of 95 % in 300 trials are 3.8 %
    for name in MEANS:
        assert 0.91 <= held[name] / trials <= 0.99, (name, held[name] / trials)


def test_nothing_moved_is_said_of_noise_nineteen_times_out_of_twenty():
    random = np.random.default_rng(1)
    false_alarms = 0
    for trial in range(100):
        difference = compare(*_made(80, random, gain=0), seed=trial, num_resamples=400)
        false_alarms += any(row.moved for row in difference.per_class.values())
    assert false_alarms <= 12  # 5 are expected; more than 12 happen once in five hundred times


def test_what_did_move_is_found_and_named():
    one, other = _made(300, np.random.default_rng(2))
    difference = compare(one, other)
    assert [name for name, row in difference.per_class.items() if row.moved] == ["skin"]
    assert difference.per_class["skin"].iou.beyond_noise


def test_a_class_in_few_images_never_passes_for_progress():
    random = np.random.default_rng(3)
    one, _ = _made(100, random, rare=0)
    counts = one.counts.copy()
    counts[:3, :, 16] = [[0, 500, 0]]
    better = counts.copy()
    better[:3, :, 16] = [[450, 500, 480]]
    difference = compare(ImageCounts(one.names, counts), ImageCounts(one.names, better))
    necklace = difference.per_class["necklace"]
    assert necklace.iou.value > 0.8
    assert (necklace.num_images, necklace.moved) == (3, False)


def test_the_same_model_twice_differs_by_nothing():
    one, _ = _made(20, np.random.default_rng(4), rare=0)
    difference = compare(one, one)
    assert not any(row.moved for row in difference.per_class.values())
    assert all((it.low, it.high) == (0, 0) for it in difference.scores.values())
    assert np.isnan(difference.per_class["necklace"].iou.value)


def test_counts_are_kept_whole_and_read_with_suspicion(tmp_path):
    images, _ = _made(4, np.random.default_rng(6))
    images.save(tmp_path / "kept.npz")
    again = load_image_counts(tmp_path / "kept.npz")
    assert again.names == images.names
    assert (again.counts == images.counts).all()
    for name, arrays in {
        "pickle": {"names": np.array([{}]), "counts": images.counts},
        "other": {"names": np.zeros(1, np.uint8)},
        "shape": {
            "names": np.frombuffer(b"a", np.uint8),
            "counts": images.counts,
            "classes": np.frombuffer("\n".join(NAMES).encode(), np.uint8),
        },
    }.items():
        np.savez(tmp_path / f"{name}.npz", **arrays)
        with pytest.raises(DataError, match=f"{name}.npz: .*make it anew"):
            load_image_counts(tmp_path / f"{name}.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(DataError, match="cannot be read"):
        load_image_counts(tmp_path / "text.npz")
