import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from faceparse.classes import PALETTE
from faceparse.data.conversions.orders import ORDERS
from faceparse.data.conversions.palettes import PALETTES, paint
from faceparse.data.conversions.relabel import Form, relabel_folder
from faceparse.data.synthetic import make_face
from faceparse.errors import DataError, UsageError
from faceparse.images import read_labels, write_image, write_labels

EVERY = np.array([[*range(19), 255]], np.uint8)
maps = arrays.arrays(np.uint8, (2, 3), elements=st.integers(0, 18))
lossless = [name for name, order in ORDERS.items() if order.is_lossless] + ["parts"]


def folder_of(folder, **labels):
    for name, values in labels.items():
        write_labels(folder / f"{name}.png", values)
    return folder


@settings(max_examples=25)
@given(maps, st.sampled_from(lossless))
@example(np.full((2, 3), 9, np.uint8), "celebamask")  # a single colour fits two palettes, so the source is said
def test_every_lossless_form_comes_back_as_it_was(labels, form):
    with tempfile.TemporaryDirectory() as place:
        here, there, back = (Path(place) / name for name in ("here", "there", "back"))
        relabel_folder(folder_of(here, a=labels), there, source="celebamask", target=form)
        done = relabel_folder(there, back, source=form)
        assert done.num_written == 1
        np.testing.assert_array_equal(read_labels(back / "a.png"), labels)


def test_another_order_is_written_as_plain_grey_ids_and_an_order_may_become_another(tmp_path):
    folder_of(tmp_path / "ours", a=EVERY)
    relabel_folder(tmp_path / "ours", tmp_path / "bisenet", target="bisenet")
    with Image.open(tmp_path / "bisenet" / "a.png") as picture:
        assert picture.mode == "L"
        assert np.asarray(picture)[0, [6, 13, 19]].tolist() == [2, 17, 255]  # left brow, hair, ignored
    relabel_folder(tmp_path / "bisenet", tmp_path / "farl", source="bisenet", target="farl")
    np.testing.assert_array_equal(read_labels(tmp_path / "farl" / "a.png"), ORDERS["farl"].from_ours[EVERY])


@pytest.mark.parametrize("name", PALETTES)
def test_colours_of_any_palette_are_known_by_looking(name, tmp_path):
    write_image(tmp_path / "masks" / "a.png", paint(EVERY, PALETTES[name]))
    done = relabel_folder(tmp_path, tmp_path / "out")
    assert done.source == Form("palette", name)
    merged = PALETTES[name].order
    np.testing.assert_array_equal(read_labels(tmp_path / "out" / "a.png"), merged.to_ours[merged.from_ours[EVERY]])


def test_a_palette_picture_counts_by_its_colours_whatever_its_indices(tmp_path):
    picture = Image.fromarray(np.array([[0, 1]], np.uint8))
    picture.putpalette([0, 0, 204, 204, 0, 0])  # hair first, then skin
    picture.save(tmp_path / "a.png")
    relabel_folder(tmp_path, tmp_path / "out")
    np.testing.assert_array_equal(read_labels(tmp_path / "out" / "a.png"), [[13, 1]])


def test_a_name_of_an_order_and_a_palette_means_ids_where_there_are_ids_and_colours_where_there_are_colours(tmp_path):
    write_image(tmp_path / "colors" / "a.png", paint(EVERY, PALETTES["bisenet"]))
    relabel_folder(folder_of(tmp_path / "ours", a=EVERY), tmp_path / "ids", target="bisenet")
    for folder in ("colors", "ids"):
        relabel_folder(tmp_path / folder, tmp_path / "back" / folder, source="bisenet")
        np.testing.assert_array_equal(read_labels(tmp_path / "back" / folder / "a.png"), EVERY)


def test_raw_parts_are_known_by_their_names(tmp_path):
    (tmp_path / "3").mkdir()
    for suffix in ("skin", "hair"):
        Image.new("RGB", (3, 2), (255, 255, 255)).save(tmp_path / "3" / f"06001_{suffix}.png")
    done = relabel_folder(tmp_path, tmp_path / "out")
    assert done.source == Form("parts", "parts")
    assert set(read_labels(tmp_path / "out" / "06001.png").flat) == {13}


def test_grey_ids_need_an_owner(tmp_path):
    Image.fromarray(EVERY).save(tmp_path / "a.png")
    with pytest.raises(UsageError, match=r"ids already; whose are they\? such as: --from bisenet"):
        relabel_folder(tmp_path, tmp_path / "out")


def test_colours_that_two_palettes_read_differently_are_not_guessed(tmp_path):
    write_image(tmp_path / "a.png", np.array([[(255, 85, 0), (0, 85, 255)]], np.uint8))
    with pytest.raises(UsageError, match="bisenet-bgr and bisenet; say which one is meant with --from"):
        relabel_folder(tmp_path, tmp_path / "out")
    relabel_folder(tmp_path, tmp_path / "out", source="bisenet")
    np.testing.assert_array_equal(read_labels(tmp_path / "out" / "a.png"), [[1, 12]])


def test_what_cannot_be_read_is_left_out_and_told_and_the_others_are_written(tmp_path):
    folder_of(tmp_path, a=EVERY, b=EVERY)
    (tmp_path / "b.png").write_bytes((tmp_path / "b.png").read_bytes()[:60])
    Image.new("RGB", (2, 2), (1, 2, 3)).save(tmp_path / "c.png")
    write_labels(tmp_path / "d.png", EVERY)
    done = relabel_folder(tmp_path, tmp_path / "out", source="official")
    assert done.num_written == 2
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.png", "d.png"]
    message = str(done.error())
    assert "2 of 4 masks are left out, the others are written" in message
    assert "b.png: damaged" in message
    assert "c.png: colour (1, 2, 3)" in message


def test_masks_as_jpegs_are_read_with_a_tolerance_and_what_was_settled_is_told(tmp_path):
    _, labels = make_face(5, 0, 256)
    Image.fromarray(PALETTE[labels]).save(tmp_path / "a.jpg", quality=90)
    exact = relabel_folder(tmp_path, tmp_path / "exact")
    assert "--tolerance 12" in str(exact.error())
    done = relabel_folder(tmp_path, tmp_path / "out", tolerance=12.0)
    assert (done.source.name, done.faults, done.num_told, done.num_image_left) == ("official", (), 1, 0)
    assert (read_labels(tmp_path / "out" / "a.png") == labels).mean() > 0.985
    assert done.undecided["a"].settled > 0


def test_a_photo_is_not_taken_for_a_mask(tmp_path):
    image, _ = make_face(5, 0, 256)
    write_image(tmp_path / "a.jpg", image)
    done = relabel_folder(tmp_path, tmp_path / "out", source="official", tolerance=12.0)
    assert done.num_written == 0
    assert "where 50% are the limit; it is another palette or no mask" in str(done.error())


def test_maps_that_call_the_images_left_left_are_counted(tmp_path):
    _, labels = make_face(5, 0, 128)
    folder_of(tmp_path, right=labels, wrong=np.ascontiguousarray(labels[:, ::-1]))
    done = relabel_folder(tmp_path, tmp_path / "out")
    assert (done.num_told, done.num_image_left) == (2, 1)


def test_a_folder_that_holds_nothing_to_convert_is_refused(tmp_path):
    for source, message in ((None, "holds no label maps"), ("parts", "holds no pictures of parts")):
        with pytest.raises(DataError, match=message):
            relabel_folder(tmp_path, tmp_path / "out", source)
    with pytest.raises(DataError, match="no such folder"):
        relabel_folder(tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(UsageError, match="did you mean 'lapa'"):
        relabel_folder(tmp_path, tmp_path / "out", target="lappa")
    with pytest.raises(UsageError, match="written by: faceparse data color"):
        relabel_folder(tmp_path, tmp_path / "out", target="official")
    with pytest.raises(UsageError, match="--tolerance nan"):
        relabel_folder(tmp_path, tmp_path / "out", tolerance=float("nan"))


def test_two_masks_of_one_name_are_refused(tmp_path):
    folder_of(tmp_path, a=EVERY)
    buffer = io.BytesIO()
    Image.fromarray(PALETTE[EVERY % 19]).save(buffer, "JPEG")
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue())
    with pytest.raises(DataError, match="several files are called a;"):
        relabel_folder(tmp_path, tmp_path / "out")
