import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from faceparse.classes import CLASSES, NAMES, class_id
from faceparse.data.conversions.orders import ORDERS, UNKNOWN, find_order, relabel
from faceparse.errors import DataError, UsageError

maps = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.sampled_from([*range(19), 255])
)
OURS = ORDERS["celebamask"]
LOSSLESS = ["celebamask", "maskgan", "bisenet", "farl"]

BISENET = (
    "background skin l_brow r_brow l_eye r_eye eye_g l_ear r_ear ear_r nose mouth u_lip l_lip neck neck_l cloth "
    "hair hat"
)
FARL = [
    "background", "neck", "skin", "cloth", "left ear", "right ear", "left brow", "right brow", "left eye", "right eye",
    "nose", "mouth", "lower lip", "upper lip", "hair", "eye glasses", "hat", "earring", "necklace",
]  # fmt: skip
LAPA = [
    "background", "skin", "left brow", "right brow", "left eye", "right eye", "nose", "upper lip", "mouth",
    "lower lip", "hair",
]  # fmt: skip
HELEN = [
    "background", "skin", "right brow", "left brow", "right eye", "left eye", "nose", "upper lip", "mouth",
    "lower lip", "hair",
]  # fmt: skip


def becomes(order):
    return [NAMES[id] for id in ORDERS[order].to_ours[: len(ORDERS[order].parts)]]


def test_only_orders_with_all_our_classes_are_called_lossless():
    assert [name for name, order in ORDERS.items() if order.is_lossless] == LOSSLESS


@pytest.mark.parametrize("name", LOSSLESS)
@given(maps)
def test_there_and_back_gives_the_same_ids_and_keeps_ignored_pixels(name, labels):
    there = relabel(labels, OURS, ORDERS[name], "a.png")
    np.testing.assert_array_equal(relabel(there, ORDERS[name], OURS, "a.png"), labels)


@pytest.mark.parametrize("name", ORDERS)
def test_back_and_there_changes_only_what_has_no_single_class(name):
    order = ORDERS[name]
    ids = np.arange(len(order.parts), dtype=np.uint8)[None]
    again = relabel(relabel(ids, order, OURS, "a.png"), OURS, order, "a.png")
    sideless = [part.back is None for part in order.parts]
    np.testing.assert_array_equal(again[0], np.where(sideless, 255, ids[0]))


def test_the_orders_are_those_of_their_sources():
    by_suffix = {c.suffix or "background": c.name for c in CLASSES}
    assert becomes("bisenet") == [by_suffix[suffix] for suffix in BISENET.split()]
    assert becomes("farl") == FARL
    assert becomes("lapa") == LAPA
    assert becomes("helen") == HELEN
    assert becomes("maskgan") == becomes("celebamask") == list(NAMES)


def test_farl_calls_left_what_is_left_for_the_viewer():
    called = {part.classes[0]: part.name for part in ORDERS["farl"].parts}
    assert (called["left eye"], called["right eye"]) == ("re", "le")
    assert (called["left brow"], called["left ear"]) == ("rb", "rr")


def test_a_face_with_ears_comes_back_as_skin_and_sideless_parts_are_ignored():
    ears = np.array([[class_id("left ear"), class_id("right ear")]], np.uint8)
    lapa = relabel(ears, OURS, ORDERS["lapa"], "a.png")
    assert {ORDERS["lapa"].parts[id].name for id in lapa.flat} == {"face"}
    assert set(relabel(lapa, ORDERS["lapa"], OURS, "a.png").flat) == {class_id("skin")}
    merged = relabel(ears, OURS, ORDERS["merged"], "a.png")
    assert {ORDERS["merged"].parts[id].name for id in merged.flat} == {"ears"}
    assert set(relabel(merged, ORDERS["merged"], OURS, "a.png").flat) == {255}


def test_what_an_order_merges_and_lacks_is_told():
    assert ORDERS["bisenet"].losses() == ORDERS["bisenet"].missing() == []
    assert "face: skin, eye glasses, left ear, right ear" in ORDERS["lapa"].losses()
    assert "face: skin, eye glasses" in ORDERS["helen"].losses()
    assert ORDERS["merged"].losses()[1:] == [
        "brows: left brow, right brow", "eyes: left eye, right eye", "ears: left ear, right ear"
    ]  # fmt: skip
    assert ORDERS["lapa"].missing() == [
        "eye glasses", "left ear", "right ear", "hat", "earring", "necklace", "neck", "cloth"
    ]  # fmt: skip


def test_an_id_that_the_order_has_not_is_refused_with_the_file():
    with pytest.raises(DataError, match=r"a\.png: holds id 11, where ids of the order 'lapa' are 0 to 10"):
        relabel(np.array([[3, 11]], np.uint8), ORDERS["lapa"], OURS, "a.png")
    assert all((order.to_ours[len(order.parts) : 255] == UNKNOWN).all() for order in ORDERS.values())


def test_an_unknown_order_gets_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'bisenet'"):
        find_order("bisnet")
