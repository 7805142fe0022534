"""A split as folders: a dataset whose `train/`, `val/` and so on are those of a manifest."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from faceparse.data.conversions.flip import refuse_overlap
from faceparse.data.manifest import MANIFEST, Manifest, to_json
from faceparse.errors import DataError
from faceparse.files import folder_written_whole, write_atomically


def write_dataset(manifest: Manifest, dataset: Path, out: Path) -> None:
    """Write a dataset whose splits are folders, with its manifest: hard links, or copies where those cannot be made.

    Raises:
        DataError: `out` is there already, or two pairs of one split share a name.
        UsageError: `out` lies in the dataset, or the dataset in it.
    """
    refuse_overlap(dataset, out)
    if out.exists():
        raise DataError(f"{out}: is there already; choose another OUT, or take it away")
    with folder_written_whole(out) as folder:
        moved = []
        for entry in manifest.pairs:
            image = f"{entry.split}/images/{Path(entry.image).name}"
            mask = f"{entry.split}/masks/{Path(entry.mask).name}"
            for source, target in ((entry.image, image), (entry.mask, mask)):
                (folder / target).parent.mkdir(parents=True, exist_ok=True)
                _link(dataset / source, folder / target)
            moved.append(replace(entry, image=image, mask=mask))
        new = {before.image: after.image for before, after in zip(manifest.pairs, moved, strict=True)}
        pairs = tuple(replace(entry, group=new[entry.group]) for entry in moved)
        write_atomically(folder / MANIFEST, to_json(replace(manifest, dataset=".", pairs=pairs)))


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError as error:
        raise DataError(f"{target.parent.parent.name}: two pairs have the file {target.name}; rename one") from error
    except OSError:  # another disk, or one that has no hard links
        shutil.copyfile(source, target)
