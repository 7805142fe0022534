"""`faceparse data doctor`: what is wrong with a dataset, shown, listed and mended."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from faceparse.classes import NAMES
from faceparse.console import log, print_json, print_table
from faceparse.errors import UsageError

if TYPE_CHECKING:
    from faceparse.audit import Disagreement
    from faceparse.data.doctor.examination import Examination
    from faceparse.data.doctor.faults import Fault

Dataset = Annotated[Path, tyro.conf.arg(metavar="DATASET")]
Fix = Annotated[Path | None, tyro.conf.arg(metavar="OUT")]
Sheet = Annotated[Path | None, tyro.conf.arg(metavar="FILE")]
Models = Annotated[tuple[str, ...], tyro.conf.arg(metavar="MODEL"), tyro.conf.UseAppendAction]

_SHOWN = 20
"""So many faults of a kind have a line; the rest is a count, and all are in `--json`."""
_SHOWN_DOUBTS = 5
"""So many disagreements of a class with the models have a line, and a picture on the sheet."""


def doctor(dataset: Dataset, /, json: bool = False, fix: Fix = None, sheet: Sheet = None, model: Models = ()) -> int:
    """Find faults: broken files, wrong ids and sizes, exchanged left and right, copies, leaks between splits.

    Nothing in the dataset is changed. Exit code 1 says that faults were found, 0 that there are none.
    Example: faceparse data doctor celebamask --fix mended --sheet suspects.html

    Args:
        dataset: a dataset's root or one split's folder; splits without masks are photos alone
        json: print one JSON object instead of the lines and the table
        fix: write a mended copy here, with quarantine/ for what cannot be mended and doctor.json for what was done
        sheet: write the suspects as pictures, .html to go through by keyboard or .png; it shows the photos themselves
        model: also rank what this model sees otherwise than the masks, in pairs that it was not trained on; give it for
            each fold's model. Suspicions, not faults: they change neither the exit code nor the mended copy
    """
    from faceparse.data.doctor.examination import examine
    from faceparse.data.doctor.inventory import find_splits
    from faceparse.data.doctor.mending import check_target, mend
    from faceparse.data.doctor.sheet import check_sheet, write_sheet

    find_splits(dataset)  # what is no dataset is refused before models judge
    if fix:
        check_target(dataset, fix)
    if sheet:
        check_sheet(dataset, sheet)
    if fix and sheet and fix.resolve() in sheet.resolve().parents:
        raise UsageError(f"--sheet {sheet}: lies in --fix {fix}, which must be new; choose another place for the sheet")
    disagreements = _audit(dataset, model)
    examination = examine(dataset)
    doubts = _first_of_each_class(disagreements)
    if json:
        listed = {"disagreements": [one.as_dict() for one in disagreements]} if model else {}
        print_json({**examination.as_dict(), **listed})
    else:
        if model:
            _print_doubts(doubts, len(disagreements))
        _print(dataset, examination)
    if sheet:
        num_shown = write_sheet(replace(examination, faults=(*examination.faults, *map(_as_fault, doubts))), sheet)
        log.info("%s shows %d suspects", sheet, num_shown)
    if fix:
        actions = [treatment.action for treatment in mend(dataset, examination, fix)]
        counts = ", ".join(f"{actions.count(action)} {action}" for action in ("mended", "quarantined", "kept"))
        log.info("%s: %s, the rest as it was; doctor.json tells which", fix, counts)
    return 1 if examination.faults else 0


def _audit(dataset: Path, models: tuple[str, ...]) -> "list[Disagreement]":
    if not models:
        return []
    from faceparse.audit import audit

    return audit(dataset, models)


def _first_of_each_class(disagreements: "list[Disagreement]") -> "list[Disagreement]":
    """The gravest of each class, in the order of the classes."""
    of_class = {name: [one for one in disagreements if one.class_name == name] for name in NAMES}
    return [one for found in of_class.values() for one in found[:_SHOWN_DOUBTS]]


def _as_fault(one: "Disagreement") -> "Fault":
    from faceparse.data.doctor.faults import Fault

    detail = f"{one.class_name}: {one.kind}, {one.pixels:,} pixels, score {one.score:.2f}"
    return Fault(kind="doubted", name=one.name, split=one.split, detail=detail, classes=(one.class_name,))


def _print_doubts(doubts: "list[Disagreement]", num: int) -> None:
    from faceparse.data.doctor.faults import printable

    for fault in map(_as_fault, doubts):
        print(f"{fault.kind}  {fault.split}/{printable(fault.name)}: {fault.detail}")
    print(f"{num} doubts of the models, at most {_SHOWN_DOUBTS} of a class shown; all are in --json\n")


def _print(dataset: Path, examination: "Examination") -> None:
    """A line for each fault, by kind, then how many there are of each."""
    from faceparse.data.doctor.faults import KINDS, printable

    of_kind = {kind: [fault for fault in examination.faults if fault.kind == kind] for kind in KINDS}
    for kind, faults in of_kind.items():
        # lines rather than cells, so that long names can be copied whole
        for fault in faults[:_SHOWN]:
            print(f"{kind}  {fault.split}/{printable(fault.name)}: {printable(fault.detail)}")
        if len(faults) > _SHOWN:
            print(f"{kind}  and {len(faults) - _SHOWN} more: all are in --json")
    num_files = len(examination.entries)
    num_faulty = len({(fault.split, fault.name) for fault in examination.faults})
    rows = [(kind, len(faults), KINDS[kind]) for kind, faults in of_kind.items() if faults]
    if rows:
        print_table("faults by kind", ("kind", "number", "meaning"), rows)
    found = f"faults in {num_faulty} of" if rows else "no faults in"
    print(f"{printable(str(dataset))}: {found} {num_files} pairs and photos")
