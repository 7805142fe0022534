"""`faceparse demo` goes from nothing to a parsed face, a report and the zips of both challenges."""

import json
import zipfile

from PIL import Image

from stand_ins import faceparse


def test_the_demo_makes_trains_scores_draws_parses_reports_and_packs(tmp_path):
    out = tmp_path / "demo"
    done = faceparse("demo", "--out", out, "--faces", "20", "--steps", "2")
    assert done.returncode == 0, done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert summary["steps"] == 2
    assert 0 <= summary["unseen"]["fscore_2025"] <= 1
    for picture in ("contact_sheet.png", "curves.png"):
        with Image.open(out / picture) as opened:
            assert min(opened.size) > 200
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")
    parsed = list((out / "parsed" / "ids").glob("*.png"))
    assert len(parsed) == 1
    with Image.open(parsed[0]) as ids:
        assert ids.mode == "P"

    names = ["A12345678B.zip", "submissions.jsonl", "upload-2022.zip", "upload-2025.zip"]
    assert sorted(path.name for path in (out / "zips").iterdir()) == names
    assert done.stdout.count("nothing that the rules refuse") == 3
    assert zipfile.ZipFile(out / "zips" / names[0]).read("report.pdf") == (out / "report.pdf").read_bytes()
    assert "solution/run.py" in zipfile.ZipFile(out / "zips" / names[3]).namelist()

    again = faceparse("demo", "--out", out)
    assert again.returncode == 2
    assert "already holds something" in again.stderr
