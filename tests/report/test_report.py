"""The report of a run: five A4 pages at 12 pt in embedded fonts, all that the rules ask for, nothing executed."""

import csv
import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
import typst

from faceparse.classes import NAMES
from faceparse.cli.main import run
from faceparse.errors import FaceparseError, UsageError
from faceparse.image_counts import load_image_counts
from faceparse.recipes import RECIPES
from faceparse.report.collect import collect_run
from faceparse.report.content import Ablation, Cover
from faceparse.report.figures import FONTS
from faceparse.report.pdf import check_pdf, make_pdf, text_sizes

HOSTILE = '#panic("x") *a* $b$ <script>alert(1)</script> \\ @c [d] | `e`'


@pytest.fixture(scope="module")
def trained(made_faces, tmp_path_factory) -> Path:
    """A run of seconds, by the real command."""
    out = tmp_path_factory.mktemp("runs") / "tiny"
    command = [
        "train",
        "smoke",
        "--data",
        made_faces,
        "--out",
        out,
        "--steps",
        "4",
        "--eval-every",
        "2",
        "--log-every",
        "1",
    ]
    assert run([str(word) for word in command]) == 0
    return out


@pytest.fixture(scope="module")
def reported(trained, tmp_path_factory) -> Path:
    """Its report, with itself as an ablation."""
    out = tmp_path_factory.mktemp("reports") / "report.pdf"
    command = ["report", trained, "--out", out, "--matric", "A12345678B", "--user", "anna", "--ablations", trained]
    assert run([str(word) for word in command]) == 0
    return out


def _text(pdf: Path | bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf) if isinstance(pdf, bytes) else pdf).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def test_a_run_keeps_what_its_report_needs(made_faces, trained):
    machine = json.loads((trained / "machine.json").read_text())
    assert {"num_gpus", "gpus", "cpu", "num_cpus", "memory_bytes", "torch"} <= machine.keys()
    counts = load_image_counts(trained / "evaluation.npz")
    assert counts.names == tuple(sorted(path.stem for path in (made_faces / "val" / "images").iterdir()))
    lines = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    best = max((line for line in lines if "fscore_2025" in line), key=lambda line: line["fscore_2025"])
    assert counts.fscores.mean() == pytest.approx(best["fscore_2025"])
    assert {path.name for path in (trained / "examples").iterdir()} >= {"best-1.png", "worst-1.png", "examples.json"}


def test_its_pages_are_a4_at_12_points_in_embedded_fonts_and_at_most_five(reported):
    pages = pypdf.PdfReader(reported).pages
    assert len(pages) <= 6  # the cover and five
    for page in pages:
        assert [float(side) for side in page.mediabox[2:]] == pytest.approx([595.28, 841.89], abs=0.1)
        assert min(text_sizes(page)) == 12
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            assert re.search(r"\+LiberationSans(-Bold|-Italic)?$", inner["/BaseFont"])
            assert {"/FontFile2", "/FontFile3"} & inner["/FontDescriptor"].get_object().keys()
    body = [size for page in pages[1:] for size in text_sizes(page)]
    assert set(body) <= {12, 14}


def test_it_says_all_that_the_rules_ask_for(trained, reported):
    text = _text(reported)
    config = RECIPES["smoke"]()
    parameters = sum(p.numel() for p in config.model.build().parameters() if p.requires_grad)
    wanted = [
        "A12345678B", "anna", "Model", "Losses", "Augmentation", "Training curves", "Machine", "GPUs", "CPU", "Memory",
        "mIoU", "mAcc", "aAcc", "IoU", "Acc", "References", "Ablations", "Best and worst faces", f"{parameters:,}",
        "sum(p.numel() for p in model.parameters() if p.requires_grad)", "multiply-adds", "cross-entropy 1", *NAMES,
    ]  # fmt: skip
    assert [word for word in wanted if word not in text] == []
    # what is off is not told, nor a weight of heads that this network lacks
    assert not re.search("auxiliary|focal|ohem|hard example|cutout", text, re.IGNORECASE)
    best = json.loads((trained / "metrics.jsonl").read_text().splitlines()[-1])["miou_2022"]
    assert f"{100 * best:.2f}" in text


def test_curves_and_tables_lie_beside_it(trained, reported):
    folder = reported.with_suffix("")
    assert {p.name for p in folder.iterdir()} >= {"curves.png", "curves.svg", "report.md", "training.csv", "scores.csv"}
    with (folder / "classes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["class"] for row in rows] == list(NAMES)
    told = json.loads((trained / "metrics.jsonl").read_text().splitlines()[-1])["per_class"]
    assert float(rows[1]["iou"]) == told["skin"]["iou"]
    assert "| skin |" in (folder / "report.md").read_text()


def test_texts_are_shown_and_never_executed(trained, tmp_path):
    copy = shutil.copytree(trained, tmp_path / HOSTILE.replace("/", ""), symlinks=True)
    settings = json.loads((copy / "config.json").read_text())
    settings["recipe"] = settings["model"]["name"] = HOSTILE
    (copy / "config.json").write_text(json.dumps(settings))
    command = ["report", str(copy), "--title", HOSTILE, "--user", HOSTILE, "--ablations", str(copy), "--out"]
    assert run([*command, str(tmp_path / "out.pdf")]) == 0
    assert HOSTILE in _text(tmp_path / "out.pdf")
    assert run([*command, str(tmp_path / "out.html")]) == 0
    page = (tmp_path / "out.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in (tmp_path / "out" / "report.md").read_text().replace("\\<script", "")


def test_the_page_stands_alone_and_follows_a_run_that_is_not_done(trained, tmp_path):
    half = shutil.copytree(trained, tmp_path / "half", symlinks=True)
    lines = (half / "metrics.jsonl").read_text().splitlines()
    (half / "metrics.jsonl").write_text("\n".join([*lines[:1], '{"step": 3, "lo']))
    assert run(["report", str(half), "--out", str(tmp_path / "half.html")]) == 0
    page = (tmp_path / "half.html").read_text()
    assert "has not been evaluated yet" in page
    outside = [link for link in re.findall(r'(?:src|href)="([^"]+)"', page) if not link.startswith(("data:", "#"))]
    assert outside == []
    assert "prefers-color-scheme: dark" in page
    assert 'http-equiv="refresh"' not in page
    # a run that has ended is written once, and its page is not loaded again
    assert run(["report", str(trained), "--out", str(tmp_path / "done.html"), "--watch"]) == 0
    assert 'http-equiv="refresh"' not in (tmp_path / "done.html").read_text()


def test_while_a_run_goes_on_the_page_refreshes_itself(trained, tmp_path, monkeypatch):
    going = shutil.copytree(trained, tmp_path / "going", symlinks=True)
    whole = (going / "metrics.jsonl").read_text()
    (going / "metrics.jsonl").write_text("")
    page, seen = tmp_path / "going.html", []

    def wait(seconds):
        seen.append(page.read_text() if page.exists() else None)
        lines = whole.splitlines()
        (going / "metrics.jsonl").write_text("\n".join(lines[:1] if len(seen) == 1 else lines) + "\n")

    monkeypatch.setattr("faceparse.cli.report.time.sleep", wait)
    assert run(["report", str(going), "--out", str(tmp_path / "going.html"), "--watch"]) == 0
    assert len(seen) == 2
    assert seen[0] is None  # it had not trained a step yet, and was waited for
    assert 'http-equiv="refresh"' in seen[1]
    assert 'http-equiv="refresh"' not in page.read_text()


def test_a_long_report_is_shortened_and_says_so_and_a_longer_one_is_refused(trained):
    content = collect_run(trained, Cover())
    ablation = Ablation("another run", "loss.dice 1, " * 12, {"miou_2022": 0.5})
    pdf = make_pdf(replace(content, ablations=[ablation] * 40))
    assert check_pdf(pdf) <= 5
    assert re.search(r"\d of 40 ablations are shown", _text(pdf))
    with pytest.raises(FaceparseError, match=r"takes \d+ pages, where 5 are the limit"):
        make_pdf(replace(content, notes=["much to say. " * 2500]))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('#set page(paper: "a5")\n#set text(font: "Liberation Sans", size: 12pt)\nhello', "where A4 is"),
        ('#set page(paper: "a4")\n#set text(font: "Liberation Sans", size: 10pt)\nhello', "text of 10.0 pt"),
        ('#set page(paper: "a4")\n#set text(font: "Libertinus Serif", size: 12pt)\nhello', "uses the font"),
    ],
)
def test_a_pdf_that_breaks_the_rules_is_found_out(source, said, tmp_path):
    (tmp_path / "wrong.typ").write_text(source)
    pdf = typst.compile(tmp_path / "wrong.typ", font_paths=[FONTS], ignore_system_fonts=True)
    with pytest.raises(FaceparseError, match=said):
        check_pdf(pdf)


def test_a_run_of_another_version_is_reported_all_the_same(trained, tmp_path, caplog):
    old = shutil.copytree(trained, tmp_path / "old", symlinks=True)
    settings = json.loads((old / "config.json").read_text())
    settings["model"]["stem_stride"] = 2
    (old / "config.json").write_text(json.dumps(settings))
    for name in ("machine.json", "evaluation.npz", "trained_on.txt"):
        (old / name).unlink()
    shutil.rmtree(old / "examples")
    sections = {section.heading: dict(section.rows) for section in collect_run(old, Cover()).sections}
    assert re.match(r"[\d,]{5,}, by sum", sections["Model"]["Trainable parameters"])  # from its log
    assert sections["Machine"] == {"Machine": "not recorded by this run"}


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["nowhere"], "nowhere/metrics.jsonl: cannot be read", 1),
        ([], "name one run", 2),
        (["RUN", "--mmseg", "a.log.json"], "name one run", 2),
        (["RUN", "--out", "report.docx"], "a report is a .pdf or .html", 2),
        (["RUN", "--watch"], "add --out report.html", 2),
        (["RUN", "--ablations", "EMPTY"], "neither a run folder", 1),
        (["--mmseg", "missing.log.json"], "missing.log.json: cannot be read", 1),
    ],
)
def test_a_mistake_is_told_in_one_line(arguments, said, code, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("EMPTY").mkdir()
    with pytest.raises(FaceparseError) as told:
        run(["report", *(str(trained) if word == "RUN" else word for word in arguments)])
    assert said in str(told.value)
    assert "\n" not in str(told.value)
    assert told.value.exit_code == code
    assert isinstance(told.value, UsageError) == (code == 2)


def test_data_brings_the_faces_that_a_run_did_not_keep(made_faces, trained, tmp_path):
    bare = shutil.copytree(trained, tmp_path / "bare", symlinks=True)
    shutil.rmtree(bare / "examples")
    command = ["report", bare, "--data", made_faces, "--split", "train", "--out", tmp_path / "r.pdf"]
    assert run([str(word) for word in command]) == 0
    assert (tmp_path / "r" / "examples" / "worst-3.png").is_file()
    assert "the 16 images of --data" in _text(tmp_path / "r.pdf")


def test_the_fonts_come_with_their_licence():
    assert {path.suffix for path in FONTS.iterdir()} == {".ttf", ""}
    assert "SIL OPEN FONT LICENSE" in (FONTS / "LICENSE").read_text()
    assert sum(path.stat().st_size for path in FONTS.iterdir()) < 1_300_000
