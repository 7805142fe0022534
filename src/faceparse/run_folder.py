"""The folder of a run: made or checked, its log, and its metrics.

`config.json`, `machine.json`, `trained_on.txt` (the names of the training pairs, one a line), `provenance.json` (their
hashes, and the weights that it began with), `metrics.jsonl`, `log.txt`, `evaluation.npz` (see `image_counts.py`) and
`checkpoints/` (see `checkpoint.py`); pictures are added afterwards.
"""

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from faceparse.config import RunConfig, differences, read_config, to_json
from faceparse.console import log
from faceparse.errors import UsageError
from faceparse.files import UNFINISHED, write_atomically
from faceparse.machine import describe_machine


def last_checkpoint(config: RunConfig, out: Path, resume: bool) -> Path | None:
    """The checkpoint that a run goes on from, None where it begins; nothing is written.

    Raises:
        UsageError: the folder holds something else, or the run to resume has another configuration.
    """
    written = out / "config.json"
    if resume and written.exists():
        ours = read_config(written)
        # how often a run saves and tells changes nothing that it learns
        changed = differences(ours, replace(config, save_every=ours.save_every, log_every=ours.log_every))
        if changed:
            raise UsageError(f"{out}: cannot resume with another configuration: {'; '.join(changed)}")
        last = out / "checkpoints" / "last"
        return last.resolve() if last.exists() else None
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: a file, where a folder for the run is expected; name a new folder for --out")
    if out.exists() and any(not p.name.startswith(UNFINISHED) for p in out.iterdir()):
        raise UsageError(f"{out}: already holds something; name a new folder for --out, or go on with --resume")
    return None


@contextmanager
def open_run(config: RunConfig, out: Path, names: Iterable[str]) -> Iterator[None]:
    """Make a run's folder with its `config.json`, and write what is logged meanwhile to its `log.txt`.

    Args:
        names: of the pairs that it trains on; an audit lets no model judge these.
    """
    if not (out / "config.json").exists():
        write_atomically(out / "config.json", to_json(config))
    # a resumed run may go on elsewhere: the machine is the one that it ends on
    write_atomically(out / "machine.json", json.dumps(describe_machine(), indent=2) + "\n")
    _add_names(out / "trained_on.txt", names)
    for left in out.glob(f"{UNFINISHED}*"):
        left.unlink()
    handler = _LogFile(out / "log.txt")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    log.addHandler(handler)
    level = log.level
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.setLevel(level)
        log.removeHandler(handler)
        handler.close()


def _add_names(path: Path, names: Iterable[str]) -> None:
    """Names join those that are there: a run may have been resumed on a data set that changed."""
    known = path.read_bytes().decode(errors="surrogateescape").split("\n") if path.exists() else []
    lines = "".join(f"{name}\n" for name in dict.fromkeys([*known, *names]) if name)
    write_atomically(path, lines.encode(errors="surrogateescape"))


class _LogFile(logging.FileHandler):
    """A log whose full disk stops the run, as any other full disk does, rather than fill the screen."""

    def handleError(self, record: logging.LogRecord) -> None:
        raise  # noqa: PLE0704  # logging calls this while it handles the error


class MetricsLog:
    """`metrics.jsonl`: one object a line, each with its `step`; cut back to where a resumed run stands.

    Unless this process `writes`, nothing is.
    """

    def __init__(self, path: Path, step: int, *, writes: bool = True):
        self.path = path
        self.writes = writes
        if writes:
            write_atomically(path, "".join(line + "\n" for line in self._lines_up_to(step)))

    def _lines_up_to(self, step: int) -> Iterator[str]:
        """Up to the first line that is not whole: a killed run or machine may have left half of one."""
        text = self.path.read_text(errors="replace") if self.path.exists() else ""
        for line in text.splitlines():
            try:
                at = json.loads(line)["step"]
            except (ValueError, KeyError, TypeError):
                return
            if at <= step:
                yield line

    def write(self, step: int, **values: object) -> None:
        """Append one line."""
        if not self.writes:
            return
        with self.path.open("a") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")
