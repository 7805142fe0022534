"""Photos of every kind become upright RGB, or one sentence; label maps hold ids or are refused."""

import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from faceparse import images
from faceparse.classes import NUM_CLASSES, PALETTE
from faceparse.errors import DataError

RGB = np.kron(np.random.default_rng(0).integers(0, 256, (6, 5, 3)), np.ones((8, 8, 1))).astype(np.uint8)
HEIGHT, WIDTH, _ = RGB.shape


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(rows: np.ndarray, bits: int, color_type: int, width: int, extra: bytes = b"", height: int = 0) -> bytes:
    """A PNG from packed rows (uint8), for bit depths that Pillow does not write and heights that are not true."""
    header = struct.pack(">IIBBBBB", width, height or len(rows), bits, color_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def sixteen_bits(values: np.ndarray) -> np.ndarray:
    return (values.astype(np.uint16) * 257).astype(">u2").reshape(len(values), -1).view(np.uint8)


def one_line(error: DataError) -> None:
    assert "\n" not in str(error)


def grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(values[..., None], 3, axis=2)


OPAQUE = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
PICTURE = Image.fromarray(RGB)
LUMA = np.asarray(PICTURE.convert("L"))
PALETTED = PICTURE.quantize(8)
HOLES = PALETTED.convert("RGBA")
HOLES_OVER_WHITE = np.where((np.asarray(PALETTED) == 2)[..., None], 255, np.asarray(PALETTED.convert("RGB")))

LOSSLESS = {
    "RGB PNG": (encoded(PICTURE, "PNG"), RGB),
    "lossless WebP": (encoded(PICTURE, "WEBP", lossless=True), RGB),
    "grey PNG": (encoded(PICTURE.convert("L"), "PNG"), grey(LUMA)),
    "1-bit PNG": (encoded(PICTURE.convert("1"), "PNG"), np.asarray(PICTURE.convert("1").convert("RGB"))),
    "palette PNG": (encoded(PALETTED, "PNG"), np.asarray(PALETTED.convert("RGB"))),
    "palette PNG with a transparent colour": (encoded(PALETTED, "PNG", transparency=2), HOLES_OVER_WHITE),
    "16-bit RGB PNG": (png(sixteen_bits(RGB), 16, 2, WIDTH), RGB),
    "16-bit RGBA PNG": (png(sixteen_bits(np.dstack([RGB, OPAQUE])), 16, 6, WIDTH), RGB),
    "16-bit grey PNG": (png(sixteen_bits(LUMA), 16, 0, WIDTH), grey(LUMA)),
    "16-bit grey PNG with alpha": (png(sixteen_bits(np.dstack([LUMA, OPAQUE])), 16, 4, WIDTH), grey(LUMA)),
    "first picture of an APNG": (encoded(PICTURE, "PNG", save_all=True, append_images=[PICTURE.rotate(90)]), RGB),
    "first picture of an animated WebP": (
        encoded(PICTURE, "WEBP", lossless=True, save_all=True, append_images=[PICTURE.rotate(180)]),
        RGB,
    ),
}


@pytest.mark.parametrize("kind", LOSSLESS)
def test_every_lossless_kind_of_photo_becomes_its_rgb(kind: str):
    data, expected = LOSSLESS[kind]
    read = images.read_image(data)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_of_every_colour_model_keeps_its_colours(mode: str, progressive: bool):
    # Adobe's CMYK is stored inverted: read the wrong way, it is off by far more than JPEG's loss
    smooth = Image.fromarray(RGB[:2, :2]).resize((64, 48), Image.Resampling.BILINEAR).convert(mode)
    data = encoded(smooth, "JPEG", quality=95, progressive=progressive)
    difference = images.read_image(data).astype(int) - np.asarray(smooth.convert("RGB"))
    assert np.abs(difference).max() < 12


def test_transparency_is_laid_over_white():
    half = np.dstack([np.zeros((2, 2, 3), np.uint8), np.array([[0, 255], [128, 0]], np.uint8)])
    for kind in ("PNG", "WEBP"):
        read = images.read_image(encoded(Image.fromarray(half), kind, lossless=True, exact=True))
        np.testing.assert_array_equal(read[..., 0], [[255, 0], [127, 255]])


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "P", "PA", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "I", "F"]
)
def test_a_pillow_picture_of_any_mode_becomes_rgb(mode: str):
    picture = Image.new("L", (4, 3), 255)
    for step in {"La": ["LA", "La"], "PA": ["P", "PA"], "RGBa": ["RGBA", "RGBa"], "HSV": ["RGB", "HSV"]}.get(
        mode, [mode]
    ):
        picture = picture.convert(step)
    read = images.to_rgb(picture)
    assert read.shape == (3, 4, 3)
    assert read.min() >= 254


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exif_orientation_is_undone(kind: str, orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    # what a camera held at this orientation stores, by EXIF's own words: where the 0th row and column are
    stored = {
        1: RGB,
        2: RGB[:, ::-1],
        3: RGB[::-1, ::-1],
        4: RGB[::-1],
        5: RGB.transpose(1, 0, 2),
        6: RGB.transpose(1, 0, 2)[::-1],
        7: RGB.transpose(1, 0, 2)[::-1, ::-1],
        8: RGB.transpose(1, 0, 2)[:, ::-1],
    }[orientation]
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    read = images.read_image(encoded(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif, **options))
    assert read.shape == RGB.shape
    assert np.abs(read.astype(int) - RGB).max() <= (4 if kind == "JPEG" else 0)


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage!", b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x01\x02", b"Exif\0\0"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_photo_with_broken_exif_is_still_a_photo(kind: str, exif: bytes):
    assert images.read_image(encoded(PICTURE, kind, exif=exif)).shape == RGB.shape

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # opening it is the caller's business here
        picture = Image.open(io.BytesIO(encoded(PICTURE, kind, exif=exif)))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert images.to_rgb(picture).shape == RGB.shape
    assert not said


def test_32_bit_grey_is_taken_for_16_bits_where_its_values_ask_for_that():
    for values, expected in (([0, 128, 255], [0, 128, 255]), ([-5, 32_896, 70_000], [0, 128, 255])):
        picture = Image.fromarray(np.array([values], np.int32))
        np.testing.assert_array_equal(images.to_rgb(picture)[0, :, 0], expected)


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (2000, 1)])
def test_a_photo_may_be_one_pixel_wide(size: tuple[int, int]):
    for kind in ("PNG", "JPEG", "WEBP"):
        assert images.read_image(encoded(Image.new("RGB", size), kind)).shape == (size[1], size[0], 3)


SMALL = Image.fromarray(np.random.default_rng(1).integers(0, 256, (20, 30, 3)).astype(np.uint8))
CUT = {kind: encoded(SMALL, kind) for kind in ("PNG", "JPEG", "WEBP")}


@pytest.mark.parametrize("kind", CUT)
def test_a_photo_cut_off_anywhere_is_told_or_read_whole(kind: str):
    whole = images.read_image(CUT[kind])
    told = 0
    for length in range(len(CUT[kind])):
        try:
            np.testing.assert_array_equal(images.read_image(CUT[kind][:length]), whole)
        except DataError as error:
            told += 1
            one_line(error)
    # only a file's closing words may be missing without loss
    assert told >= len(CUT[kind]) - 24


@given(
    kind=st.sampled_from(sorted(CUT)),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8),
)
def test_changed_bytes_never_give_anything_but_a_photo_or_a_sentence(kind: str, changes: list[tuple[int, int]]):
    data = bytearray(CUT[kind])
    for place, value in changes:
        data[place % len(data)] = value
    for read in (images.read_image, images.read_labels):
        try:
            read(bytes(data))
        except DataError as error:
            one_line(error)


def test_a_picture_of_900_megapixels_is_refused_before_it_is_decoded():
    with pytest.raises(DataError, match=r"900 megapixels, where 100 are the limit"):
        images.read_image(png(RGB, 8, 2, 30_000, height=30_000))
    # Pillow only warns between its limit and ours, and ours is what counts
    with pytest.raises(DataError, match=r"102 megapixels, where 100 are the limit"):
        images.read_image(png(RGB, 8, 2, 30_000, height=3_400))


def test_a_large_tiff_and_a_jpeg_2000_are_named():
    for start, kind in ((b"II+\0\x08\0\0\0", "TIFF"), (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000")):
        with pytest.raises(DataError, match=f"a {kind} file, where a PNG, JPEG or WebP is expected; convert it first"):
            images.read_image(start + bytes(64))


@pytest.mark.parametrize(("name", "kind"), [("me.png", "JPEG"), ("me.jpg", "PNG"), ("me.webp", "JPEG")])
def test_a_file_is_what_it_holds_whatever_its_name_says(name: str, kind: str, tmp_path: Path):
    (tmp_path / name).write_bytes(encoded(PICTURE, kind))
    assert np.abs(images.read_image(tmp_path / name).astype(int) - RGB).mean() < 40


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "PDF"])
def test_other_kinds_of_picture_are_named(kind: str):
    with pytest.raises(DataError, match=f"a {kind} file, where a PNG, JPEG or WebP is expected; convert it first"):
        images.read_image(encoded(PICTURE, kind))


@pytest.mark.parametrize("kind", ["GIF", "TIFF"])
def test_files_of_several_pictures_are_named_by_their_kind(kind: str):
    several = encoded(PICTURE, kind, save_all=True, append_images=[PICTURE.rotate(90), PICTURE.rotate(180)])
    with pytest.raises(DataError, match=f"a {kind} file, where a PNG, JPEG or WebP is expected; convert it first"):
        images.read_image(several)


def test_previews_that_cameras_put_into_a_jpeg_make_no_second_picture():
    data = encoded(PICTURE, "MPO", save_all=True, append_images=[PICTURE.resize((8, 8))])
    assert images.num_pictures(data) == 1
    assert images.read_image(data).shape == RGB.shape


@pytest.mark.parametrize(("kind", "num"), [("PNG", 3), ("WEBP", 3)])
def test_pictures_of_an_animated_file_are_counted(kind: str, num: int):
    more = [PICTURE.rotate(90), PICTURE.rotate(180)]
    assert images.num_pictures(encoded(PICTURE, kind, save_all=True, append_images=more)) == num
    assert images.num_pictures(encoded(PICTURE, kind)) == 1


@pytest.mark.parametrize(
    ("brand", "said"),
    [
        (b"heic", "a HEIC file, where a PNG, JPEG or WebP is expected; save it as JPEG first"),
        (b"mif1", "a HEIC file, where a PNG, JPEG or WebP is expected; save it as JPEG first"),
        (b"avif", "an AVIF file, where a PNG, JPEG or WebP is expected; convert it first"),
        (b"isom", "a video file, where a PNG, JPEG or WebP is expected; parse it with: faceparse video"),
    ],
)
def test_what_phones_write_is_named(brand: bytes, said: str):
    with pytest.raises(DataError, match=said):
        images.read_image(b"\0\0\0\x1cftyp" + brand + bytes(64))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "a folder"),
        (lambda path: path.write_bytes(b""), "empty file"),
        (lambda path: path.write_text("hello"), "not a PNG, JPEG or WebP picture"),
        (lambda path: path.write_bytes(CUT["JPEG"][:12]), "damaged or cut off"),
        (os.mkfifo, "not a regular file"),
    ],
)
def test_a_path_that_is_no_photo_is_told_by_name(make, said: str, tmp_path: Path):
    path = tmp_path / "photo.jpg"
    make(path)
    with pytest.raises(DataError, match=f"photo.jpg: .*{said}"):
        images.read_image(path)


def test_a_photo_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "photo.png").write_bytes(CUT["PNG"])
    monkeypatch.setattr(images.PillowImage, "open", refuse)
    with pytest.raises(DataError, match=r"photo.png: cannot be read \(permission denied\)"):
        images.read_image(tmp_path / "photo.png")


def test_folders_list_photos_by_name_without_hidden_and_other_files(tmp_path: Path):
    for name in ("b.PNG", "a.jpg", ".c.jpg", "d.txt", "e.webp", "f.jpeg"):
        (tmp_path / name).touch()
    assert [path.name for path in images.list_images(tmp_path)] == ["a.jpg", "b.PNG", "e.webp", "f.jpeg"]


LABELS = np.arange(24, dtype=np.uint8).reshape(4, 6) % NUM_CLASSES


def test_label_maps_are_read_from_grey_and_from_palette(tmp_path: Path):
    with_ignored = LABELS.copy()
    with_ignored[0, 0] = 255
    images.write_labels(tmp_path / "mask.png", with_ignored)
    np.testing.assert_array_equal(images.read_labels(tmp_path / "mask.png"), with_ignored)
    np.testing.assert_array_equal(images.read_labels(encoded(Image.fromarray(LABELS), "PNG")), LABELS)


def test_a_written_label_map_shows_the_official_colours():
    shown = images.read_image(images.encode_labels(LABELS))
    np.testing.assert_array_equal(shown, PALETTE[LABELS])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            encoded(Image.fromarray(PALETTE[LABELS]), "PNG"),
            "mode RGB, where a label map needs one 8-bit channel of ids",
        ),
        (encoded(Image.fromarray(PALETTE[LABELS]).convert("RGBA"), "PNG"), "mode RGBA"),
        (encoded(Image.fromarray(LABELS.astype(np.uint16)), "PNG"), "mode I;16"),
        (encoded(Image.fromarray(LABELS * 13), "PNG"), "holds id 234, where ids are 0 to 18"),
        (encoded(Image.fromarray(LABELS > 0), "PNG"), "mode 1"),
        (encoded(Image.fromarray(LABELS), "JPEG"), "a JPEG file, where a PNG is expected"),
        (png(np.array([[0x12]], np.uint8), 4, 0, 2), "4-bit grey"),
        (encoded(Image.fromarray(LABELS), "PNG")[:60], "damaged or cut off"),
    ],
)
def test_a_mask_that_holds_no_ids_is_refused_by_name(data: bytes, said: str):
    with pytest.raises(DataError, match=f"mask.png: .*{said}"):
        images.read_labels(data, "mask.png")


def test_ids_packed_in_four_bits_of_palette_are_read():
    palette = chunk(b"PLTE", bytes(48))
    np.testing.assert_array_equal(images.read_labels(png(np.array([[0x12]], np.uint8), 4, 3, 2, palette)), [[1, 2]])


def test_the_size_is_read_without_the_pixels(tmp_path: Path):
    (tmp_path / "cut.png").write_bytes(CUT["PNG"][:60])
    assert images.read_size(tmp_path / "cut.png") == (30, 20)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_photos_are_written_in_the_format_their_name_says(suffix: str, tmp_path: Path):
    images.write_image(tmp_path / f"photo{suffix}", RGB)
    with Image.open(tmp_path / f"photo{suffix}") as picture:
        assert picture.format == {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP"}[suffix]
    assert images.read_image(tmp_path / f"photo{suffix}").shape == RGB.shape
