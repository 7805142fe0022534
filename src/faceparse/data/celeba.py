"""CelebA's own partition, which CelebAMask-HQ's official split follows.

Source: `list_eval_partition.txt` of CelebA, and `CelebA-HQ-to-CelebA-mapping.txt` of CelebAMask-HQ, whose second column
is the index that an image has in CelebA.
"""

_FIRST_VAL, _FIRST_TEST = 162_771, 182_638


def official_splits(mapping: str) -> dict[int, str]:
    """The split of each photo of CelebAMask-HQ, by its index, from the mapping file's text."""
    rows = [line.split() for line in mapping.splitlines()]
    originals = {
        int(row[0]): int(row[1]) for row in rows if len(row) >= 2 and all(cell.isdecimal() for cell in row[:2])
    }
    return {
        index: "train" if original < _FIRST_VAL else "val" if original < _FIRST_TEST else "test"
        for index, original in originals.items()
    }
