"""`faceparse data split`: which pair goes where, written down."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from faceparse.console import log
from faceparse.errors import DataError, UsageError

if TYPE_CHECKING:
    from faceparse.data.manifest import Manifest

Dataset = Annotated[Path, tyro.conf.arg(metavar="DATASET")]
Out = Annotated[Path, tyro.conf.arg(metavar="OUT")]


def split(
    dataset: Dataset,
    out: Out,
    /,
    by: Annotated[str, tyro.conf.arg(metavar="METHOD")] = "hash",
    fractions: Annotated[str | None, tyro.conf.arg(metavar="SHARES")] = None,
    folds: Annotated[int | None, tyro.conf.arg(metavar="NUM")] = None,
    mapping: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None,
    seed: int = 0,
    json: bool = False,
) -> int:
    """Split the labelled pairs of a dataset and write down which is where, with hashes that later commands verify.

    Give the file it writes as --data. Copies of one photo stay on one side; a given split that has them on two is
    refused. Example: faceparse data split DATA split.json --by rare --fractions train=.8,val=.1,test=.1

    Args:
        dataset: dataset folder: a root with splits, which are pooled, or one split
        out: a file that ends in .json; or a new folder for a dataset so split (hard links where the disk has them)
        by: hash (a name keeps its side when data are added), rare (each split gets its share of every class, down to
            necklaces), official (CelebA's own, for names that are CelebA-HQ indices), folders (as they lie)
        fractions: shares of hash and rare; train=.8,val=.1,test=.1 unless given
        folds: so many equal folds instead: fold0, fold1, ...; train --train-splits fold0,fold1 validates on the others
        mapping: CelebA-HQ-to-CelebA-mapping.txt, for official
        seed: another seed, another split
        json: print one JSON object: pairs and images with each class of each split
    """
    from faceparse.console import print_json
    from faceparse.data.manifest import to_json
    from faceparse.data.split_folder import write_dataset
    from faceparse.data.splits import make_split
    from faceparse.files import write_atomically

    is_file = out.suffix == ".json"
    made, present = make_split(dataset, by, _shares(by, fractions, folds), seed, mapping, out if is_file else None)
    if is_file:
        text = to_json(made)
        if out.exists() and (out.is_dir() or out.read_text(errors="replace") != text):
            raise DataError(f"{out}: is there already and says otherwise; choose another OUT, or take it away")
        write_atomically(out, text)
    else:
        write_dataset(made, dataset, out)
    if json:
        print_json(_summary(made, present))
    else:
        _show(made, present)
    log.info("%s: %d pairs; give it as --data", out, len(made.pairs))
    return 0


def _shares(by: str, fractions: str | None, folds: int | None) -> dict[str, float]:
    from faceparse.data.splits import folds as equal_folds

    if by in ("official", "folders"):
        given = [name for name, value in (("--fractions", fractions), ("--folds", folds)) if value is not None]
        if given:
            raise UsageError(f"--by {by} has its own splits; leave {' and '.join(given)} out")
        return {}
    if folds is not None:
        if fractions is not None:
            raise UsageError("give --fractions or --folds, not both")
        return equal_folds(folds)
    text = fractions or "train=.8,val=.1,test=.1"
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        try:
            number = float(share)
        except ValueError:
            raise UsageError(f"--fractions {text}: '{part}', where NAME=SHARE is expected, such as val=.1") from None
        if name in shares:
            raise UsageError(f"--fractions {text}: names {name} twice")
        shares[name] = number
    return shares


def _counts(made: "Manifest", present: dict[str, tuple[int, ...]]) -> dict[str, Counter[int]]:
    """Images with each class, by split."""
    return {
        name: Counter(id for entry in entries for id in present[entry.image]) for name, entries in made.splits().items()
    }


def _summary(made: "Manifest", present: dict[str, tuple[int, ...]]) -> dict[str, object]:
    from faceparse.classes import NAMES

    counts = _counts(made, present)
    return {
        "method": made.method,
        "num_pairs": {name: len(entries) for name, entries in made.splits().items()},
        "num_copies": sum(entry.group != entry.image for entry in made.pairs),
        "images_with": {name: {NAMES[id]: count[id] for id in range(len(NAMES))} for name, count in counts.items()},
    }


def _show(made: "Manifest", present: dict[str, tuple[int, ...]]) -> None:
    from faceparse.classes import NAMES
    from faceparse.console import print_table

    counts = _counts(made, present)
    sizes = {name: len(entries) for name, entries in made.splits().items()}
    rows = [
        [NAMES[id], *(f"{count[id]} ({count[id] / sizes[name]:.1%})" for name, count in counts.items())]
        for id in sorted(range(1, len(NAMES)), key=lambda id: sum(count[id] for count in counts.values()))
    ]
    columns = [f"{name} ({size})" for name, size in sizes.items()]
    print_table("Images with each class, the rarest first", ["class", *columns], rows)
    copies = sum(entry.group != entry.image for entry in made.pairs)
    if copies:
        log.warning("%d photo(s) are copies of another; each stays on the side of the first", copies)
