"""Curves and contact sheets show what they were given."""

import json

import numpy as np
import pytest
from PIL import Image

from faceparse.classes import PALETTE
from faceparse.errors import FaceparseError
from faceparse.report.figures import Example, draw_contact_sheet, draw_curves


def test_curves_are_drawn_from_a_runs_metrics(tmp_path):
    metrics = tmp_path / "metrics.jsonl"
    lines = [{"step": s, "loss": 3 / s} for s in range(1, 9)] + [{"step": 8, "fscore_2025": 0.4, "miou_2022": 0.3}]
    metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    draw_curves(metrics, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        drawn = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    for color in ((0x44, 0x77, 0xAA), (0x22, 0x88, 0x33), (0xEE, 0x66, 0x77)):
        assert (np.abs(drawn.astype(int) - color).max(1) < 8).any()


def test_a_run_without_steps_is_told(tmp_path):
    (tmp_path / "metrics.jsonl").write_text("")
    with pytest.raises(FaceparseError, match="no training steps"):
        draw_curves(tmp_path / "metrics.jsonl", tmp_path / "curves.png")


def test_a_contact_sheet_shows_photo_truth_prediction_and_errors(tmp_path):
    truth = np.full((64, 64), 13, np.uint8)
    prediction = truth.copy()
    prediction[:, 32:] = 1
    image = np.full((64, 64, 3), 80, np.uint8)
    draw_contact_sheet([Example("anna", image, truth, prediction)], tmp_path / "sheet.png", size=64)
    with Image.open(tmp_path / "sheet.png") as picture:
        sheet = np.asarray(picture)
    row = sheet[50]  # through the first row of cells, six pixels of margin around each
    assert row[6 + 30].tolist() == [80, 80, 80]
    assert row[76 + 30].tolist() == PALETTE[13].tolist()
    assert row[146 + 50].tolist() == PALETTE[1].tolist()
    assert row[216 + 10].tolist() == [20, 20, 20]
    assert row[216 + 50].tolist() == [255, 255, 255]
