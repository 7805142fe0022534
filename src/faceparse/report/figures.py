"""Pictures of a run: curves of its metrics, and faces beside their truth, prediction and errors."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import font_manager, rc_context
from matplotlib.figure import Figure
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont, ImageOps

from faceparse.classes import IGNORE_LABEL
from faceparse.files import write_atomically
from faceparse.images import write_image
from faceparse.infer import render
from faceparse.metrics import fscore_2025
from faceparse.report.content import SCORE_NAMES, History
from faceparse.report.history import read_history
from faceparse.types import Image, Labels

FONTS = Path(__file__).parent / "fonts"
"""Liberation Sans, whose widths are Arial's; with its licence."""

_CURVES = (
    ("miou_2022", "o", "#ee6677"),
    ("macc", "s", "#aa4499"),
    ("fscore_2025", "^", "#228833"),
    ("f1_dataset", "v", "#33aacc"),
)
"""What is drawn where it was measured: score, marker, colour."""
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
    """Training loss, and validation mIoU, mAcc and F, over the steps of a `metrics.jsonl`, as PNG or SVG by suffix.

    Raises:
        FaceparseError: the file holds no training steps.
    """
    write_atomically(out, draw_history(read_history(metrics.parent), out.suffix.lstrip(".")))


def draw_history(history: History, kind: str, ink: str = "#222222", *, stacked: bool = False) -> bytes:
    """A training's curves as a picture, side by side or `stacked`; `kind` is png or svg, axes and words have `ink`."""
    for font in sorted(FONTS.glob("*.ttf")):
        font_manager.fontManager.addfont(font)
    style = {"font.family": "Liberation Sans", "font.size": 10, "svg.hashsalt": "faceparse"}
    colors = dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), ink)
    with rc_context({**style, **colors}):  # type: ignore[arg-type]  # matplotlib spells out every key
        figure = Figure(figsize=(4.4, 6) if stacked else (8.2, 2.7), layout="constrained")
        loss, scores = figure.subplots(*(2, 1) if stacked else (1, 2))
        loss.plot(*zip(*history.losses, strict=True), color="#4477aa", linewidth=1.2)
        loss.set(title="training loss", xlabel="step")
        for name, marker, color in _CURVES:
            points = [(it.step, it.scores.get(name, np.nan)) for it in history.evaluations]
            if any(np.isfinite(value) for _, value in points):
                scores.plot(
                    *zip(*points, strict=True), marker=marker, markersize=4, label=SCORE_NAMES[name], color=color
                )
        scores.set(title="validation", xlabel="step", ylim=(0, 1))
        if scores.lines:
            scores.legend(loc="best", frameon=False)
        for axes in (loss, scores):
            axes.grid(alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)
            axes.xaxis.set_major_formatter(lambda step, _: f"{step:,.0f}")
        buffer = io.BytesIO()
        figure.savefig(
            buffer, format=kind, dpi=150, transparent=kind == "svg", metadata={"Date": None} if kind == "svg" else {}
        )
    return buffer.getvalue()


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
        for column, picture in enumerate(pictures_of(example)):
            # photos smoothly, the rest so that its colours stay the palette's
            method = PillowImage.Resampling.LANCZOS if column == 0 else PillowImage.Resampling.NEAREST
            cell = ImageOps.contain(PillowImage.fromarray(picture), (size, size), method)
            sheet.paste(cell, (_MARGIN + column * (size + _MARGIN), top))
        score = fscore_2025(example.truth, example.prediction)
        draw.text((_MARGIN, top + size + 2), f"{example.name}   F {score:.3f}", fill="black", font=font)
    write_image(out, np.asarray(sheet))


def pictures_of(example: Example) -> tuple[Image, Image, Image, Image]:
    """Photo, truth, prediction, and what is wrong in white on the darkened photo."""
    wrong = (example.truth != example.prediction) & (example.truth != IGNORE_LABEL)
    errors = np.where(wrong[..., None], np.uint8(255), example.image // 4)
    truth = np.where(example.truth == IGNORE_LABEL, 0, example.truth).astype(np.uint8)
    return example.image, render.color(truth), render.color(example.prediction), errors
