"""What is wrong with the masks of a zip, whoever made them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image as PillowImage

from faceparse.challenge.archive import Archive
from faceparse.challenge.rules import PALETTE_2025, SIDE, Fault
from faceparse.classes import NUM_CLASSES, PALETTE
from faceparse.errors import DataError, some_names
from faceparse.images import MAX_PIXELS, read_image
from faceparse.types import Labels

_GREYS = {
    int(PillowImage.new("RGB", (1, 1), tuple(map(int, color))).convert("L").getpixel((0, 0)))  # type: ignore[arg-type]
    for color in (*PALETTE, *PALETTE_2025[:16])
}
"""What `convert("L")` makes of the palettes' colours."""

_MAX_MASK_BYTES = 64 * 2**20


def faults_of_masks(archive: Archive, names: Sequence[str], images: Sequence[Path] | None) -> list[Fault]:
    """Every fault of the files that are to be masks; the same fault of many masks is told once, with their number.

    Args:
        names: their paths in the zip.
        images: the photos that they belong to; None where they are not at hand, then names are not compared and the
            challenge's size is expected.
    """
    found: dict[tuple[str, bool, str], list[str]] = defaultdict(list)
    photos = {path.stem: path for path in images or ()}
    masks = [name for name in names if name.endswith(".png")]
    for name in set(names) - set(masks):
        found["suffix", False, "called otherwise"].append(PurePosixPath(name).name)
    for name in masks:
        stem = PurePosixPath(name).stem
        if images is not None and stem not in photos:
            continue  # told with the names
        for fault in _faults_of_mask(archive, name, photos.get(stem)):
            found[fault.rule, fault.warning, fault.what].append(PurePosixPath(name).name)
    faults = [
        Fault(rule=rule, what=f"{len(which)} mask(s) {what}: {some_names(which)}", warning=warning)
        for (rule, warning, what), which in found.items()
    ]
    return [*_faults_of_names(masks, photos if images is not None else None), *faults]


def read_as_scored(content: bytes) -> Labels:
    """A mask as the 2025 score reads it: `convert("P")`.

    Raises:
        DataError: not a whole PNG.
    """
    return np.asarray(_opened(content).convert("P"))


def _faults_of_names(masks: Sequence[str], photos: Mapping[str, Path] | None) -> list[Fault]:
    if photos is None:
        if not masks:
            return [Fault(rule="names", what="holds no mask")]
        return [Fault(rule="names", what="names are not compared: give the photos with --images DIR", warning=True)]
    stems = {PurePosixPath(name).stem for name in masks}
    faults = []
    if missing := photos.keys() - stems:
        faults.append(Fault(rule="names", what=f"{len(missing)} image(s) without a mask: {some_names(missing)}"))
    if extra := stems - photos.keys():
        faults.append(Fault(rule="names", what=f"{len(extra)} mask(s) without an image: {some_names(extra)}"))
    return faults


def _faults_of_mask(archive: Archive, name: str, photo: Path | None) -> list[Fault]:
    if archive.size(name) > _MAX_MASK_BYTES:
        return [Fault(rule="readable", what=f"too large to be one ({_MAX_MASK_BYTES >> 20} MB are read)")]
    try:
        picture = _opened(archive.read(name))
    except DataError as error:
        return [Fault(rule="readable", what=str(error).removeprefix(f"{name}: "))]
    faults = []
    height, width = read_image(photo).shape[:2] if photo else (SIDE, SIDE)
    if picture.size != (width, height):
        faults.append(Fault(rule="size", what=f"{picture.width}×{picture.height} instead of {width}×{height}"))
    if picture.mode not in ("P", "L"):
        return [*faults, Fault(rule="channels", what=f"of mode {picture.mode}")]
    if picture.info.get("faceparse bits"):
        return [
            *faults,
            Fault(rule="channels", what=f"of {picture.info['faceparse bits']}-bit grey, which is read stretched"),
        ]
    return [*faults, *_faults_of_values(picture)]


def _faults_of_values(picture: PillowImage.Image) -> list[Fault]:
    values = np.unique(np.asarray(picture)).tolist()
    over = [value for value in values if value >= NUM_CLASSES]
    faults = []
    if over and set(values) <= _GREYS:
        what = f'damaged by convert("L"), which turns colours into greys ({", ".join(map(str, over[:3]))} …)'
        faults = [Fault(rule="ids", what=what)]
    elif picture.mode == "P" and _is_coded_by_color(picture, values):
        faults = [Fault(rule="channels", what="coded by colour: the palette shows other classes than the pixel values")]
    elif over:
        faults = [Fault(rule="ids", what=f"with ids over {NUM_CLASSES - 1}")]
    if picture.mode == "L":
        faults.append(Fault(rule="palette", what="grey without a palette (mode L)", warning=True))
    return faults


def _is_coded_by_color(picture: PillowImage.Image, values: Sequence[int]) -> bool:
    """Whether each value's colour is a class's official one, and not always that of the class whose id it is.

    Any other palette is only for show, and black is what entries are that nobody set.
    """
    palette = picture.getpalette() or []
    classes = {tuple(color): index for index, color in enumerate(PALETTE.tolist())}
    colors = {value: tuple(palette[3 * value : 3 * value + 3]) for value in values}
    shown = {value: classes.get(color) for value, color in colors.items() if color != (0, 0, 0)}
    return None not in shown.values() and any(value != index for value, index in shown.items())


def _opened(content: bytes) -> PillowImage.Image:
    """A PNG, decoded; in its info, the bits of a grey one that Pillow stretches."""
    try:
        with PillowImage.open(BytesIO(content), formats=["PNG"]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise DataError(f"of {picture.width * picture.height / 1e6:.0f} megapixels")
            bits = str(picture.tile[0][3]).partition(";")[2] if picture.mode == "L" else ""
            picture.load()
            picture.info["faceparse bits"] = bits
            return picture
    except DataError:
        raise
    except Exception as error:
        # Pillow's readers meet bytes that nobody checked: struct.error, SyntaxError, IndexError and more come out
        raise DataError("damaged, or no PNG") from error
