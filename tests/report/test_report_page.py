"""What `docs/report.md` tells a reader to type works, in the page's order, and mistakes are told as it says."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from mmseg_logs import write_new, write_old

from faceparse.cli.main import run
from faceparse.errors import FaceparseError

PAGE = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
ROWS = re.findall(r"^\| (.+?) \| (`.+`) \| (\d) \|$", PAGE, re.MULTILINE)


@pytest.fixture
def work(made_faces, tmp_path, monkeypatch) -> Path:
    """The folders that the page speaks of: three runs of seconds, a data set, MMSegmentation's logs."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made_faces, "DATA")
    for name, seed in (("a", "0"), ("b", "1")):
        assert run(["train", "smoke", "--data", "DATA", "--out", f"runs/{name}", "--steps", "2", "--seed", seed]) == 0
    shutil.copytree("runs/b", "runs/c", symlinks=True)
    scalars = Path("work_dirs/swin/20230101_000000/vis_data/scalars.json")
    scalars.parent.mkdir(parents=True)
    write_new(scalars, 400)
    write_old(Path("work_dirs/swin/20230101_000000.log.json"), 50, 400)
    write_old(Path("work_dirs/swin/20230102_000000.log.json"), 250, 600)
    return tmp_path


def _words(command: str) -> list[str]:
    """As a shell gives them, with stars replaced by the files."""
    program, *arguments = shlex.split(command)
    assert program == "faceparse"
    return [found for word in arguments for found in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]


def test_every_command_runs_in_the_pages_order(work, capsys):
    assert len(COMMANDS) == 6
    for command in COMMANDS:
        capsys.readouterr()
        assert run(_words(command)) == 0, command
        made = re.search(r"--out (\S+)", command)
        if made:
            assert Path(made[1]).stat().st_size > 10_000, command
    told = json.loads(capsys.readouterr().out)
    for name in ("num_images", "confidence", "resamples", "runs", "differences"):
        assert name in told
        assert f"`{name}`" in PAGE
    beside = {path.name for path in Path("report").iterdir()}
    assert beside >= {"curves.png", "curves.svg", "report.md", "training.csv", "scores.csv"}


def _mistake(what: str) -> list[str]:
    """The command line that makes the mistake of a row."""
    if what.startswith("no run folder"):
        return ["report", "runs/x"]
    if what.startswith("a run and"):
        return ["report"]
    if what.startswith("a log without"):
        Path("a.json").write_text('{"hello": 1}\n')
        return ["report", "--mmseg", "a.json"]
    if "kept no evaluation" in what:
        Path("runs/b/evaluation.npz").unlink()
        return ["compare", "runs/b", "runs/a"]
    assert what.startswith("runs on other images")
    assert run(["train", "smoke", "--data", "DATA/train", "--out", "runs/d", "--steps", "2"]) == 0
    return ["compare", "runs/a", "runs/d"]


# A report that is too long is test_report.py's, a line cut off test_mmseg_logs.py's
@pytest.mark.parametrize(
    ("what", "said", "code"),
    [row for row in ROWS if not row[0].startswith(("too long", "a line of a log"))],
    ids=lambda value: value[:24],
)
def test_a_mistake_is_told_as_the_page_says(what, said, code, work):
    with pytest.raises(FaceparseError) as told:
        run(_mistake(what))
    first = said.split("` · `")[0].strip("`")
    for phrase in re.split(r"…|\S*/\S*", first):
        assert phrase.strip(" :;,.()") in str(told.value), (phrase, str(told.value))
    assert told.value.exit_code == int(code)


def test_the_table_is_read_whole():
    assert len(ROWS) == 7
