"""`faceparse COMMAND ...`: finds the command, imports only what it needs, turns our errors into one line.

Exit codes: 0 success; 1 the work found faults or could not be done; 2 wrong usage.
"""

import importlib
import os
import sys
from collections.abc import Sequence

from faceparse.errors import FaceparseError, MissingExtraError, UsageError

COMMANDS = {
    "demo": ("faceparse.cli.demo", "the whole path on made faces: data, train, score, pictures"),
    "data": ("faceparse.cli.data", "ingest, make, measure and mend data sets"),
    "recipes": ("faceparse.cli.recipes", "what can be trained, and what it costs"),
    "train": ("faceparse.cli.train", "train a recipe on a data set"),
    "ablate": ("faceparse.cli.ablate", "train the 2022 winner's ablations row by row, and write their table"),
    "evaluate": ("faceparse.cli.evaluate", "score a model on a data set"),
    "compare": ("faceparse.cli.compare", "set runs side by side: what differs beyond noise"),
    "report": ("faceparse.cli.report", "a run as a PDF to hand in, or as a page to look at while it trains"),
    "score": ("faceparse.cli.score", "score a folder of label maps against the truth"),
    "predict": ("faceparse.cli.predict", "parse photos, without PyTorch"),
    "convert": ("faceparse.cli.convert", "checkpoints of other programs as models of ours"),
    "serve": ("faceparse.cli.serve", "a web page that parses photos"),
    "video": ("faceparse.cli.video", "parse a video"),
    "submit": ("faceparse.cli.submit", "zips for a challenge: packed by its rules, checked, rehearsed, counted"),
    "export": ("faceparse.cli.export", "write a model as ONNX and check that it gives the same"),
}

COMPUTES = ("demo", "train", "ablate", "evaluate")
"""Commands that compute with PyTorch for minutes."""

EXTRAS = {
    "train": ("torch", "timm", "cv2", "safetensors", "cattrs", "onnx", "onnxscript", "matplotlib"),
    "report": ("typst", "pypdf"),
    "video": ("av",),
    "web": ("starlette", "uvicorn", "anyio"),
}
"""Modules by the extra that they come with; the core install is without them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = run(arguments)
        sys.stdout.flush()  # a reader that left is noticed here, not while Python ends
        sys.exit(code)
    except FaceparseError as error:
        print(f"faceparse: {error}".replace("\n", " "), file=sys.stderr)
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        extra = next((extra for extra, packages in EXTRAS.items() if package in packages), None)
        if extra is None:
            raise
        missing = MissingExtraError(str(error.name), extra)
        print(f"faceparse: {missing}", file=sys.stderr)
        sys.exit(missing.exit_code)
    except KeyboardInterrupt:
        print("faceparse: stopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # the reader of our output left, as `head` does; nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        # the system's own refusals: a full disk, a folder that may not be read
        where = f"{error.filename}: " if error.filename else ""
        print(f"faceparse: {where}{(error.strerror or str(error)).lower()}", file=sys.stderr)
        sys.exit(1)


def run(arguments: list[str]) -> int:
    """Carry out a command line; returns its exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_overview())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        from faceparse import __version__

        print(f"faceparse {__version__}")
        return 0
    command, *rest = arguments
    if command not in COMMANDS:
        raise UsageError.unknown("command", command, COMMANDS)

    from faceparse.allocator import keep_freed_memory, use_huge_pages
    from faceparse.console import set_up_logging

    use_huge_pages()
    if command in COMPUTES:
        keep_freed_memory()
    set_up_logging()
    module = importlib.import_module(COMMANDS[command][0])
    return module.main(rest) or 0


def _overview() -> str:
    lines = [f"  {name:<10} {summary}" for name, (_, summary) in COMMANDS.items()]
    title = ["faceparse labels the parts of a face, pixel by pixel.", "", "usage: faceparse COMMAND ...", ""]
    return "\n".join([*title, *lines, "", "Each command explains itself with --help."])
