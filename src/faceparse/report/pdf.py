"""The report as a PDF: five A4 pages after a cover, in Arial's metric twin at 12 pt, checked on the PDF itself."""

import dataclasses
import io
import json
import math
import shutil
import tempfile
from pathlib import Path

import pypdf
import typst
from pypdf.generic import DictionaryObject

from faceparse.console import log
from faceparse.errors import FaceparseError
from faceparse.report.content import Content, number
from faceparse.report.figures import FONTS, draw_history
from faceparse.report.rows import ablation_rows, class_means, class_rows, curves_caption, mean_rows, subtitle

MOST_PAGES = 5
"""Of the 2022 rules, which count neither cover nor references; here references are within."""
FONT_SIZE = 12.0

_TEMPLATE = Path(__file__).with_name("template.typ")
_A4 = (595.28, 841.89)
"""In points."""
_SHORTER = ((3, 24), (2, 16), (2, 8), (1, 4), (0, 2))
"""Example faces of each kind, and ablations: what a report that is too long is cut to, one after the other."""


def make_pdf(content: Content) -> bytes:
    """Typeset a report; one that is too long shows fewer faces and ablations, and says so.

    Raises:
        FaceparseError: it is too long all the same, or what came out breaks the rules.
    """
    pages = 0
    for num_faces, num_ablations in _SHORTER:
        shown = _shortened(content, num_faces, num_ablations)
        pdf = _typeset(shown)
        pages = check_pdf(pdf)
        if pages <= MOST_PAGES:
            for note in shown.notes[len(content.notes) :]:
                log.warning("the report: %s", note)
            return pdf
    raise FaceparseError(
        f"the report takes {pages} pages, where {MOST_PAGES} are the limit: give a shorter --title or fewer --ablations"
    )


def check_pdf(pdf: bytes) -> int:
    """Pages after the cover of a PDF whose every page is A4 and whose text is in embedded fonts of 12 pt or more.

    Raises:
        FaceparseError: a page of another size, a font that is not embedded or not Arial's twin, or smaller text.
    """
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    for index, page in enumerate(pages, start=1):
        size = (float(page.mediabox.width), float(page.mediabox.height))
        if any(abs(ours - a4) > 1 for ours, a4 in zip(size, _A4, strict=True)):
            raise FaceparseError(f"page {index} is {size[0]:.0f} × {size[1]:.0f} pt, where A4 is 595 × 842")
        for font in (page.get("/Resources") or {}).get("/Font", {}).values():
            _check_font(font.get_object(), index)
        smallest = min(text_sizes(page), default=FONT_SIZE)
        if smallest < FONT_SIZE - 0.01:
            raise FaceparseError(f"page {index} holds text of {smallest:.1f} pt, where {FONT_SIZE:.0f} are asked for")
    return len(pages) - 1


def text_sizes(page: pypdf.PageObject) -> set[float]:
    """Sizes in points of all text that a page holds."""
    sizes: set[float] = set()

    def seen(text: str, user: list[float], matrix: list[float], font: object, size: float) -> None:
        if text.strip():
            scale = math.hypot(matrix[2], matrix[3]) * math.hypot(user[2], user[3])
            sizes.add(round(size * scale, 2))

    page.extract_text(visitor_text=seen)
    return sizes


def _check_font(font: DictionaryObject, index: int) -> None:
    name = str(font.get("/BaseFont"))
    if "LiberationSans" not in name:
        raise FaceparseError(f"page {index} uses the font {name}, where Liberation Sans stands for Arial")
    inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font  # type: ignore[index]
    descriptor = inner["/FontDescriptor"].get_object()  # a dictionary by the standard
    if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor):  # type: ignore[arg-type]
        raise FaceparseError(f"page {index}: the font {name} is not embedded")


def _shortened(content: Content, num_faces: int, num_ablations: int) -> Content:
    kinds = [[it for it in content.examples if it.best is best] for best in (True, False)]
    faces = [it for kind in kinds for it in kind[:num_faces]]
    ablations = content.ablations[:num_ablations]
    notes = list(content.notes)
    if len(faces) < len(content.examples):
        notes.append(f"{len(faces)} of {len(content.examples)} example faces are shown, for want of space.")
    if len(ablations) < len(content.ablations):
        notes.append(f"{len(ablations)} of {len(content.ablations)} ablations are shown; ablations.csv has them all.")
    return dataclasses.replace(content, examples=faces, ablations=ablations, notes=notes)


def _typeset(content: Content) -> bytes:
    with tempfile.TemporaryDirectory(prefix="faceparse-report-") as folder:
        root = Path(folder)
        for index, example in enumerate(content.examples):
            shutil.copyfile(example.picture, root / f"face-{index}.png")
        (root / "curves.svg").write_bytes(draw_history(content.history, "svg"))
        (root / "content.json").write_text(json.dumps(as_plain(content), ensure_ascii=False), encoding="utf-8")
        shutil.copyfile(_TEMPLATE, root / "report.typ")
        try:
            # the system's fonts are left out, so that the PDF is the same everywhere
            return typst.compile(
                root / "report.typ", root=root, font_paths=[FONTS], ignore_system_fonts=True, format="pdf"
            )
        except typst.TypstError as error:
            raise FaceparseError(f"the report cannot be typeset: {' '.join(str(error).split())[:300]}") from error


def as_plain(content: Content) -> dict[str, object]:
    """Strings and lists that the template lays out."""
    best = content.evaluation
    faces = [
        {"file": f"face-{index}.png", "caption": f"{it.name}, F {number(it.fscore, 1)} %", "best": it.best}
        for index, it in enumerate(content.examples)
    ]
    return {
        "cover": vars(content.cover),
        "subtitle": subtitle(content),
        "facts": [list(fact) for fact in content.facts],
        "sections": [
            {"heading": section.heading, "rows": [list(row) for row in section.rows]} for section in content.sections
        ],
        "curves_caption": curves_caption(content),
        "has_intervals": bool(content.intervals),
        "means": mean_rows(content),
        "per_class": class_rows(best) if best else [],
        "class_means": class_means(best) if best else [],
        "best": [face for face in faces if face["best"]],
        "worst": [face for face in faces if not face["best"]],
        "ablations": ablation_rows(content),
        "notes": list(content.notes),
        "references": list(content.references),
    }
