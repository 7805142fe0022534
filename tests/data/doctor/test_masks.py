"""A mask's form: what is wrong with it is told, and its ids are found where its colours tell them."""

import io

import numpy as np
import pytest
from PIL import Image

from faceparse.classes import PALETTE
from faceparse.data.doctor.masks import read_mask
from faceparse.data.synthetic import make_face
from faceparse.images import encode_labels

CHALLENGE_2025 = [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0)] + [(i, i, i) for i in range(4, 256)]


@pytest.fixture(scope="module")
def labels():
    return make_face(5, 1, 96)[1]


def saved(tmp_path, picture, **options):
    picture.save(tmp_path / "mask.png", **options)
    return tmp_path / "mask.png"


def with_palette(values, palette):
    picture = Image.fromarray(values)
    picture.putpalette(np.array(palette, np.uint8).tobytes())
    return picture


@pytest.mark.parametrize("palette", [PALETTE.tolist(), CHALLENGE_2025, None], ids=["official", "2025", "grey"])
def test_ids_are_fine_under_any_palette_that_shows_other_colours(labels, palette, tmp_path):
    reading = read_mask(saved(tmp_path, Image.fromarray(labels) if palette is None else with_palette(labels, palette)))
    assert reading.kind is None
    np.testing.assert_array_equal(reading.labels, labels)


def test_a_palette_of_black_alone_says_nothing(labels, tmp_path):
    assert read_mask(saved(tmp_path, with_palette(labels, np.zeros((256, 3))))).kind is None


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_official_colours_are_another_mode_whose_ids_are_known(labels, mode, tmp_path):
    reading = read_mask(saved(tmp_path, Image.fromarray(PALETTE[labels]).convert(mode)))
    assert reading.kind == "wrong_mode"
    assert mode in reading.detail
    assert "faceparse data relabel" in reading.detail
    np.testing.assert_array_equal(reading.labels, labels)


def test_colours_of_no_class_are_told_with_one_of_them(tmp_path):
    reading = read_mask(saved(tmp_path, Image.new("RGB", (8, 8), (1, 2, 3))))
    assert (reading.kind, reading.labels) == ("wrong_mode", None)
    assert "(1, 2, 3)" in reading.detail


def test_ids_in_three_equal_channels_or_16_bits_are_ids(labels, tmp_path):
    for picture in (Image.fromarray(np.dstack([labels] * 3)), Image.fromarray(labels.astype(np.uint16))):
        reading = read_mask(saved(tmp_path, picture))
        assert reading.kind == "wrong_mode"
        np.testing.assert_array_equal(reading.labels, labels)


@pytest.mark.parametrize("picture", [Image.new("I;16", (8, 8), 40000), Image.new("1", (8, 8), 1)])
def test_other_bits_that_are_no_ids_are_left_undecided(picture, tmp_path):
    reading = read_mask(saved(tmp_path, picture))
    assert (reading.kind, reading.labels) == ("wrong_mode", None)


def test_four_bit_grey_is_not_stretched_to_ids(tmp_path):
    values = np.arange(16, dtype=np.uint8).reshape(4, 4)
    reading = read_mask(saved(tmp_path, Image.fromarray(values), bits=4))
    assert reading.kind == "wrong_mode"
    assert reading.labels is None
    assert "4-bit grey" in reading.detail


def test_a_palette_turned_grey_is_recognised(labels, tmp_path):
    reading = read_mask(saved(tmp_path, Image.open(io.BytesIO(encode_labels(labels))).convert("L")))
    assert (reading.kind, reading.labels) == ("wrong_ids", None)
    assert 'convert("L")' in reading.detail
    assert "61" in reading.detail  # skin


def test_wrong_ids_are_counted_and_named(tmp_path):
    values = np.zeros((8, 8), np.uint8)
    values[0, :3], values[1, 0], values[2, 0] = 19, 200, 255
    reading = read_mask(saved(tmp_path, Image.fromarray(values)))
    assert reading.kind == "wrong_ids"
    assert reading.detail.startswith("4 pixels hold 19, 200, where ids are 0 to 18")


def test_smooth_values_are_told_from_another_order(tmp_path):
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert "nearest neighbour" in read_mask(saved(tmp_path, Image.fromarray(values))).detail


def test_official_colours_under_other_ids_are_a_wrong_palette(labels, tmp_path):
    # what quantising a coloured mask gives
    order = np.random.default_rng(0).permutation(19)
    table = np.argsort(order).astype(np.uint8)
    reading = read_mask(saved(tmp_path, with_palette(table[labels], PALETTE[order])))
    assert reading.kind == "wrong_palette"
    np.testing.assert_array_equal(reading.labels, labels)
    # ids over 18 as well
    far = np.zeros((256, 3), np.uint8)
    far[200:219] = PALETTE
    reading = read_mask(saved(tmp_path, with_palette(labels + 200, far)))
    assert reading.kind == "wrong_palette"
    np.testing.assert_array_equal(reading.labels, labels)


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x89PNG\r\n\x1a\n"], ids=["empty", "text", "cut off"])
def test_what_is_no_picture_is_unreadable(content, tmp_path):
    (tmp_path / "mask.png").write_bytes(content)
    assert read_mask(tmp_path / "mask.png").kind == "unreadable_mask"


def test_every_cut_of_a_mask_is_a_reading(labels, tmp_path):
    whole = encode_labels(labels)
    for end in range(0, len(whole) - 12, 97):
        (tmp_path / "mask.png").write_bytes(whole[:end])
        assert read_mask(tmp_path / "mask.png").kind == "unreadable_mask"


def test_a_jpeg_named_png_and_a_folder_are_unreadable(labels, tmp_path):
    Image.fromarray(labels).save(tmp_path / "mask.png", "JPEG")
    assert "JPEG" in read_mask(tmp_path / "mask.png").detail
    (tmp_path / "folder.png").mkdir()
    assert "a folder" in read_mask(tmp_path / "folder.png").detail
