"""`faceparse data color` and `relabel`: label maps in other forms."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import tyro

from faceparse.console import log, progress
from faceparse.errors import UsageError

In = Annotated[Path, tyro.conf.arg(metavar="IN")]
Out = Annotated[Path, tyro.conf.arg(metavar="OUT")]


def color(in_folder: In, out: Out, /) -> int:
    """Write label maps as pictures in the official colours.

    Example: faceparse data color submission/masks pictures

    Args:
        in_folder: folder of label maps (PNG), or a split's folder with masks/
        out: folder for the coloured PNGs, which keep their names
    """
    from faceparse.images import read_labels, write_image
    from faceparse.infer import render

    _for_each(in_folder, out, lambda path, target: write_image(target, render.color(read_labels(path))))
    return 0


def relabel(in_folder: In, out: Out, /) -> int:
    """Write masks in the official colours as label maps, whose pixels are class ids.

    Example: faceparse data relabel colored masks

    Args:
        in_folder: folder of coloured PNGs, or a split's folder with them in masks/
        out: folder for the label maps, which keep their names
    """
    from faceparse.data.conversions.colors import read_colored
    from faceparse.images import write_labels

    _for_each(in_folder, out, lambda path, target: write_labels(target, read_colored(path)))
    return 0


def _for_each(folder: Path, out: Path, work: Callable[[Path, Path], None]) -> None:
    """Call `work(path, target)` for each PNG of a folder; its files are never overwritten."""
    from faceparse.data.dataset import list_label_maps

    paths = list(list_label_maps(folder).values())
    if out.resolve() == paths[0].parent.resolve():
        raise UsageError(f"OUT ({out}) is where the files are read from; choose another folder")
    for path in progress(paths, "writing"):
        work(path, out / f"{path.stem}.png")
    log.info("%d files in %s", len(paths), out)
