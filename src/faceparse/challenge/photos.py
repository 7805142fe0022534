"""The photos whose masks a zip holds."""

from pathlib import Path

from faceparse.errors import DataError, some_names
from faceparse.images import list_images


def photos_to_parse(images: Path) -> list[Path]:
    """The photos of a folder (or of a split's `images/`), whose names become those of masks.

    Raises:
        DataError: no such folder, no photos, or two of one name.
    """
    if not images.is_dir():
        raise DataError(f"{images}: no such folder; expected the challenge's photos, as in --images DATA/test/images")
    inside = images / "images"
    photos = list_images(images) or (list_images(inside) if inside.is_dir() else [])
    if not photos:
        raise DataError(
            f"{images}: holds no photos (.jpg, .png, .webp); expected the challenge's, as in DATA/test/images"
        )
    stems = [photo.stem for photo in photos]
    if twice := {stem for stem in stems if stems.count(stem) > 1}:
        raise DataError(f"{images}: two photos of one name ({some_names(twice)}), whose masks would be one; rename one")
    return photos
