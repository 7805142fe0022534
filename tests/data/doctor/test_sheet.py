"""The sheet shows every suspect, lets no name become markup, and lies outside the dataset."""

import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from faceparse.classes import mirror_lookup
from faceparse.data.doctor.examination import examine
from faceparse.data.doctor.sheet import check_sheet, write_sheet
from faceparse.errors import UsageError
from faceparse.images import read_labels, write_labels

HOSTILE = "<script>alert(1)</script>"


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.images, self.names = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        of = dict(attributes)
        if tag == "img":
            self.images.append(of["src"])
        if tag == "article":
            self.names.append(of["data-name"])


@pytest.fixture(scope="module")
def examined(made_faces, tmp_path_factory):
    """One pair with exchanged ids, one mask that is empty, a copy, and names that are markup."""
    faces = shutil.copytree(made_faces, tmp_path_factory.mktemp("sheet") / "faces")
    images, masks = (sorted((faces / "train" / folder).iterdir()) for folder in ("images", "masks"))
    write_labels(masks[0], mirror_lookup()[read_labels(masks[0])])
    masks[1].write_bytes(b"")
    shutil.copy(images[2], faces / "test" / "images" / "copy.jpg")
    name = HOSTILE.replace("/", "") + '"\n.jpg'
    (faces / "test" / "images" / name).write_bytes(b"")
    for suffix in ("<i>.jpg", "<i>.png"):
        shutil.copy(images[3], faces / "test" / "images" / f"rival{suffix}")
    return examine(faces)


def test_each_suspect_is_a_card_with_two_pictures_inside_the_page(examined, tmp_path):
    assert write_sheet(examined, tmp_path / "sheet.html") == 6
    text = (tmp_path / "sheet.html").read_text()
    page = Reader()
    page.feed(text)
    assert len(page.names) == 6
    assert len(page.images) == 12
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.images)
    assert not re.search(r"(src|href)=[\"']?(http|//)", text)
    assert 'tabindex="0"' in text


def test_a_name_that_is_markup_stays_a_name(examined, tmp_path):
    write_sheet(examined, tmp_path / "sheet.html")
    page = Reader()
    page.feed((tmp_path / "sheet.html").read_text())
    assert page.tags.count("script") == 1
    assert "i" not in page.tags
    assert any("<script>alert(1)<script>" in name and "\\n" in name for name in page.names)


def test_left_and_right_parts_have_two_colours_wherever_they_are(examined, tmp_path):
    write_sheet(examined, tmp_path / "sheet.png")
    pixels = np.asarray(Image.open(tmp_path / "sheet.png")).reshape(-1, 3)
    assert (pixels == (255, 120, 0)).all(axis=1).sum() > 20
    assert (pixels == (0, 120, 255)).all(axis=1).sum() > 20


def test_no_suspects_is_a_sheet_too(made_faces, tmp_path):
    healthy = examine(made_faces / "test")
    for name in ("a.html", "a.png"):
        assert write_sheet(healthy, tmp_path / name) == 0
    assert "No faults were found" in (tmp_path / "a.html").read_text()


def test_a_sheet_in_the_dataset_or_of_another_format_is_refused(made_faces, tmp_path):
    for path in (made_faces / "a.png", made_faces / "train" / "images" / "a.png", tmp_path / "a.pdf", tmp_path / "a"):
        with pytest.raises(UsageError, match="--sheet"):
            check_sheet(made_faces, path)
    check_sheet(made_faces, tmp_path / "a.png")
