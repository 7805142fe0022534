"""What `docs/challenges.md` tells a reader to type works, in the page's order."""

import re
import shlex
import shutil
from pathlib import Path

import torch
from PIL import Image

from faceparse.cli.main import run
from faceparse.data.synthetic.layouts import write_challenge
from mmseg_checkpoints import segformer_state

PAGE = (Path(__file__).parents[2] / "docs" / "challenges.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line.split(" #")[0].strip() for block in BLOCKS for line in block.splitlines()]


def _small(command: str) -> list[str]:
    """The page's command with the recipe that takes seconds, and without what needs the package index."""
    program, *arguments = shlex.split(command)
    assert program == "faceparse"
    if arguments[0] == "train":
        arguments[1] = "smoke"
        arguments += ["--steps", "4", "--batch-size", "2"]
    return [argument for argument in arguments if argument != "--run"]


def test_every_command_runs_in_the_pages_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_challenge(Path("release"), 10, 64, seed=1)
    shutil.make_archive("RELEASE", "zip", "release")
    Image.new("RGB", (8, 8)).save("score.png")
    Path("report.pdf").write_bytes(b"%PDF-1.7\n")
    torch.save({"state_dict": segformer_state()}, "iter_160000.pth")
    assert len(COMMANDS) == 16
    for command in COMMANDS:
        assert run(_small(command)) in ((0, 1) if " doctor " in command else (0,)), command
    said = capsys.readouterr().out
    assert said.count("nothing that the rules refuse") == 4
    assert "still missing" not in said
    assert "left: 9\n" in said
