"""Helen as Smith et al. hand it out: a soft picture per class, `labels/NAME/NAME_lbl00.png` to `NAME_lbl10.png`.

`exemplars.txt`, `tuning.txt` and `testing.txt` name the photos of its training, validation and test sets, a line each
(`12 , 100032540_1`). Source: "Exemplar-Based Face Parsing", CVPR 2013, and its data set's README.
"""

import re
from collections import defaultdict

from faceparse.data.conversions.orders import ORDERS
from faceparse.data.ingest.pairs import SoftPair
from faceparse.data.ingest.source import Source
from faceparse.errors import DataError, some_names

_PART = re.compile(r"((?:.*/)?)labels/([^/]+)/\2_lbl(\d\d)\.png", re.IGNORECASE)
_PHOTO = re.compile(r"((?:.*/)?)images/([^/]+)\.jpe?g", re.IGNORECASE)
_LISTS = {"exemplars.txt": "train", "tuning.txt": "val", "testing.txt": "test"}


def plan(source: Source) -> tuple[list[SoftPair], list[str]] | None:
    """Its pairs and what is left out, or None where the source is no such Helen.

    Raises:
        DataError: several such data sets, or none of the lists.
    """
    matches = [(match, name) for name in source.names if (match := _PART.fullmatch(name))]
    if not matches:
        return None
    roots = {match[1] for match, _ in matches}
    if len(roots) > 1:
        raise DataError(f"{source.path}: holds {len(roots)} data sets ({some_names(roots)}); give one of them")
    parts: dict[str, dict[int, str]] = defaultdict(dict)
    for match, name in matches:
        parts[match[2]][int(match[3])] = name
    photos = {match[2]: name for name in source.names if (match := _PHOTO.fullmatch(name)) and match[1] in roots}
    split_of = _read_lists(source, roots.pop())
    needed, pairs, faults = range(len(ORDERS["helen"].parts)), [], []
    for name in sorted(parts):
        if name not in photos:
            faults.append(f"{name}: has labels and no photo")
        elif not all(id in parts[name] for id in needed):
            faults.append(f"{name}: has {len(parts[name])} of {len(needed)} pictures of classes")
        else:
            chosen = tuple(parts[name][id] for id in needed)
            pairs.append(SoftPair(split_of.get(name, "train"), name, photos[name], chosen))
    faults += [f"{name}: has a photo and no labels" for name in sorted(photos.keys() - parts.keys())]
    return pairs, faults


def _read_lists(source: Source, root: str) -> dict[str, str]:
    split_of = {}
    for name in source.names:
        split = _LISTS.get(name.removeprefix(root).lower()) if name.startswith(root) else None
        if split:
            lines = source.read(name).decode(errors="replace").splitlines()
            split_of.update({line.rpartition(",")[2].strip(): split for line in lines if line.strip()})
    if not split_of:
        raise DataError(f"{source.path}: Helen's labels without {', '.join(_LISTS)}, which say who is trained on")
    return split_of
