import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceparse.data.dataset import find_split, holdout, list_pairs, splits
from faceparse.errors import DataError, UsageError
from faceparse.images import write_image, write_labels


def make_split(folder, names=("a", "b"), masks=True):
    for name in names:
        write_image(folder / "images" / f"{name}.jpg", np.zeros((4, 4, 3), np.uint8))
        if masks:
            write_labels(folder / "masks" / f"{name}.png", np.zeros((4, 4), np.uint8))
    return folder


def refusal(function, *arguments, **named):
    """The message of a refusal, which is one line."""
    with pytest.raises(DataError) as caught:
        function(*arguments, **named)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_pairs_come_by_name_with_their_files(tmp_path):
    make_split(tmp_path, ("b", "a"))
    (tmp_path / "images" / ".DS_Store").touch()
    (tmp_path / "masks" / "._a.png").touch()
    pairs = list_pairs(tmp_path)
    assert [pair.name for pair in pairs] == ["a", "b"]
    assert pairs[0].image == tmp_path / "images" / "a.jpg"
    assert pairs[0].mask == tmp_path / "masks" / "a.png"


def test_photos_alone_are_listed_where_masks_are_not_asked_for(tmp_path):
    make_split(tmp_path, masks=False)
    assert [pair.mask for pair in list_pairs(tmp_path, labelled=False)] == [None, None]
    assert "no masks/ folder" in refusal(list_pairs, tmp_path)


def test_masks_are_taken_where_they_are_when_not_asked_for(tmp_path):
    make_split(tmp_path)
    (tmp_path / "masks" / "b.png").unlink()
    assert [pair.mask is None for pair in list_pairs(tmp_path, labelled=False)] == [False, True]


def test_missing_partners_are_counted_and_named(tmp_path):
    make_split(tmp_path, ("a", "b", "c", "d", "e"))
    for name in "abcd":
        (tmp_path / "masks" / f"{name}.png").unlink()
    (tmp_path / "images" / "e.jpg").unlink()
    message = refusal(list_pairs, tmp_path)
    assert "4 image(s) without a mask (a, b, c and 1 more)" in message
    assert "1 mask(s) without an image (e)" in message


def test_two_images_of_one_name_are_refused(tmp_path):
    make_split(tmp_path)
    write_image(tmp_path / "images" / "a.png", np.zeros((4, 4, 3), np.uint8))
    assert "a.jpg and a.png share a name" in refusal(list_pairs, tmp_path)


def test_an_empty_images_folder_is_refused(tmp_path):
    (tmp_path / "images").mkdir()
    assert "holds no photos" in refusal(list_pairs, tmp_path)


def test_a_folder_of_another_layout_says_what_was_found_and_what_is_expected(tmp_path):
    (tmp_path / "CelebA-HQ-img").mkdir()
    for function in (list_pairs, splits):
        message = refusal(function, tmp_path)
        assert "found CelebA-HQ-img/" in message
        assert "images/NAME.jpg" in message
        assert "faceparse data ingest" in message


def test_a_missing_folder_and_a_zip_are_refused(tmp_path):
    assert "no such folder" in refusal(list_pairs, tmp_path / "nowhere")
    (tmp_path / "set.zip").touch()
    assert "faceparse data ingest" in refusal(find_split, tmp_path / "set.zip", "val")


def test_a_root_given_for_a_split_names_its_splits(tmp_path):
    make_split(tmp_path / "train")
    assert "has splits (train)" in refusal(list_pairs, tmp_path)


def test_splits_are_found_in_a_root_and_a_split_is_its_own(tmp_path):
    for name in ("extra", "val", "train", ".unfinished"):
        make_split(tmp_path / name)
    assert list(splits(tmp_path)) == ["train", "val", "extra"]
    assert find_split(tmp_path, "val") == tmp_path / "val"
    assert find_split(tmp_path / "val", "train") == tmp_path / "val"
    assert splits(tmp_path / "val") == {"val": tmp_path / "val"}


def test_an_unknown_split_names_those_there_are(tmp_path):
    make_split(tmp_path / "train")
    with pytest.raises(UsageError, match="no split 'val'; it has: train"):
        find_split(tmp_path, "val")


@given(st.sets(st.text(min_size=1), min_size=2, max_size=50), st.floats(0.01, 0.99), st.randoms())
def test_holding_out_depends_on_names_alone_and_leaves_some_on_both_sides(names, fraction, random):
    shuffled = random.sample(sorted(names), len(names))
    held = holdout(shuffled, fraction)
    assert held == holdout(sorted(names), fraction)
    assert 1 <= len(held) < len(names)
    assert abs(len(held) - len(names) * fraction) <= 1
    assert held <= names


def test_the_held_out_names_never_change_between_releases():
    assert holdout([str(i) for i in range(20)], 0.2) == {"9", "8", "13", "17"}


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, float("nan")])
def test_a_share_that_is_none_is_refused(fraction):
    with pytest.raises(UsageError, match="between 0 and 1"):
        holdout(["a", "b"], fraction)
