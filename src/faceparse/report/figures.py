"""Pictures of a run: curves of its metrics, and faces beside their truth, prediction and errors."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont, ImageOps

from faceparse.classes import IGNORE_LABEL
from faceparse.errors import FaceparseError
from faceparse.files import write_atomically
from faceparse.images import write_image
from faceparse.infer import render
from faceparse.metrics import fscore_2025
from faceparse.types import Image, Labels

_MARGIN = 6
_HEADINGS = ("photo", "truth", "prediction", "errors (white)")


@dataclass(frozen=True)
class Example:
    """A face with its truth and prediction."""

    name: str
    image: Image
    truth: Labels
    prediction: Labels


def draw_curves(metrics: Path, out: Path) -> None:
    """Training loss, and validation mIoU and F, over the steps of a `metrics.jsonl`, as PNG or SVG by suffix.

    Raises:
        FaceparseError: the file holds no training steps.
    """
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    trained = [line for line in lines if "loss" in line]
    scored = [line for line in lines if "fscore_2025" in line]
    if not trained:
        raise FaceparseError(f"{metrics}: holds no training steps yet; there is nothing to draw")
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    loss, scores = figure.subplots(1, 2)
    loss.plot([line["step"] for line in trained], [line["loss"] for line in trained], color="#4477aa")
    loss.set(title="training loss", xlabel="step")
    steps = [line["step"] for line in scored]
    for key, name, color in (("fscore_2025", "F (2025)", "#228833"), ("miou_2022", "mIoU (2022)", "#ee6677")):
        scores.plot(steps, [line[key] for line in scored], marker="o", markersize=3, label=name, color=color)
    scores.set(title="validation", xlabel="step", ylim=(0, 1))
    scores.legend(loc="lower right")
    for axes in (loss, scores):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=out.suffix.lstrip("."), dpi=120)
    write_atomically(out, buffer.getvalue())


def draw_contact_sheet(examples: Sequence[Example], out: Path, size: int = 192) -> None:
    """Rows of photo, truth, prediction and errors, each cell `size` pixels on its longer side, with the image's F."""
    font = ImageFont.load_default(size=13)
    line = 20
    width = 4 * (size + _MARGIN) + _MARGIN
    sheet = PillowImage.new("RGB", (width, line + len(examples) * (size + line + _MARGIN)), "white")
    draw = ImageDraw.Draw(sheet)
    for column, heading in enumerate(_HEADINGS):
        draw.text((_MARGIN + column * (size + _MARGIN), 3), heading, fill="black", font=font)
    for row, example in enumerate(examples):
        top = line + row * (size + line + _MARGIN)
        for column, picture in enumerate(_pictures(example)):
            # photos smoothly, the rest so that its colours stay the palette's
            method = PillowImage.Resampling.LANCZOS if column == 0 else PillowImage.Resampling.NEAREST
            cell = ImageOps.contain(PillowImage.fromarray(picture), (size, size), method)
            sheet.paste(cell, (_MARGIN + column * (size + _MARGIN), top))
        score = fscore_2025(example.truth, example.prediction)
        draw.text((_MARGIN, top + size + 2), f"{example.name}   F {score:.3f}", fill="black", font=font)
    write_image(out, np.asarray(sheet))


def _pictures(example: Example) -> tuple[Image, Image, Image, Image]:
    wrong = (example.truth != example.prediction) & (example.truth != IGNORE_LABEL)
    errors = np.where(wrong[..., None], np.uint8(255), example.image // 4)
    truth = np.where(example.truth == IGNORE_LABEL, 0, example.truth).astype(np.uint8)
    return example.image, render.color(truth), render.color(example.prediction), errors
