"""`faceparse data ingest`: what others hold becomes a dataset folder."""

from pathlib import Path
from typing import Annotated

import tyro

from faceparse.console import log

Source = Annotated[Path, tyro.conf.arg(metavar="SOURCE")]
Out = Annotated[Path, tyro.conf.arg(metavar="OUT")]


def ingest(source: Source, out: Out, /) -> int:
    """Make a dataset folder of raw CelebAMask-HQ or of a challenge's release.

    Run it again to finish one that was stopped. Example: faceparse data ingest CelebAMask-HQ.zip celebamask

    Args:
        source: folder or zip with CelebA-HQ-img/ and CelebAMask-HQ-mask-anno/, or with train/images/ and train/masks/
        out: the dataset's folder to write
    """
    from faceparse.data.ingest import ingest

    done = ingest(source, out)
    splits = ", ".join(f"{num} in {split}" for split, num in done.num_images.items())
    if done.num_written:
        log.info("%s: %s is ready, a %s: images: %s", source, out, done.layout, splits)
    else:
        log.info("nothing to do: %s has everything of %s already; images: %s", out, source, splits)
    return 0
