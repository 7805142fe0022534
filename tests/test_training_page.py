"""What `docs/training.md` tells a reader to type works, and what it says of mistakes is what is said."""

import os
import pickle
import re
import shlex
import shutil
from pathlib import Path

import pytest
import torch

from faceparse.cli.main import run
from faceparse.data.synthetic.layouts import write_raw
from faceparse.errors import FaceparseError

PAGE = (Path(__file__).parents[1] / "docs" / "training.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line.split(" #")[0].strip() for block in BLOCKS for line in block.splitlines()]
ROWS = re.findall(r"^\| (.+?) \| `(.+?)`.* \| (\d) \|$", PAGE, re.MULTILINE)


def _small(command: str) -> list[str]:
    """The page's command with the recipe that takes seconds, and few faces."""
    program, *arguments = shlex.split(command)
    assert program == "faceparse"
    if arguments[0] == "train":
        if "--init-from compact" in command:  # whose weights fit no other network
            arguments += ["--image-size", "64", "--batch-size", "2"]
        else:
            arguments[1] = "smoke"
        arguments = [a.replace("1000", "4").replace("800", "2") for a in arguments]
        arguments += [] if "--steps" in arguments else ["--steps", "4"]
    if arguments[:2] == ["data", "synth"]:
        arguments[2] = "MADE"
        arguments = [a.replace("1000", "10").replace("256", "64") for a in arguments]
    return arguments


def test_every_command_runs_in_the_pages_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_raw(Path("raw"), 10, 64, seed=1)
    shutil.make_archive("CelebAMask-HQ", "zip", "raw")
    shutil.copy("raw/CelebA-HQ-img/0.jpg", "photo.jpg")
    assert len(COMMANDS) == 15
    for command in COMMANDS:
        if command.startswith("faceparse score"):
            shutil.copytree("DATA/val/masks", "PREDICTIONS")
        assert run(_small(command)) == 0, command
    assert Path("parsed/overlay/photo.png").is_file()
    assert '"fscore_2025": 0.999' in capsys.readouterr().out  # the truth against itself, short of 1 by its epsilon


class _RunsCode:
    def __reduce__(self) -> tuple:
        return os.system, ("true",)


def _mistake(kind: str, faces: Path) -> list[str]:
    """The command line that makes the mistake of a row, in a folder of its own."""
    train = ["train", "smoke", "--data", "DATA", "--steps", "2", "--out", "runs/a"]
    mask = sorted((faces / "train" / "masks").iterdir())[0]
    if kind.startswith("no such folder"):
        Path("DATA").mkdir()
        return train
    shutil.copytree(faces, "DATA")
    mask = Path("DATA/train/masks") / mask.name
    if kind.startswith("image without mask"):
        mask.unlink()
    elif kind.startswith("mask of another size"):
        from PIL import Image

        Image.new("P", (32, 32)).save(mask)
    elif kind.startswith("unknown recipe"):
        train[1] = "smoek"
    elif kind.startswith("output folder"):
        assert run(train) == 0
    elif kind.startswith("resuming"):
        assert run(train) == 0
        train += ["--resume", "--seed", "7"]
    elif kind.startswith("weights of another"):
        assert run(train) == 0
        train[-1] = "runs/b"
        train += ["--init-from", "runs/a", "--model.decoder-width", "8"]
    elif kind.startswith("backbone weights"):
        train[1] = "segformer_b0"
        torch.save({"head.weight": torch.zeros(21841, 1)}, "swin.pth")
        train += ["--backbone-weights", "swin.pth"]
    elif kind.startswith("not a checkpoint"):
        torch.save({"state_dict": {}}, "model.pth")
        return ["export", "model.pth", "out.onnx"]
    elif kind.startswith("a pickle"):
        assert run(train) == 0
        Path("runs/a/checkpoints/last/state.pt").write_bytes(pickle.dumps(_RunsCode()))
        train += ["--resume"]
    return train


# A full disk, no compiler and a loss that is not finite are test_train.py's, damaged pictures test_bad_input.py's
@pytest.mark.parametrize(
    ("kind", "said", "code"),
    [row for row in ROWS if not row[0].startswith(("disk full", "`--compile`", "loss"))],
    ids=lambda value: value[:24],
)
def test_a_mistake_is_told_as_the_page_says(kind, said, code, made_faces, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = _mistake(kind, made_faces)
    with pytest.raises(FaceparseError) as told:
        run(command)
    # names, sizes and numbers are the example's own; the sentence around them is the claim
    for phrase in re.split(r"…|'[^']*'|\S*\d\S*|\S*/\S*", said):
        assert phrase.strip(" :;,.()") in str(told.value), (phrase, str(told.value))
    assert told.value.exit_code == int(code)


def test_the_table_is_read_whole():
    assert len(ROWS) == 13
