"""`faceparse data COMMAND ...`: data sets ingested, made, measured and converted. One module a command."""

import importlib

from faceparse.cli.arguments import call
from faceparse.errors import UsageError

COMMANDS = {
    "ingest": ("ingest", "a dataset folder from CelebAMask-HQ, a release, LaPa, Helen, photos: whatever others hold"),
    "synth": ("synth", "faces that are drawn, with their label maps"),
    "stats": ("stats", "count pixels and images of each class; weights, mean and std"),
    "doctor": ("doctor", "find broken files, exchanged left and right, copies and leaks; mend them"),
    "split": ("split", "train, val and test, or folds, written down with hashes"),
    "flip": ("flip", "a mirrored copy, left and right exchanged in its label maps"),
    "color": ("color", "label maps as pictures in the official colours or another palette"),
    "relabel": ("relabel", "masks in colours, other orders or a picture per part as label maps"),
}
"""The module in this folder that holds each command's function, and a line about it."""


def main(arguments: list[str]) -> int:
    """Run `faceparse data COMMAND ...`."""
    if not arguments or arguments[0] in ("-h", "--help"):
        lines = [f"  {name:<10} {summary}" for name, (_, summary) in COMMANDS.items()]
        print("\n".join(["usage: faceparse data COMMAND ...", "", *lines, "", "Each explains itself with --help."]))
        return 0 if arguments else 2
    command, *rest = arguments
    if command not in COMMANDS:
        raise UsageError.unknown("data command", command, COMMANDS)
    module = importlib.import_module(f"faceparse.cli.data.{COMMANDS[command][0]}")
    return call(getattr(module, command), rest, f"data {command}")
