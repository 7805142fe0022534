"""What was packed and tried, one line a step, and how many tries are left by the rules.

`submissions.jsonl` lies beside the zips. Packing adds a line; what the server said of a zip, only its person knows.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from faceparse.challenge.rules import Challenge
from faceparse.data.manifest import hash_file
from faceparse.errors import FaceparseError
from faceparse.files import write_atomically

FILE = "submissions.jsonl"

Outcome = Literal["packed", "uploaded", "failed", "cancelled", "deleted"]
"""The last thing known of a zip: `uploaded` was scored or is going to be."""

_OUTCOMES = ("packed", "uploaded", "failed", "cancelled", "deleted")


@dataclass(frozen=True, kw_only=True)
class Try:
    """What is known of one zip after one step; later lines of the same content replace earlier ones."""

    year: str
    zip: str
    sha256: str
    when: str
    """Local time, ISO."""
    outcome: Outcome = "packed"
    score: float | None = None
    model: str = ""


def record(ledger: Path, challenge: Challenge, path: Path, outcome: Outcome = "packed", score: float | None = None,
           model: str = "", now: datetime | None = None) -> Try:  # fmt: skip
    """Add what is now known of a zip; a score or model that is not given stays as it was.

    Raises:
        FaceparseError: the zip is not there, or the ledger is damaged or cannot be written.
    """
    if not path.is_file():
        raise FaceparseError(f"{path}: no such file; expected a zip that was packed or uploaded")
    digest = hash_file(path)
    steps = _read(ledger)
    before = [step for step in steps if step.sha256 == digest and step.year == challenge.year]
    if before and outcome == "packed":
        return before[-1]  # packed anew from the same model: the same zip
    tried = [step for step in before if step.outcome == "uploaded"]
    when = (now or datetime.now()).isoformat(timespec="seconds")
    step = Try(
        year=challenge.year, zip=path.name, sha256=digest, outcome=outcome,
        when=tried[0].when if tried else when,  # a score that is told the day after counts for the day of the upload
        score=before[-1].score if score is None and before else score,
        model=model or (before[-1].model if before else ""),
    )  # fmt: skip
    write_atomically(ledger, "".join(json.dumps(asdict(one)) + "\n" for one in [*steps, step]))
    return step


def tries(ledger: Path, challenge: Challenge) -> list[Try]:
    """The last thing known of every zip of a challenge, in the order in which they were first packed.

    Raises:
        FaceparseError: the ledger is damaged.
    """
    last = {step.sha256: step for step in _read(ledger) if step.year == challenge.year}
    return list(last.values())


def tries_left(challenge: Challenge, made: Sequence[Try], today: date | None = None) -> tuple[int, int | None]:
    """Tries that are left in all, and today; None where no rule counts days."""
    counted = {"uploaded", "cancelled"} if challenge.cancelled_counts else {"uploaded"}
    spent = [one for one in made if one.outcome in counted]
    left = max(0, challenge.tries - len(spent))
    if challenge.tries_a_day is None:
        return left, None
    day = (today or date.today()).isoformat()
    return left, max(0, min(left, challenge.tries_a_day - sum(one.when.startswith(day) for one in spent)))


def _read(ledger: Path) -> list[Try]:
    if not ledger.exists():
        return []
    try:
        lines = [line for line in ledger.read_text(encoding="utf-8").splitlines() if line.strip()]
        steps = [Try(**json.loads(line)) for line in lines]
        for step in steps:
            if step.outcome not in _OUTCOMES or not isinstance(step.sha256, str):
                raise ValueError(f"outcome {step.outcome}")
    except (OSError, ValueError, TypeError) as error:
        raise FaceparseError(f"{ledger}: not a ledger of tries ({error}); restore it, or move it away") from error
    return steps
