"""`faceparse data doctor`: what is wrong with a dataset, shown, listed and mended."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from faceparse.console import log, print_json, print_table
from faceparse.errors import UsageError

if TYPE_CHECKING:
    from faceparse.data.doctor.examination import Examination

Dataset = Annotated[Path, tyro.conf.arg(metavar="DATASET")]
Fix = Annotated[Path | None, tyro.conf.arg(metavar="OUT")]
Sheet = Annotated[Path | None, tyro.conf.arg(metavar="FILE")]

_SHOWN = 20
"""So many faults of a kind have a line; the rest is a count, and all are in `--json`."""


def doctor(dataset: Dataset, /, json: bool = False, fix: Fix = None, sheet: Sheet = None) -> int:
    """Find faults: broken files, wrong ids and sizes, exchanged left and right, copies, leaks between splits.

    Nothing in the dataset is changed. Exit code 1 says that faults were found, 0 that there are none.
    Example: faceparse data doctor celebamask --fix mended --sheet suspects.html

    Args:
        dataset: a dataset's root or one split's folder; splits without masks are photos alone
        json: print one JSON object instead of the lines and the table
        fix: write a mended copy here, with quarantine/ for what cannot be mended and doctor.json for what was done
        sheet: write the suspects as pictures, .html to go through by keyboard or .png; it shows the photos themselves
    """
    from faceparse.data.doctor.examination import examine
    from faceparse.data.doctor.mending import check_target, mend
    from faceparse.data.doctor.sheet import check_sheet, write_sheet

    if fix:
        check_target(dataset, fix)
    if sheet:
        check_sheet(dataset, sheet)
    if fix and sheet and fix.resolve() in sheet.resolve().parents:
        raise UsageError(f"--sheet {sheet}: lies in --fix {fix}, which must be new; choose another place for the sheet")
    examination = examine(dataset)
    if json:
        print_json(examination.as_dict())
    else:
        _print(dataset, examination)
    if sheet:
        num_shown = write_sheet(examination, sheet)
        log.info("%s shows %d suspects", sheet, num_shown)
    if fix:
        actions = [treatment.action for treatment in mend(dataset, examination, fix)]
        counts = ", ".join(f"{actions.count(action)} {action}" for action in ("mended", "quarantined", "kept"))
        log.info("%s: %s, the rest as it was; doctor.json tells which", fix, counts)
    return 1 if examination.faults else 0


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
