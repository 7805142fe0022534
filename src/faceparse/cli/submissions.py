"""What `faceparse submit` says: packed zips, faults with their rules, tries that are left."""

from pathlib import Path
from typing import TYPE_CHECKING

from faceparse.challenge.ledger import tries, tries_left
from faceparse.challenge.rules import Challenge, Fault
from faceparse.console import duration, log, print_json, print_table, results
from faceparse.errors import UsageError

if TYPE_CHECKING:
    from faceparse.challenge.rehearse import Rehearsal


def check_options(year: str, out: Path, masks_only: bool, hand_in: Path | None, of_hand_in: bool) -> None:
    """Refuse options that do not go together.

    Raises:
        UsageError: an option of the other year, or a name that is no zip's.
    """
    if year == "2022" and masks_only:
        raise UsageError("--masks-only is for 2025; an upload of 2022 is masks alone anyway")
    if year == "2025" and (hand_in or of_hand_in):
        raise UsageError("--hand-in, --matric, --user, --score, --screenshot and --report are for 2022; leave them out")
    if of_hand_in and not hand_in:
        raise UsageError(
            "--matric, --user, --score, --screenshot and --report go into the zip of --hand-in A12345678B.zip"
        )
    if out.suffix != ".zip":
        raise UsageError(f"{out}: the name of the file to write must end in .zip")
    if hand_in and hand_in.absolute() == out.absolute():
        raise UsageError(f"{out}: --out (upload) and --hand-in name the same file")


def say_packed(path: Path, what: str, num_parameters: int) -> None:
    """One line about a zip that was written."""
    size = path.stat().st_size / 1e6
    results.print(f"{path}: {what}, {num_parameters:,} parameters, {size:.1f} MB", markup=False, soft_wrap=True)


def say_missing(path: Path, faults: list[Fault]) -> None:
    """What the person has yet to add to a hand-in zip."""
    for fault in faults:
        if fault.rule == "screenshot":
            results.print(f"{path}: still missing: the screenshot; pack again with --screenshot FILE", markup=False)
        elif fault.rule == "report":
            line = f"{path}: still missing: the report; faceparse report RUN --out report.pdf, then --report report.pdf"
            results.print(line, markup=False, soft_wrap=True)


def tell(challenge: Challenge, path: Path, faults: list[Fault], rehearsal: "Rehearsal | None", json: bool) -> None:
    """The result of a check: one line a fault, or one JSON object."""
    if json:
        print_json(_as_json(challenge, path, faults, rehearsal))
        return
    for fault in faults:
        kind = "warning" if fault.warning else "fault"
        results.print(
            f"{kind}: {fault.what}\n         rule: {challenge.rules[fault.rule]}", markup=False, soft_wrap=True
        )
    if rehearsal and rehearsal.seconds:
        mean = sum(rehearsal.seconds) / len(rehearsal.seconds)
        results.print(
            f"rehearsed: {rehearsal.num_same} of {len(rehearsal.seconds)} masks the same pixel for pixel; "
            f"installed in {duration(rehearsal.install_seconds)}, {mean:.1f} s a photo",
            markup=False, soft_wrap=True,
        )  # fmt: skip
    num = sum(not fault.warning for fault in faults)
    verdict = f"{num} fault(s)" if num else "nothing that the rules refuse"
    results.print(f"{path}: {verdict}", markup=False, soft_wrap=True)


def _as_json(challenge: Challenge, path: Path, faults: list[Fault], rehearsal: "Rehearsal | None") -> dict[str, object]:
    told = {
        kind: [
            {"rule": fault.rule, "what": fault.what, "says": challenge.rules[fault.rule]}
            for fault in faults
            if fault.warning == warning
        ]
        for kind, warning in (("faults", False), ("warnings", True))
    }
    run = rehearsal and {
        "num_run": rehearsal.num_run,
        "num_same": rehearsal.num_same,
        "install_seconds": rehearsal.install_seconds,
        "seconds": rehearsal.seconds,
    }
    return {"zip": str(path), "challenge": challenge.year, **told, "rehearsal": run}


def warn_of_tries(challenge: Challenge, ledger: Path) -> None:
    """Say how many tries are left, and warn where there are none."""
    left, today = tries_left(challenge, tries(ledger, challenge))
    if left == 0 or today == 0:
        log.warning("%s: no try is left%s (rule: %s)", ledger, "" if left == 0 else " today", challenge.rules["tries"])
    else:
        log.info("tries left: %d%s, by %s", left, "" if today is None else f", {today} of them today", ledger)


def show_tries(challenge: Challenge, ledger: Path, json: bool) -> None:
    """The ledger of a challenge, and the tries that are left."""
    made = tries(ledger, challenge)
    left, today = tries_left(challenge, made)
    if json:
        rows = [
            {"zip": one.zip, "sha256": one.sha256, "when": one.when, "model": one.model, "outcome": one.outcome,
             "score": one.score}
            for one in made
        ]  # fmt: skip
        print_json({"challenge": challenge.year, "tries": rows, "left": left, "left_today": today})
        return
    rows = [
        (one.zip, one.sha256[:12], one.when, one.model, one.outcome, "" if one.score is None else f"{one.score:g}")
        for one in made
    ]
    print_table(f"tries, {challenge.year}", ("zip", "sha256", "when", "model", "outcome", "score"), rows)
    results.print(f"left: {left}" + ("" if today is None else f", {today} of them today"))
