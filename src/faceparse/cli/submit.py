"""`faceparse submit pack|check|tries 2022|2025 ...`: zips for a challenge, and the tries that are left."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from faceparse.challenge.ledger import Outcome
from faceparse.challenge.rules import Year
from faceparse.cli.arguments import call
from faceparse.cli.submissions import check_options, say_missing, say_packed, show_tries, tell, warn_of_tries
from faceparse.console import log
from faceparse.errors import UsageError

YearArgument = Annotated[Year, tyro.conf.arg(metavar="2022|2025")]
Model = Annotated[str, tyro.conf.arg(metavar="MODEL")]
Zip = Annotated[Path, tyro.conf.arg(metavar="ZIP")]


def main(arguments: list[str]) -> int:
    """Run `faceparse submit COMMAND ...`."""
    commands = {
        "pack": (pack, "write the zips of a model, by the rules"),
        "check": (check, "every fault of anybody's zip, and a rehearsal of the organisers' program"),
        "tries": (tries, "what was packed and uploaded, its scores, and how many tries are left"),
    }
    if not arguments or arguments[0] in ("-h", "--help"):
        lines = [f"  {name:<8} {summary}" for name, (_, summary) in commands.items()]
        print(
            "\n".join(
                ["usage: faceparse submit COMMAND 2022|2025 ...", "", *lines, "", "Each explains itself with --help."]
            )
        )
        return 0 if arguments else 2
    command, *rest = arguments
    if command not in commands:
        raise UsageError.unknown("submit command", command, commands)
    return call(commands[command][0], rest, f"submit {command}")


def pack(
    year: YearArgument,
    model: Model,
    /,
    images: Path,
    out: Path,
    masks_only: bool = False,
    tta: str = "",
    device: Literal["cpu", "cuda"] = "cpu",
    data: Path | None = None,
    hand_in: Path | None = None,
    matric: str = "",
    user: str = "",
    score: float | None = None,
    screenshot: Path | None = None,
    report: Path | None = None,
) -> int:
    """Write the zips of a model; one that breaks a rule is refused, and the rule is named.

    The masks are made by running the very code that is packed beside them. Example: faceparse submit pack 2025
    runs/compact --images DATA/test/images --out upload.zip

    Args:
        year: the challenge.
        model: run folder, checkpoint folder or shipped name.
        images: folder of the photos to parse.
        out: the zip to write, for upload.
        masks_only: 2025's development phase: no solution/.
        tta: flip averages each photo with its mirror image, left and right exchanged back.
        device: where the masks are made, and where run.py computes unless it is told otherwise.
        data: the challenge's data set; every pair that was trained on must be among its files.
        hand_in: 2022: the zip to hand in, named by the matriculation number.
        matric: 2022: matriculation number, as A12345678B.
        user: 2022: user name on the leaderboard.
        score: 2022: the best score.
        screenshot: 2022: picture of the score.
        report: 2022: the report (PDF); a run's own report.pdf unless given.
    """
    from faceparse.challenge.hand_in import Person, write_hand_in
    from faceparse.challenge.ledger import FILE, record
    from faceparse.challenge.pack import prepared, write_upload
    from faceparse.challenge.rules import find_challenge
    from faceparse.infer import weights
    from faceparse.provenance import places
    from faceparse.tta import Views, parse_views

    challenge = find_challenge(year)
    views = parse_views(tta)
    if views.scales != Views().scales:
        raise UsageError(f"--tta {tta}: a packed run.py averages mirrored views only; take --tta flip")
    check_options(year, out, masks_only, hand_in, bool(matric or user or score or screenshot or report))
    place = weights.find(model)
    if place.is_file():
        raise UsageError(f"{model}: a file, where a run or checkpoint folder is packed (its weights go into ckpt.pth)")
    person = None
    if hand_in:
        report = report or next((p / "report.pdf" for p in places(place) if (p / "report.pdf").is_file()), None)
        person = Person(matric=matric, user=user, score=score, screenshot=screenshot, report=report)
        person.check(hand_in)
    with prepared(challenge, place, images, flip=views.flip, device=device, given=data, shown=model) as packed:
        write_upload(challenge, packed, out, masks_only=masks_only)
        say_packed(out, f"{len(packed.images)} masks", packed.num_parameters)
        if hand_in and person:
            missing = write_hand_in(challenge, packed, place, person, hand_in)
            say_packed(hand_in, "to hand in", packed.num_parameters)
            say_missing(hand_in, missing)
    record(out.parent / FILE, challenge, out, model=model)
    warn_of_tries(challenge, out.parent / FILE)
    return 0


def check(
    year: YearArgument,
    path: Zip,
    /,
    images: Path | None = None,
    masks_only: bool = False,
    run: bool = False,
    run_all: bool = False,
    photos: int = 3,
    timeout: float = 120.0,
    scratch: Path | None = None,
    json: bool = False,
) -> int:
    """List every fault of a zip, ours or anybody's, in the words of the rule it breaks; exit code 1 if there is one.

    --run does what the organisers' program does: it makes a clean environment, installs requirements.txt (PyTorch takes
    5 GB and minutes), runs run.py on photos and compares. That runs the zip's code as you: for zips that you trust. An
    upload of 2022 holds masks alone, so there is nothing to run; the zip to hand in holds the code.
    Example: faceparse submit check 2025 upload.zip --images DATA/test/images --run

    Args:
        year: the challenge.
        path: the zip.
        images: folder of the photos that its masks belong to; without it names are not compared.
        masks_only: 2025's development phase: no solution/ is expected.
        run: rehearse it as well.
        run_all: rehearse it on every photo.
        photos: how many photos to rehearse it on.
        timeout: seconds for each photo.
        scratch: folder in which the clean environment is made, and removed again.
        json: print one JSON object instead of the list.
    """
    from faceparse.challenge.check import check_zip, holds_code
    from faceparse.challenge.photos import photos_to_parse
    from faceparse.challenge.rehearse import Rehearsal, rehearse
    from faceparse.challenge.rules import find_challenge

    challenge = find_challenge(year)
    rehearsed: Rehearsal | None = None
    if (run or run_all) and masks_only:
        raise UsageError("--run rehearses a solution/, which zips of the development phase lack; leave --run out")
    if (run or run_all) and images is None:
        raise UsageError("--run needs the photos to run on: --images DIR")
    if photos < 1 or timeout <= 0:
        raise UsageError("--photos must be at least 1 and --timeout above 0")
    given = photos_to_parse(images) if images else None
    faults = check_zip(challenge, path, given, masks_only=masks_only)
    if given and (run or run_all) and not holds_code(challenge, path):
        log.warning("%s: --run changes nothing: an upload of 2022 holds masks alone; rehearse the zip to hand in", path)
    elif given and (run or run_all):
        rehearsed = rehearse(path, given if run_all else given[:photos], timeout=timeout, base=scratch)
        faults = sorted([*faults, *rehearsed.faults], key=lambda fault: fault.warning)
    tell(challenge, path, faults, rehearsed, json)
    return int(any(not fault.warning for fault in faults))


def tries(
    year: YearArgument,
    path: Annotated[Path | None, tyro.conf.arg(metavar="ZIP")] = None,
    /,
    outcome: Outcome | None = None,
    score: float | None = None,
    ledger: Path | None = None,
    json: bool = False,
) -> int:
    """Show what was packed and uploaded, and how many tries are left; with a zip, write down what became of it.

    Example: faceparse submit tries 2025 upload.zip --score 0.81

    Args:
        year: the challenge.
        path: the zip that was uploaded.
        outcome: uploaded (the same as a score), failed, cancelled or deleted.
        score: what the server gave.
        ledger: the ledger; submissions.jsonl beside the zip, or in this folder, unless given.
        json: print one JSON object instead of the table.
    """
    from faceparse.challenge import ledger as book
    from faceparse.challenge.rules import find_challenge

    challenge = find_challenge(year)
    place = ledger or (path.parent if path else Path()) / book.FILE
    if path is None and (outcome or score is not None):
        raise UsageError("which zip? faceparse submit tries 2025 ZIP --score S")
    if path is not None:
        book.record(place, challenge, path, outcome or "uploaded", score)
    elif not place.is_file():
        raise UsageError(f"{place}: no such ledger; packing writes one beside the zip, name it with --ledger")
    show_tries(challenge, place, json)
    return 0
