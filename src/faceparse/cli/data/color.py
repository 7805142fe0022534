"""`faceparse data color`: label maps as pictures."""

from pathlib import Path
from typing import Annotated

import tyro

from faceparse.console import log, progress
from faceparse.errors import UsageError

In = Annotated[Path, tyro.conf.arg(metavar="IN")]
Out = Annotated[Path, tyro.conf.arg(metavar="OUT")]


def color(in_folder: In, out: Out, /, palette: str = "official") -> int:
    """Write label maps as pictures in the official colours, or in another palette; relabel takes them back.

    Example: faceparse data color submission/masks pictures

    Args:
        in_folder: folder of label maps (PNG), or a split's folder with masks/
        out: folder for the coloured PNGs, which keep their names
        palette: official, challenge-2025, bisenet, bisenet-bgr (as OpenCV writes it), maskgan or lapa; ids that a
            palette's order merges get one colour
    """
    from faceparse.data.conversions.palettes import find_palette, paint
    from faceparse.data.dataset import list_label_maps
    from faceparse.images import read_labels, write_image

    chosen = find_palette(palette)
    paths = list(list_label_maps(in_folder).values())
    if out.resolve() == paths[0].parent.resolve():
        raise UsageError(f"OUT ({out}) is where the files are read from; choose another folder")
    for merged in chosen.order.losses():
        log.warning("one colour for %s", merged)
    for path in progress(paths, "coloring"):
        write_image(out / f"{path.stem}.png", paint(read_labels(path), chosen))
    log.info("%d pictures in the palette '%s' are in %s", len(paths), palette, out)
    return 0
