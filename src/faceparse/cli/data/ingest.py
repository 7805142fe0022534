"""`faceparse data ingest`: what others hold becomes a dataset folder."""

from pathlib import Path
from typing import Annotated

import tyro

from faceparse.console import print_json

Source = Annotated[Path, tyro.conf.arg(metavar="SOURCE")]
Out = Annotated[Path, tyro.conf.arg(metavar="OUT")]

_SHOWN = 10


def ingest(source: Source, out: Out, /, json: bool = False) -> int:
    """Make a dataset folder of CelebAMask-HQ, a challenge's release, MMSegmentation's layout, LaPa, Helen or photos.

    What SOURCE holds is found by looking. Run it again to finish one that was stopped. Pairs that cannot be read are
    left out and named; the exit code is then 1. Example: faceparse data ingest CelebAMask-HQ.zip celebamask

    Args:
        source: folder, zip or folder of zips; docs/data.md lists the layouts
        out: the dataset's folder to write
        json: print one JSON object instead of the summary
    """
    from dataclasses import asdict

    from faceparse.data.ingest import Ingested, ingest

    def summary(done: Ingested) -> list[str]:
        num = sum(done.num_images.values())
        lines = [f"{out}: {num:,} images of {source}, layout: {done.layout}"]
        for split, images in done.num_images.items():
            lines.append(f"  {split:<6}{images:>8,} {'photos alone' if split in done.unlabelled else 'pairs'}")
        if done.lacking:
            lines.append(f"label order '{done.order}'; classes it does not have: {', '.join(done.lacking)}")
        lines += [f"one class in it: {merged}" for merged in done.merged]
        lines += done.notes
        if done.left_out:
            lines += [f"left out ({len(done.left_out):,}):", *(f"  {fault}" for fault in done.left_out[:_SHOWN])]
        if len(done.left_out) > _SHOWN:
            lines.append(f"  and {len(done.left_out) - _SHOWN:,} more, all of them with --json")
        kept = f", {done.num_kept:,} of these names were there and kept" if done.num_kept else ""
        lines.append(
            f"{done.num_written:,} files written{kept}" if done.num_written else "nothing to do: all of it was there"
        )
        return lines

    done = ingest(source, out)
    if json:
        print_json(asdict(done))
    else:
        print("\n".join(summary(done)))
    return 1 if done.left_out else 0
