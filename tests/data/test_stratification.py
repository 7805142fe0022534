import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from faceparse.data.stratification import stratify

RATES = (0.01, 0.04, 0.05, 0.06, 0.25, 0.5, 1.0)
SHARES = np.array([0.8, 0.1, 0.1])


def drawn(num, seed):
    """Pairs alone in their groups, which have each class as often as the rates say."""
    rng = np.random.default_rng(seed)
    has = np.stack([rng.random(num) < rate for rate in RATES], axis=1).astype(np.int64)
    return has, np.ones(num, dtype=np.int64)


@pytest.mark.parametrize("seed", range(5))
def test_every_split_gets_its_share_of_every_class_within_two_images(seed):
    has, sizes = drawn(1000, seed)
    chosen = stratify(has, sizes, SHARES, np.random.default_rng(seed))
    for split, share in enumerate(SHARES):
        got = has[chosen == split].sum(axis=0)
        # the rarest are dealt first and exactly; what comes last takes what is left
        assert np.abs(got - share * has.sum(axis=0))[:4].max() <= 2
        assert np.abs(got - share * has.sum(axis=0)).max() <= 0.02 * len(has)


def test_rare_classes_are_spread_better_than_by_chance():
    worse = 0
    for seed in range(20):
        has, sizes = drawn(300, seed)
        rng = np.random.default_rng(seed)
        ours = stratify(has, sizes, SHARES, rng)
        chance = rng.choice(3, size=300, p=SHARES)
        off = [
            sum(
                np.abs(has[side == split].sum(axis=0) - SHARES[split] * has.sum(axis=0))[:4].sum() for split in range(3)
            )
            for side in (ours, chance)
        ]
        worse += off[0] >= off[1]
    assert worse == 0


@settings(max_examples=50)
@given(
    arrays.arrays(np.int64, st.tuples(st.integers(1, 30), st.integers(1, 5)), elements=st.integers(0, 2)),
    st.integers(0, 2**32 - 1),
)
def test_each_group_gets_one_split_and_the_same_seed_the_same_split(counts, seed):
    sizes = np.maximum(counts.max(axis=1), 1)
    once, again = (stratify(counts, sizes, SHARES, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert ((once >= 0) & (once < 3)).all()


def test_equal_folds_are_of_equal_size():
    has, sizes = drawn(100, 0)
    chosen = stratify(has, sizes, np.full(5, 0.2), np.random.default_rng(0))
    assert set(np.bincount(chosen).tolist()) <= {19, 20, 21}
