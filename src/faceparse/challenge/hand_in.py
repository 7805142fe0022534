"""The zip that is handed in for 2022: report, masks, all code, checkpoint, Readme.txt and the score's screenshot."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import faceparse
from faceparse.challenge.hand_in_checks import MATRIC
from faceparse.challenge.pack import Packed, files_below, write_checked
from faceparse.challenge.rules import Challenge, Fault
from faceparse.errors import UsageError
from faceparse.files import write_atomically

_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_RUN_FILES = ("config.json", "metrics.jsonl", "trained_on.txt", "provenance.json", "curves.png", "log.txt")
"""What a run tells of itself: the settings and the figures behind the report."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who hands in, and what only they can give."""

    matric: str
    user: str
    score: float | None = None
    """The best that the server gave, in per cent or as a fraction."""
    screenshot: Path | None = None
    report: Path | None = None

    def check(self, zip_path: Path) -> None:
        """Refuse what cannot be handed in, all of it at once.

        Raises:
            UsageError: no or another matriculation number, no user name, or files of another kind.
        """
        faults = []
        if not MATRIC.fullmatch(self.matric):
            faults.append(f"--matric is '{self.matric}', where a number as A12345678B is expected")
        elif zip_path.name != f"{self.matric}.zip":
            faults.append(f"--hand-in is {zip_path.name}, where the rule asks for {self.matric}.zip")
        if not self.user.strip():
            faults.append("--user is missing: the user name on the leaderboard")
        if self.score is not None and not 0 <= self.score <= 100:
            faults.append(f"--score is {self.score:g}, where 0 to 100 is expected")
        for option, path, kinds in (("--report", self.report, (".pdf",)), ("--screenshot", self.screenshot, _PICTURES)):
            if path and not path.is_file():
                faults.append(f"{option}: {path} is not there")
            elif path and path.suffix.lower() not in kinds:
                faults.append(f"{option}: {path} is none of {', '.join(kinds)}")
        if faults:
            raise UsageError("; ".join(faults))


def write_hand_in(challenge: Challenge, packed: Packed, model: Path, person: Person, out: Path) -> list[Fault]:
    """Write the zip and check it as anybody's; returns the check's warnings, what is still missing among them.

    Raises:
        FaceparseError: it cannot be written.
    """
    run = model.parent.parent if model.parent.name == "checkpoints" else model
    with tempfile.TemporaryDirectory(prefix="faceparse-hand-in-") as folder:
        readme = Path(folder, "Readme.txt")
        write_atomically(readme, _readme(packed, person))
        solution = [(n, p) for n, p in files_below(packed.solution, "code") if p.name != "ckpt.pth"]
        files = [
            *((f"masks/{mask.name}", mask) for mask in packed.masks.iterdir()),
            *solution,
            *_training_code(),
            *((f"code/run/{name}", run / name) for name in _RUN_FILES if (run / name).is_file()),
            ("checkpoint/ckpt.pth", packed.solution / "ckpt.pth"),
            ("Readme.txt", readme),
        ]
        if person.report:
            files.append(("report.pdf", person.report))
        if person.screenshot:
            files.append((f"screenshot{person.screenshot.suffix.lower()}", person.screenshot))
        return write_checked(challenge, files, out, packed.images)


def _training_code() -> list[tuple[str, Path]]:
    """The toolkit's own code, which trained the model; the models that come with it are left out."""
    package = Path(faceparse.__file__).parent
    return [(name, path) for name, path in files_below(package, "code/faceparse") if path.suffix == ".py"]


def _readme(packed: Packed, person: Person) -> str:
    score = "not known yet" if person.score is None else f"{person.score:g}"
    return f"""\
Matriculation number: {person.matric}
User name: {person.user}
Best score (mIoU): {score}

Files
  report.pdf            the report{"" if person.report else " (still missing)"}
  masks/                the best masks of the {len(packed.images)} test images
  code/run.py           parses a photo, or a folder of photos, with the network in code/build.py and code/models/
  code/requirements.txt what it needs
  code/faceparse/       the toolkit that trained the network
  code/run/             the run's configuration and figures
  checkpoint/ckpt.pth   the weights ({packed.num_parameters:,} trainable parameters)
  screenshot            of the score{"" if person.screenshot else " (still missing)"}

Third-party libraries
  for code/run.py, with PyTorch: {", ".join((packed.solution / "requirements.txt").read_text().split())}
  for training and the report besides: torchvision, timm, OpenCV, safetensors, cattrs, tyro, rich, jaxtyping,
  onnxruntime, matplotlib

How to run
  cd code
  pip install -r requirements.txt
  python3 run.py --input IMAGE.jpg --output MASK.png --weights ../checkpoint/ckpt.pth
  python3 run.py --input IMAGES --output MASKS --weights ../checkpoint/ckpt.pth     (folders)
"""
