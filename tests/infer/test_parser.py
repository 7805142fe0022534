"""A photo goes in as a path, a picture or an array; labels, probabilities and parts come out at its own size."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import faceparse
from faceparse.classes import NAMES, NUM_CLASSES, PALETTE
from faceparse.errors import UsageError
from faceparse.infer.parser import LONGEST_SIDE, Parser, _enlarged_strips


@pytest.fixture(scope="module")
def parser(stand_in: Path) -> Parser:
    return faceparse.Parser.load(stand_in)


class Recorder:
    """A network that finds skin on the left, hair on the right, and notes the sizes it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, ...]] = []

    def labels(self, images: np.ndarray) -> np.ndarray:
        return self.probabilities(images).argmax(axis=1).astype(np.uint8)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        self.shown.append(images.shape)
        num, height, width, _ = images.shape
        probabilities = np.zeros((num, NUM_CLASSES, height, width), np.float32)
        probabilities[:, 1] = np.linspace(1, 0, width, dtype=np.float32)
        probabilities[:, 13] = 1 - probabilities[:, 1]
        return probabilities


def test_a_photo_gives_the_same_as_path_picture_and_array(parser: Parser, painted: np.ndarray, tmp_path: Path):
    photo = PALETTE[painted]
    Image.fromarray(photo).save(tmp_path / "photo.png")
    for given_as in (str(tmp_path / "photo.png"), tmp_path / "photo.png", Image.fromarray(photo), photo):
        parsed = parser(given_as)
        np.testing.assert_array_equal(parsed.labels, painted)
        np.testing.assert_array_equal(parsed.image, photo)


def test_a_picture_of_another_mode_is_parsed_as_what_it_shows(parser: Parser, painted: np.ndarray):
    picture = Image.fromarray(PALETTE[painted])
    for mode in ("P", "RGBA"):
        np.testing.assert_array_equal(parser(picture.convert(mode)).labels, painted)


def test_labels_are_upright_where_exif_turns_the_photo(parser: Parser, painted: np.ndarray, tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: stored rows are the upright photo's columns
    stored = Image.fromarray(PALETTE[np.rot90(painted)])
    stored.save(tmp_path / "photo.png", exif=exif)
    np.testing.assert_array_equal(parser(tmp_path / "photo.png").labels, painted)


def test_an_array_seen_from_the_other_side_is_parsed_as_it_looks(parser: Parser, painted: np.ndarray):
    np.testing.assert_array_equal(parser(PALETTE[painted][:, ::-1]).labels, painted[:, ::-1])


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (2000, 1), (37, 1025), (1024, 40), (1100, 800)])
def test_everything_has_the_photos_own_size(parser: Parser, size: tuple[int, int]):
    photo = np.full((*size, 3), PALETTE[13], np.uint8)
    parsed = parser(photo)
    assert (parsed.labels == 13).all()
    assert parsed.labels.shape == size
    assert parsed.labels.dtype == np.uint8
    assert parsed.probabilities.shape == (NUM_CLASSES, *size)
    assert parsed.probabilities.dtype == np.float32
    np.testing.assert_allclose(parsed.probabilities.sum(axis=0), 1, atol=1e-4)
    for picture, channels in ((parsed.color(), 3), (parsed.overlay(), 3), (parsed.cut_out("hair"), 4)):
        assert picture.shape == (*size, channels)
        assert picture.dtype == np.uint8


@pytest.mark.parametrize("size", [(96, 80), (1050, 700)])
def test_labels_are_the_most_probable_classes(size: tuple[int, int], parser: Parser, painted: np.ndarray):
    photo = np.asarray(Image.fromarray(PALETTE[painted]).resize(size[::-1], Image.Resampling.BICUBIC))
    parsed = parser(photo)
    np.testing.assert_array_equal(parsed.labels, parsed.probabilities.argmax(axis=0))


def test_a_large_photo_is_parsed_as_a_small_one_of_the_same_face(parser: Parser, painted: np.ndarray):
    large = np.kron(painted, np.ones((25, 25), np.uint8))
    # the average of two colours at an edge may look like a third part's colour, so that edges may differ
    assert (parser(PALETTE[large]).labels == large).mean() > 0.985


def test_the_network_sees_no_more_than_1024_pixels_a_side():
    recorder = Recorder()
    parser = Parser(recorder)
    for size in ((1500, 2000), (2000, 1500), (20_000, 3), (1024, 1024), (100, 1025)):
        parser(np.zeros((*size, 3), np.uint8))
    assert recorder.shown == [
        (1, *size, 3) for size in ((768, 1024), (1024, 768), (1024, 1), (1024, 1024), (100, 1024))
    ]
    assert max(max(size) for size in recorder.shown) == LONGEST_SIDE


def test_a_large_photo_never_holds_all_its_probabilities_in_memory():
    parser = Parser(Recorder())
    photo = np.zeros((2000, 3000, 3), np.uint8)
    tracemalloc.start()
    labels = parser(photo).labels
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (labels[:, :1490] == 1).all()
    assert (labels[:, 1510:] == 13).all()
    probabilities = 4 * NUM_CLASSES * labels.size
    assert peak < probabilities / 2


@given(
    seen=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    full=st.tuples(st.integers(1, 200), st.integers(1, 40)),
    seed=st.integers(0, 99),
)
def test_strips_are_the_rows_of_one_bilinear_resize(seen: tuple[int, int], full: tuple[int, int], seed: int):
    full = (max(seen[0], full[0]), max(seen[1], full[1]))
    coarse = np.random.default_rng(seed).random((NUM_CLASSES, *seen), dtype=np.float32)
    expected = coarse
    for axis in (1, 2):
        # by the definition: pixel i's centre lies at (i + .5) of the scale, minus the half of a coarse pixel
        centre = (np.arange(full[axis - 1]) + 0.5) * seen[axis - 1] / full[axis - 1] - 0.5
        centre = centre.clip(0, seen[axis - 1] - 1)
        low = np.floor(centre).astype(int)
        high = np.minimum(low + 1, seen[axis - 1] - 1)
        share = (centre - low).reshape([-1 if a == axis else 1 for a in range(3)])
        expected = np.take(expected, low, axis) * (1 - share) + np.take(expected, high, axis) * share
    strips = list(_enlarged_strips(coarse, full[1], full[0]))
    assert [row for rows, _ in strips for row in range(rows.start, rows.stop)] == list(range(full[0]))
    np.testing.assert_allclose(np.concatenate([strip for _, strip in strips], axis=1), expected, atol=1e-5)


def test_parts_are_asked_for_by_name_with_spaces_or_underscores(parser: Parser, painted: np.ndarray):
    parsed = parser(PALETTE[painted])
    for index, name in enumerate(NAMES):
        np.testing.assert_array_equal(parsed.part(name), painted == index)
        np.testing.assert_array_equal(parsed.part(name.replace(" ", "_")), painted == index)
    with pytest.raises(UsageError, match=r"unknown class 'left_eyes'; did you mean 'left eye'"):
        parsed.part("left_eyes")


def test_the_parts_of_a_photo_are_those_it_shows(parser: Parser):
    photo = np.zeros((8, 8, 3), np.uint8)
    photo[2:4], photo[4:] = PALETTE[14], PALETTE[1]
    assert parser(photo).parts == ["skin", "hat"]


def test_a_cut_out_shows_its_part_and_fades_at_the_edge(parser: Parser):
    labels = np.zeros((40, 40), np.uint8)
    labels[10:30, 10:30] = 13
    soft = np.asarray(Image.fromarray(PALETTE[labels]).resize((160, 160), Image.Resampling.BILINEAR))
    parsed = parser(soft)
    opacity = parsed.cut_out("hair")[..., 3]
    np.testing.assert_array_equal(opacity >= 128, parsed.part("hair"))
    assert opacity[80, 80] == 255
    assert opacity[0, 0] == 0
    assert ((opacity > 0) & (opacity < 255)).any()
    hidden = parsed.cut_out("hair")[opacity == 0]
    assert not hidden.any(), "what is cut away must not stay in the file"


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((8, 8, 3), np.float32),
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((0, 8, 3), np.uint8),
        np.zeros((1, 8, 8, 3), np.uint8),
    ],
)
def test_an_array_that_is_no_rgb_photo_is_refused(parser: Parser, array: np.ndarray):
    with pytest.raises(UsageError, match=r"where a photo is uint8 \(height, width, 3\)"):
        parser(array)


def test_parsing_is_the_same_every_time(stand_in: Path):
    photo = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    first, second = faceparse.Parser.load(stand_in), faceparse.Parser.load(stand_in, device="cpu")
    np.testing.assert_array_equal(first(photo).probabilities, second(photo).probabilities)
