"""Splits that each get their share of every class, however rare."""

import numpy as np
from jaxtyping import Bool, Float64, Int64


def stratify(
    counts: Int64[np.ndarray, "groups classes"],
    sizes: Int64[np.ndarray, " groups"],
    shares: Float64[np.ndarray, " splits"],
    rng: np.random.Generator,
) -> Int64[np.ndarray, " groups"]:
    """Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011, algorithm 1), for groups that stay together.

    Again and again, the class that the fewest pairs without a split have is taken, and each of its groups goes to the
    split that still wants most of that class; of those that want as many, to the one that wants most pairs. Ties are
    drawn. Large groups go first.

    Args:
        counts: pairs of each group that have each class.
        sizes: pairs of each group.
        shares: of each split; they sum to 1.

    Returns:
        The index of each group's split.
    """
    wanted = shares[:, None] * counts.sum(axis=0)
    wanted_pairs = shares * sizes.sum()
    chosen = np.full(len(counts), -1, dtype=np.int64)
    order = rng.permutation(len(counts))
    order = order[np.argsort(-sizes[order], kind="stable")]
    open_groups: Bool[np.ndarray, " groups"] = np.ones(len(counts), dtype=bool)
    while open_groups.any():
        left = counts[open_groups].sum(axis=0)
        rarest = int(np.argmin(np.where(left > 0, left, np.iinfo(np.int64).max))) if left.any() else None
        for group in order[open_groups[order]]:
            if rarest is not None and not counts[group, rarest]:
                continue
            want = wanted_pairs if rarest is None else wanted[:, rarest]
            best = np.flatnonzero(want >= want.max() - 1e-9)
            best = best[wanted_pairs[best] >= wanted_pairs[best].max() - 1e-9]
            split = int(rng.choice(best))
            chosen[group] = split
            wanted[split] -= counts[group]
            wanted_pairs[split] -= sizes[group]
            open_groups[group] = False
    return chosen
