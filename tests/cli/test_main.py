"""The command line itself: commands are found, mistakes are one line, exit codes mean what they say."""

import os
import re
import subprocess
import sys

import pytest

from faceparse import __version__
from faceparse.cli import main as command_line
from faceparse.errors import DataError, FaceparseError


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "faceparse", *arguments], capture_output=True, text=True, timeout=300)


def test_without_a_command_the_commands_are_shown_as_wrong_usage():
    done = run()
    assert done.returncode == 2
    assert all(f"  {name}" in done.stdout for name in command_line.COMMANDS)
    assert done.stderr == ""


def test_help_and_version_are_success():
    assert run("--help").returncode == 0
    assert run("--version").stdout == f"faceparse {__version__}\n"


def test_an_unknown_command_gets_the_nearest_one():
    done = run("predcit", "photo.jpg")
    assert done.returncode == 2
    assert done.stderr == "faceparse: unknown command 'predcit'; did you mean 'predict'?\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--out"),
        (["photo.jpg", "--out", "x", "--oot", "x"], "did you mean --out?"),
        (["photo.jpg", "--out", "x", "--device", "tpu"], "--device"),
        (["--out", "x"], "no photo given"),
    ],
)
def test_a_wrong_option_is_one_line_and_exit_2(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        command_line.main(["predict", *arguments])
    assert end.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert output.err.startswith("faceparse: ")
    assert said in output.err


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_wrong_option_is_told_on_every_terminal(encoding: str):
    done = subprocess.run(
        [sys.executable, "-m", "faceparse", "predict", "photo.jpg"],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert done.returncode == 2
    assert re.fullmatch("faceparse: .*(missing|required).*--out.*\n", done.stderr)


def test_a_command_explains_itself_with_an_example():
    done = run("predict", "--help")
    assert done.returncode == 0
    assert "faceparse predict me.jpg holiday/ --out parsed" in done.stdout


def ended_by(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> object:
    def fail(_: list[str]) -> int:
        raise error

    monkeypatch.setattr(command_line, "run", fail)
    with pytest.raises(SystemExit) as end:
        command_line.main(["predict"])
    return end.value.code


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (FaceparseError("the disk is full"), 1, "faceparse: the disk is full\n"),
        (DataError("a name\nof two lines"), 1, "faceparse: a name of two lines\n"),
        (ModuleNotFoundError("No module named 'torch'", name="torch.nn"), 2, "'faceparse[train]'"),
        (KeyboardInterrupt(), 130, "faceparse: stopped\n"),
    ],
)
def test_how_a_command_ends_is_told_in_one_line(
    error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert ended_by(error, monkeypatch) == code
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_our_own_mistakes_show_their_traceback(monkeypatch: pytest.MonkeyPatch):
    def fail(_: list[str]) -> int:
        raise ModuleNotFoundError("No module named 'fceparse'", name="fceparse")

    monkeypatch.setattr(command_line, "run", fail)
    with pytest.raises(ModuleNotFoundError):
        command_line.main(["predict"])


def test_a_reader_that_leaves_early_is_no_fault():
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-m", "faceparse", "--help"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=buffered) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=300) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
