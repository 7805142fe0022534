"""`faceparse data stats`: its page and its tables, through the real command."""

import json

import numpy as np
import pytest
from PIL import Image

from faceparse.classes import PALETTE
from stand_ins import faceparse


def test_the_page_is_drawn_in_the_classes_colours_beside_the_json(made_faces, tmp_path):
    done = faceparse("data", "stats", made_faces, "--json", "--figure", tmp_path / "page.png")
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout)
    with Image.open(tmp_path / "page.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    shown = {tuple(color) for color in np.unique(pixels, axis=0).tolist()}
    missing = [
        name for color, name in zip(PALETTE.tolist(), counted["pixels"], strict=True) if tuple(color) not in shown
    ]
    assert not missing


@pytest.mark.parametrize("suffix", ["pdf", "SVG"])
def test_the_page_may_be_a_vector_graphic(made_faces, tmp_path, suffix):
    done = faceparse("data", "stats", made_faces / "val", "--figure", tmp_path / f"page.{suffix}")
    assert done.returncode == 0, done.stderr
    start = (tmp_path / f"page.{suffix}").read_bytes()[:200]
    assert start.startswith(b"%PDF") or b"<?xml" in start


def test_other_formats_are_refused_before_anything_is_counted(tmp_path):
    done = faceparse("data", "stats", tmp_path / "nothing", "--figure", "page.jpg")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--figure page.jpg: a page is drawn as .png, .pdf, .svg" in done.stderr


def test_json_tells_every_scheme_both_moments_and_who_comes_with_whom(made_faces):
    counted = json.loads(faceparse("data", "stats", made_faces, "--json").stdout)
    schemes = ["log_frequency", "median_frequency", "inverse_square_root", "effective_number"]
    assert list(counted["weights_by"]) == schemes
    assert counted["weights_by"]["log_frequency"] == counted["weights"]
    assert sum(counted["shares"].values()) == pytest.approx(1)
    together = counted["co_occurrence"]
    assert all(together[name][name] == num for name, num in counted["images_with"].items())
    assert together["skin"]["hat"] == together["hat"]["skin"] == counted["images_with"]["hat"]
    x, y = counted["centers"]["left eye"]
    assert 0.5 < x < 0.8
    assert 0.3 < y < 0.6
    assert max(counted["std_per_image"]) <= max(counted["std"])
