"""MMSegmentation's logs give the same report: both versions, resumed runs, fractions and per cent, broken lines."""

import json

import pypdf
import pytest
from mmseg_logs import CONFIG, miou_at, write_new, write_old

from faceparse.classes import NAMES
from faceparse.cli.main import run
from faceparse.errors import FaceparseError
from faceparse.report.content import Cover
from faceparse.report.mmseg import collect_logs


@pytest.mark.parametrize("percent", [False, True])
@pytest.mark.parametrize("batches", [1000, 30, None])
def test_an_old_log_gives_losses_and_scores_at_their_steps(tmp_path, percent, batches):
    log = write_old(tmp_path / "20230101_120000.log.json", 50, 400, percent=percent, batches=batches)
    history = collect_logs([log], Cover()).history
    assert history.losses == [(step, 220 / step) for step in range(50, 401, 50)]
    assert [it.step for it in history.evaluations] == [100, 200, 300, 400]
    assert [it.scores["miou_2022"] for it in history.evaluations] == pytest.approx(
        [miou_at(s) for s in (100, 200, 300, 400)]
    )
    best = history.best
    assert list(best.per_class) == list(NAMES)
    assert best.per_class["cloth"] == pytest.approx({"iou": 0.85, "acc": 0.95, "f1": 2 * 0.85 / 1.85})


def test_a_new_log_gives_the_same_without_classes(tmp_path):
    history = collect_logs([write_new(tmp_path / "scalars.json", 400)], Cover()).history
    assert history.losses == [(step, 220 / step) for step in range(50, 401, 50)]
    assert history.best.step == 400
    assert history.best.scores == pytest.approx({"miou_2022": miou_at(400), "macc": miou_at(400) + 0.05, "aacc": 0.95})
    assert history.best.per_class == {}


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_resumed_run_the_later_file_wins(tmp_path, turned):
    first = write_old(tmp_path / "20230101_000000.log.json", 50, 400)
    second = write_old(tmp_path / "20230102_000000.log.json", 250, 600)
    text = second.read_text().replace('"loss": ', '"loss": 9')
    second.write_text(text)
    paths = [second, first] if turned else [first, second]  # they are told apart by the time in their names
    history = collect_logs(paths, Cover()).history
    assert [step for step, _ in history.losses] == list(range(50, 601, 50))
    assert all((loss > 5) == (step >= 250) for step, loss in history.losses if step > 50)
    assert [it.step for it in history.evaluations] == [100, 200, 300, 400, 500, 600]


def test_an_earlier_file_that_went_further_is_forgotten_there(tmp_path):
    first = write_old(tmp_path / "20230101_000000.log.json", 50, 600)
    second = write_old(tmp_path / "20230102_000000.log.json", 250, 400)
    assert collect_logs([first, second], Cover()).history.last_step == 400


def test_a_broken_line_is_told_by_its_number_and_left_out(tmp_path, capfd):
    log = write_old(tmp_path / "20230101_000000.log.json", 50, 400)
    lines = log.read_text().splitlines()
    lines[3] = lines[3][:20]
    lines += ["[1, 2]", '{"mode": "val", "mIoU": NaN, "iter": 5}', '{"mode": "train", "iter": "x", "loss": 1}', "", "{"]
    log.write_text("\n".join(lines))
    assert run(["report", "--mmseg", str(log), "--out", str(tmp_path / "r.html")]) == 0
    said = " ".join(capfd.readouterr().err.split())
    for num in (4, len(lines) - 4, len(lines)):
        assert f"line {num} is left out" in said
    assert "Traceback" not in said


def test_its_pdf_says_what_the_log_and_its_config_say(tmp_path):
    log = write_old(tmp_path / "20230101_000000.log.json", 50, 400)
    command = ["report", "--mmseg", str(log), "--out", str(tmp_path / "r.pdf"), "--parameters", "121178846"]
    assert run(command) == 0
    text = " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(tmp_path / "r.pdf").pages)
    wanted = ["121,178,846", "SwinTransformer", "LovaszLoss (loss weight 2)", "RandomRotate (prob 0.5, degree 25)",
              "AdamW (lr 6e-05", "NVIDIA GeForce RTX 3090", "17.6 GiB", *NAMES]  # fmt: skip
    assert [word for word in wanted if word not in text] == []


def test_a_config_is_never_run(tmp_path):
    log = tmp_path / "20230101_000000.log.json"
    hostile = f"__import__('pathlib').Path({str(tmp_path / 'ran')!r}).touch()\nx = open('y')\n{CONFIG}"
    lines = [{"config": hostile}, {"mode": "train", "iter": 1, "loss": 2.0}]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    content = collect_logs([log], Cover())
    assert any("SwinTransformer" in text for section in content.sections for _, text in section.rows)
    assert not (tmp_path / "ran").exists()


def test_a_file_without_a_line_of_a_training_is_refused(tmp_path):
    (tmp_path / "a.json").write_text('{"hello": 1}\n')
    with pytest.raises(FaceparseError, match="holds no line of training or validation"):
        collect_logs([tmp_path / "a.json"], Cover())
