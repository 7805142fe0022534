"""What `docs/data.md` tells a reader to type works, in the page's order, and its table of faults is the program's."""

import re
import shlex
import shutil
from pathlib import Path

from faceparse.cli.main import run
from faceparse.data.doctor.faults import KINDS
from faceparse.data.synthetic.layouts import write_raw
from faceparse.images import read_labels

PAGE = (Path(__file__).parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line.split(" #")[0].strip() for block in BLOCKS for line in block.splitlines()]


def _small(command: str) -> list[str]:
    program, *rest = shlex.split(command)
    assert program == "faceparse"
    arguments = [a for a in rest if a != ">" and not a.endswith("faults.json")]
    if arguments[0] == "train":
        arguments[1] = "smoke"
        arguments += ["--steps", "4", "--eval-every", "4", "--save-every", "4"]
    return arguments


def test_every_command_runs_in_the_pages_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_raw(Path("raw"), 15, 64, seed=1)
    mapping = Path("raw/CelebA-HQ-to-CelebA-mapping.txt")
    originals = [1] * 10 + [170_000] * 5
    rows = "".join(f"{index} {original} {original}.jpg\n" for index, original in enumerate(originals))
    mapping.write_text("idx orig_idx orig_file\n" + rows)
    shutil.make_archive("CelebAMask-HQ", "zip", "raw")
    assert len(COMMANDS) == 17
    for command in COMMANDS:
        # the doctor's 1 says that it found faults; these faces have none, as far as models do not judge them
        assert run(_small(command)) == 0, command
    for path in Path("DATA/val/masks").iterdir():
        assert (read_labels(Path("ours", path.name)) == read_labels(path)).all()
    assert Path("suspects.html").is_file()
    assert Path("MENDED/doctor.json").is_file()
    assert Path("stats.png").is_file()


def test_the_table_of_faults_is_the_programs():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", PAGE, re.MULTILINE))
    assert rows == KINDS
