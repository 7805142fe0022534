"""What a set's masks mean is seen from the masks: colours, orders, sides."""

import numpy as np
import pytest
from PIL import Image

from faceparse.classes import PALETTE, mirror_lookup
from faceparse.data.conversions.orders import ORDERS
from faceparse.data.conversions.palettes import PALETTES, paint
from faceparse.data.ingest import ingest
from faceparse.errors import FaceparseError


def lay_out(root, faces, save, mask_of):
    for name, (photo, labels) in faces.items():
        save(root / "train" / "images" / f"{name}.jpg", photo)
        save(root / "train" / "masks" / f"{name}.png", mask_of(labels))


def assert_same_maps(out, faces, maps, expected=lambda labels: labels):
    found = maps(out)
    assert len(found) == len(faces)
    for name, (_, labels) in faces.items():
        np.testing.assert_array_equal(found[f"train/{name}"], expected(labels))


@pytest.mark.parametrize("order", ["celebamask", "bisenet", "farl"])
def test_another_label_order_is_seen_by_where_the_parts_lie(order, faces, save, maps, tmp_path):
    lay_out(tmp_path / "set", faces, save, lambda labels: ORDERS[order].from_ours[labels])
    done = ingest(tmp_path / "set", tmp_path / "out")
    assert done.order == order
    assert_same_maps(tmp_path / "out", faces, maps)


@pytest.mark.parametrize("palette", [name for name in PALETTES if name != "lapa"])
def test_coloured_masks_become_ids_whatever_the_palette(palette, faces, save, maps, tmp_path):
    lay_out(tmp_path / "set", faces, save, lambda labels: paint(labels, PALETTES[palette]))
    done = ingest(tmp_path / "set", tmp_path / "out")
    assert any("coloured" in note for note in done.notes)
    assert_same_maps(tmp_path / "out", faces, maps)


def test_lapas_colours_become_the_classes_that_lapa_has(faces, save, maps, tmp_path):
    lay_out(tmp_path / "set", faces, save, lambda labels: paint(labels, PALETTES["lapa"]))
    done = ingest(tmp_path / "set", tmp_path / "out")
    assert (done.order, "hat" in done.lacking) == ("lapa", True)
    lapa = ORDERS["lapa"]
    assert_same_maps(tmp_path / "out", faces, maps, lambda labels: lapa.to_ours[lapa.from_ours[labels]])


def test_grey_saved_as_rgb_is_ids(faces, save, maps, tmp_path):
    lay_out(tmp_path / "set", faces, save, lambda labels: np.repeat(labels[..., None], 3, axis=2))
    ingest(tmp_path / "set", tmp_path / "out")
    assert_same_maps(tmp_path / "out", faces, maps)


def test_an_indexed_picture_whose_indices_mean_nothing_is_read_by_its_colours(faces, save, maps, tmp_path):
    lay_out(tmp_path / "set", faces, save, lambda labels: labels)
    for name, (_, labels) in faces.items():
        shifted = Image.fromarray(labels + np.uint8(100))
        shifted.putpalette(bytes(300) + PALETTE.tobytes())
        shifted.save(tmp_path / "set" / "train" / "masks" / f"{name}.png")
    ingest(tmp_path / "set", tmp_path / "out")
    assert_same_maps(tmp_path / "out", faces, maps)


def test_a_good_mask_is_copied_and_only_a_coloured_one_rewritten(faces, save, maps, tmp_path):
    lay_out(tmp_path / "set", faces, save, lambda labels: labels)
    save(tmp_path / "set" / "train" / "masks" / "face3.png", PALETTE[faces["face3"][1]])
    ingest(tmp_path / "set", tmp_path / "out")
    assert_same_maps(tmp_path / "out", faces, maps)
    for path in (tmp_path / "set" / "train" / "masks").iterdir():
        is_same = path.read_bytes() == (tmp_path / "out" / "train" / "masks" / path.name).read_bytes()
        assert is_same == (path.stem != "face3")


def test_colours_of_no_palette_are_refused_with_the_remedy(faces, save, tmp_path):
    lay_out(tmp_path / "set", faces, save, lambda labels: 255 - PALETTE[labels])
    with pytest.raises(FaceparseError, match=r"in no palette that is known .*faceparse data relabel"):
        ingest(tmp_path / "set", tmp_path / "out")


def test_masks_in_an_order_that_no_release_has_are_told(faces, save, tmp_path):
    lay_out(tmp_path / "set", faces, save, lambda labels: ORDERS["merged"].from_ours[labels])
    assert any("do not lie as in faces" in note for note in ingest(tmp_path / "set", tmp_path / "out").notes)
    lay_out(tmp_path / "good", faces, save, lambda labels: labels)
    assert not ingest(tmp_path / "good", tmp_path / "fine").notes


def test_masks_that_are_jpegs_are_left_out_with_the_remedy(faces, save, tmp_path):
    lay_out(tmp_path / "set", faces, save, lambda labels: labels)
    name, (_, labels) = next(iter(faces.items()))
    Image.fromarray(paint(labels, PALETTES["official"])).save(tmp_path / "set/train/masks" / f"{name}.png", "JPEG")
    (fault,) = ingest(tmp_path / "set", tmp_path / "out").left_out
    assert "faceparse data relabel --tolerance 12" in fault


def test_sixteen_bit_masks_are_left_out_rather_than_scaled(faces, save, tmp_path):
    lay_out(tmp_path / "set", faces, save, lambda labels: labels)
    save(tmp_path / "set" / "train" / "masks" / "face0.png", faces["face0"][1].astype(np.uint16))
    done = ingest(tmp_path / "set", tmp_path / "out")
    assert len(done.left_out) == 1
    assert "face0.png: mode I;16" in done.left_out[0]


@pytest.mark.parametrize("order", ["celebamask", "lapa"])
def test_the_viewers_left_in_most_masks_is_made_the_subjects_and_that_is_said(
    order, faces, save, maps, command, tmp_path
):
    table = ORDERS[order]
    kind = "labels" if order == "lapa" else "masks"
    for name, (photo, labels) in faces.items():
        save(tmp_path / "set" / "train" / "images" / f"{name}.jpg", photo)
        mirrored = table.from_ours[mirror_lookup()[labels]]
        save(tmp_path / "set" / "train" / kind / f"{name}.png", mirrored)
    code, said, _ = command(tmp_path / "set", tmp_path / "out")
    assert code == 0
    assert "left and right are the viewer's, and were exchanged to be the subject's" in said
    assert_same_maps(tmp_path / "out", faces, maps, lambda labels: table.to_ours[table.from_ours[labels]])


def test_some_exchanged_pairs_are_left_as_they_are_and_told(faces, save, maps, tmp_path):
    chosen = {"face0", "face1", "face2", "face3", "face4"}
    for name, (photo, labels) in faces.items():
        save(tmp_path / "set" / "train" / "images" / f"{name}.jpg", photo)
        mask = mirror_lookup()[labels] if name in chosen else labels
        save(tmp_path / "set" / "train" / "masks" / f"{name}.png", mask)
    done = ingest(tmp_path / "set", tmp_path / "out")
    assert len(done.notes) == 1
    assert "see faceparse data doctor" in done.notes[0]
    for place, labels in maps(tmp_path / "out").items():
        name = place.split("/")[1]
        expected = faces[name][1]
        np.testing.assert_array_equal(labels, mirror_lookup()[expected] if name in chosen else expected)
