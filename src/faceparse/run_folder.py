"""The folder of a run: made or checked, its log, and its metrics.

`config.json`, `metrics.jsonl`, `log.txt` and `checkpoints/` (see `checkpoint.py`); pictures are added afterwards.
"""

import json
import logging
from pathlib import Path

from faceparse.config import RunConfig, differences, read_config, to_json
from faceparse.console import log
from faceparse.errors import UsageError
from faceparse.files import write_atomically


def open_run(config: RunConfig, out: Path, resume: bool) -> Path | None:
    """Make or check a run's folder; returns the checkpoint to go on from, where there is one.

    Raises:
        UsageError: the folder holds something else, or the run to resume has another configuration.
    """
    written = out / "config.json"
    if resume and written.exists():
        changed = differences(read_config(written), config)
        if changed:
            raise UsageError(f"{out}: cannot resume with another configuration: {'; '.join(changed)}")
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: already holds something; name a new folder for --out, or go on with --resume")
    else:
        write_atomically(written, to_json(config))
    _log_to(out / "log.txt")
    last = out / "checkpoints" / "last"
    return last.resolve() if last.exists() else None


def _log_to(path: Path) -> None:
    for handler in [h for h in log.handlers if isinstance(h, logging.FileHandler)]:
        log.removeHandler(handler)
        handler.close()
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    log.addHandler(handler)


class MetricsLog:
    """`metrics.jsonl`: one object a line, each with its `step`; cut back to where a resumed run stands."""

    def __init__(self, path: Path, step: int):
        self.path = path
        kept = [line for line in self._whole_lines() if json.loads(line)["step"] <= step]
        write_atomically(path, "".join(line + "\n" for line in kept))

    def _whole_lines(self) -> list[str]:
        """A killed run may have left half of its last line."""
        if not self.path.exists():
            return []
        text = self.path.read_text()
        return text[: text.rfind("\n") + 1].splitlines()

    def write(self, step: int, **values: object) -> None:
        """Append one line."""
        with self.path.open("a") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")
