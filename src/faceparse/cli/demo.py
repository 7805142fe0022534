"""`faceparse demo [--out DIR]`: the whole path on made faces, in minutes, with nothing downloaded."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from faceparse.cli.arguments import call
from faceparse.errors import FaceparseError, UsageError

if TYPE_CHECKING:
    from faceparse.config import RunConfig
    from faceparse.data.dataset import Pair
    from faceparse.evaluate import Predict
    from faceparse.metrics import ScoreReport

NUM_FACES = 1000
NUM_UNSEEN = 100
NUM_SHOWN = 6
MATRIC = "A12345678B"
"""Stands for the person's own matriculation number, which names the zip to hand in."""


def main(arguments: list[str]) -> int:
    """Run the demo."""
    return call(demo, arguments, "demo")


def demo(out: Path = Path("demo"), faces: int = NUM_FACES, steps: int | None = None) -> int:
    """The whole path in under ten minutes on two cores: make faces, train, score, draw, export, parse, report, pack.

    Example: faceparse demo --out demo

    Args:
        out: a new or empty folder for everything that is made.
        faces: labelled faces to train and validate on.
        steps: optimiser steps; the recipe's own number unless given.
    """
    from dataclasses import replace

    from faceparse.cli.evaluate import find_predictor
    from faceparse.cli.tables import print_scores
    from faceparse.config import check
    from faceparse.data.dataset import find_split, list_pairs
    from faceparse.data.synthetic.layouts import write_challenge
    from faceparse.evaluate import evaluate
    from faceparse.recipes import demo as recipe
    from faceparse.train import train

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: already holds something; name a new folder: faceparse demo --out DIR")
    config = recipe()
    if steps is not None:
        config = replace(config, steps=steps)
    check(config)
    if faces < 10:
        raise UsageError(f"{faces} faces cannot be split into train and val; ask for at least 10")
    say = _Steps()

    say(f"make {faces} faces with exact labels, and {NUM_UNSEEN} others to score on")
    write_challenge(out / "faces", faces, config.image_size, seed=0)
    # another seed: other faces, none of which training or the choice of a checkpoint has seen
    write_challenge(out / "unseen", NUM_UNSEEN, config.image_size, seed=1)

    say(f"train {config.model.name} for {config.steps} steps of {config.batch_size} faces")
    train(config, out / "faces", out / "run")

    say("score it on the faces that it has never seen")
    unseen = [pair for split in ("train", "val") for pair in list_pairs(find_split(out / "unseen", split))]
    predict = find_predictor(str(out / "run"))
    report = evaluate(predict, unseen)
    print_scores(report)

    say("draw curves and a contact sheet")
    _draw(out, predict, unseen[:NUM_SHOWN])

    say("write the network as ONNX and parse a face without PyTorch")
    photo = sorted((out / "unseen" / "test" / "images").iterdir())[0]
    _parse(out / "run", photo, out / "parsed")

    say("put the run on the pages that the 2022 challenge asks for")
    reported = _report(out)

    say("pack the zips of both challenges, and check them as anybody's")
    _pack(out, reported)
    _summarise(out, config, faces, report, say.seconds, reported)
    return 0


class _Steps:
    """Announces each step with the time spent so far."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.count = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def __call__(self, what: str) -> None:
        from faceparse.console import duration, log

        self.count += 1
        log.info("\n[%d/7] %s (%s so far)", self.count, what, duration(self.seconds))


def _draw(out: Path, predict: "Predict", pairs: "Sequence[Pair]") -> None:
    from faceparse.data.dataset import read_pair
    from faceparse.report.figures import Example, draw_contact_sheet, draw_curves

    draw_curves(out / "run" / "metrics.jsonl", out / "curves.png")
    read = [(pair.name, *read_pair(pair)) for pair in pairs]
    examples = [Example(name, image, truth, predict(image)) for name, image, truth in read]
    draw_contact_sheet(examples, out / "contact_sheet.png")


def _parse(run: Path, photo: Path, out: Path) -> None:
    from faceparse.checkpoint import find_checkpoint, load_network
    from faceparse.export import export_onnx

    network, _ = load_network(run)
    export_onnx(network, find_checkpoint(run).resolve() / "model.onnx")
    # a process of its own, as a person would start it: this one has loaded PyTorch already
    command = [sys.executable, "-m", "faceparse", "predict", str(photo), "--model", str(run), "--out", str(out)]
    done = subprocess.run([*command, "--write", "ids,color,overlay"], capture_output=True, text=True)
    if done.returncode:
        raise FaceparseError(f"parsing {photo} failed: {done.stderr.strip()}")


def _report(out: Path) -> bool:
    """Make the report; False where its packages are not installed."""
    from importlib.util import find_spec

    from faceparse.cli.report import report
    from faceparse.console import log

    missing = [name for name in ("typst", "pypdf") if find_spec(name) is None]
    if missing:
        log.warning("no report: %s is not installed; install it with: pip install 'faceparse[report]'", missing[0])
        return False
    report(out / "run", out=out / "report.pdf", title="A demonstration on made faces")
    return True


def _pack(out: Path, reported: bool) -> None:
    """What is uploaded in 2025 and in 2022, and what is handed in for 2022, each packed by the command."""
    from faceparse.cli.submit import check, pack

    run, images, zips = out / "run", out / "unseen" / "test" / "images", out / "zips"
    zips.mkdir()
    hand_in = zips / f"{MATRIC}.zip"
    report = out / "report.pdf" if reported else None
    pack("2025", str(run), images=images, out=zips / "upload-2025.zip", data=out / "faces")
    pack("2022", str(run), images=images, out=zips / "upload-2022.zip", data=out / "faces",
         hand_in=hand_in, matric=MATRIC, user="demo", report=report)  # fmt: skip
    refused = [
        check("2025", zips / "upload-2025.zip", images=images),
        check("2022", zips / "upload-2022.zip", images=images),
        check("2022", hand_in, images=images),
    ]
    if any(refused):
        raise FaceparseError(f"{zips}: the demo's own zips are refused, as said above; please report this")


def _summarise(
    out: Path, config: "RunConfig", faces: int, report: "ScoreReport", seconds: float, reported: bool
) -> None:
    from faceparse.console import duration, log
    from faceparse.files import write_atomically

    scores = {"fscore_2025": report.fscore_2025, "miou_2022": report.miou_2022, "num_images": report.num_images}
    summary = {"seconds": round(seconds, 1), "faces": faces, "image_size": config.image_size, "steps": config.steps}
    write_atomically(out / "summary.json", json.dumps({**summary, "unseen": scores}, indent=2) + "\n")
    log.info(
        "\nDone in %s. On %d unseen faces: F %.3f, mIoU %.3f.\n"
        "  %s/contact_sheet.png  photo, truth, prediction and errors\n"
        "  %s/curves.png         loss and scores while training\n"
        "  %s/parsed/            a face parsed by onnxruntime alone\n"
        "  %s/summary.json       the figures\n"
        "%s"
        "  %s/zips/              what is uploaded in 2025 and in 2022, and handed in for 2022\n"
        "Made faces are easy; train on photos of your own with: faceparse train compact --data DATA --out runs/compact",
        duration(seconds), report.num_images, report.fscore_2025, report.miou_2022, *(out,) * 4,
        f"  {out}/report.pdf         the run on five pages\n" if reported else "", out,
    )  # fmt: skip
