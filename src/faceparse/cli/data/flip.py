"""`faceparse data flip`: a mirrored copy of a dataset."""

from pathlib import Path
from typing import Annotated

import tyro

from faceparse.console import log

Dataset = Annotated[Path, tyro.conf.arg(metavar="DATASET")]
Out = Annotated[Path, tyro.conf.arg(metavar="OUT")]


def flip(dataset: Dataset, out: Out, /, both: bool = False, json: bool = False) -> int:
    """Write a mirrored copy of a dataset, left and right exchanged in its label maps.

    Photos keep their names and formats: PNG and WebP are mirrored exactly, JPEG is written anew at quality 95 without
    chroma subsampling. Run it again to finish one that was stopped. Example: faceparse data flip DATA mirrored

    Args:
        dataset: dataset folder: a root with splits, or one split
        out: the copy's folder to write
        both: the originals as well, byte for byte, beside mirrored ones that are called NAME_flip
        json: print one JSON object with what was written
    """
    from faceparse.console import print_json
    from faceparse.data.conversions.flip import flip_dataset

    done = flip_dataset(dataset, out, both)
    if json:
        print_json(done.as_dict())
    counts = ", ".join(f"{num} in {split}" for split, num in done.num_images.items())
    log.info("%s: photos: %s; %d files written", out, counts, done.num_written)
    return 0
