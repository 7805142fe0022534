"""The suspects as pictures: a page to go through by keyboard, or a PNG.

A sheet shows the photos themselves, which are of people; it is written where the user says and nowhere else.
"""

import base64
import html
import io
import math
import textwrap
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from faceparse.classes import CLASSES
from faceparse.data.doctor.examination import Examination
from faceparse.data.doctor.faults import KINDS, Fault, printable
from faceparse.data.doctor.masks import read_mask
from faceparse.errors import DataError, UsageError
from faceparse.files import write_atomically
from faceparse.images import read_image, write_image
from faceparse.types import Image, Labels

_SIDE = {".html": 256, ".png": 128}
"""Of a picture on each kind of sheet, in pixels."""
_MOST = 400
"""Suspects of one kind on a sheet: a page of more is slow to open; `--json` has them all."""
_COLUMNS = 4

_LEFT, _RIGHT = (255, 120, 0), (0, 120, 255)
_REST = np.array(
    [
        _LEFT if c.mirror and c.name.startswith("left") else _RIGHT if c.mirror else [value // 2 for value in c.color]
        for c in CLASSES
    ],
    dtype=np.uint8,
)
_COLORS = np.zeros((256, 3), dtype=np.uint8)
_COLORS[: len(_REST)] = _REST


def check_sheet(dataset: Path, path: Path) -> None:
    """Refuse a sheet of another format, or in the dataset, where it would be taken for a photo or replace one.

    Raises:
        UsageError: either is so.
    """
    if path.suffix.lower() not in _SIDE:
        raise UsageError(f"--sheet {path}: ends in '{path.suffix}'; give a name that ends in .html or .png")
    if path.is_dir():
        raise UsageError(f"--sheet {path}: a folder; give the file to write")
    if dataset.resolve() in path.resolve().parents:
        raise UsageError(f"--sheet {path}: lies in the dataset, which is never changed; choose another place")


def write_sheet(examination: Examination, path: Path) -> int:
    """Write the suspects as `.html` or `.png`, by kind; at most 400 of each. Returns how many are shown.

    Left parts are orange and right parts blue, whatever the class; on a face looking at you orange belongs to the
    right. Copies are shown beside what they are copies of.
    """
    counts = Counter(fault.kind for fault in examination.faults)
    shown = [fault for kind in KINDS for fault in [fault for fault in examination.faults if fault.kind == kind][:_MOST]]
    if path.suffix.lower() == ".html":
        write_atomically(path, _page(examination, shown, counts))
    else:
        write_image(path, _contact_sheet(examination, shown))
    return len(shown)


def _pictures(examination: Examination, fault: Fault, side: int) -> tuple[PillowImage.Image, PillowImage.Image]:
    """The photo, and its parts or the photo that it is a copy of; a grey square for what cannot be read."""
    entry = examination.entries[fault.split, fault.name]
    blank = PillowImage.new("RGB", (side, side), (96, 96, 96))
    photo = _read(entry.image)
    first = blank if photo is None else _fit(photo, side)
    if fault.other is not None:
        split, _, name = fault.other.partition("/")
        other = _read(examination.entries[split, name].image)
        return first, blank if other is None else _fit(other, side)
    labels = read_mask(entry.mask).labels if entry.mask and entry.mask.is_file() else None
    return first, blank if labels is None else _parts(first, labels, side)


def _parts(photo: PillowImage.Image, labels: Labels, side: int) -> PillowImage.Image:
    """Sided parts in the two strong colours over the photo, the rest of the face half in its dark colour."""
    colored = _fit(_COLORS[labels], side, PillowImage.Resampling.NEAREST)
    under = np.asarray(photo if photo.size == colored.size else photo.resize(colored.size)) // 2
    over = np.asarray(colored)
    sided = ((over == _LEFT) | (over == _RIGHT)).all(axis=-1, keepdims=True)
    return PillowImage.fromarray(np.where(sided, over, under + over // 2).astype(np.uint8))


def _read(path: Path | None) -> Image | None:
    try:
        return None if path is None else read_image(path)
    except DataError:
        return None


def _fit(
    image: np.ndarray, side: int, method: PillowImage.Resampling = PillowImage.Resampling.BOX
) -> PillowImage.Image:
    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return PillowImage.fromarray(image).resize(size, method)


def _page(examination: Examination, shown: list[Fault], counts: Counter[str]) -> str:
    sections = []
    for kind, meaning in KINDS.items():
        faults = [fault for fault in shown if fault.kind == kind]
        if faults:
            more = f", the first {_MOST} of them" if counts[kind] > _MOST else ""
            cards = "\n".join(_card(examination, fault) for fault in faults)
            sections.append(f"<h2>{kind}: {counts[kind]}</h2><p>{html.escape(meaning)}{more}</p>\n<main>{cards}</main>")
    return _PAGE.replace("SECTIONS", "\n".join(sections) or "<p>No faults were found.</p>")


def _card(examination: Examination, fault: Fault) -> str:
    where = html.escape(printable(f"{fault.split}/{fault.name}"), quote=True)
    images = "".join(
        f'<img src="data:image/jpeg;base64,{_jpeg(picture)}" alt="{alt}">'
        for picture, alt in zip(
            _pictures(examination, fault, _SIDE[".html"]),
            ("photo", "copy of" if fault.other else "labels"),
            strict=True,
        )
    )
    detail = html.escape(printable(fault.detail))
    return f'<article tabindex="0" data-name="{where}">{images}<h3>{where}</h3><p>{detail}</p></article>'


def _jpeg(picture: PillowImage.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return base64.b64encode(buffer.getvalue()).decode()


def _contact_sheet(examination: Examination, shown: list[Fault]) -> Image:
    side, line, num_lines = _SIDE[".png"], 14, 4
    width, height = 2 * side + 8, side + num_lines * line + 10
    rows = max(1, math.ceil(len(shown) / _COLUMNS))
    sheet = PillowImage.new("RGB", (_COLUMNS * width + 8, rows * height + 8), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=11)
    for index, fault in enumerate(shown):
        row, column = divmod(index, _COLUMNS)
        x, y = 8 + column * width, 8 + row * height
        for place, picture in enumerate(_pictures(examination, fault, side)):
            sheet.paste(picture, (x + place * side, y))
        name, detail = printable(f"{fault.split}/{fault.name}"), printable(f"{fault.kind}: {fault.detail}")
        for place, text in enumerate([name, *textwrap.wrap(detail, 44)][:num_lines]):
            # the font that comes with Pillow knows no other letters
            draw.text(
                (x, y + side + place * line), text.encode("latin-1", "replace").decode("latin-1")[:44], "black", font
            )
    return np.asarray(sheet)


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>faceparse data doctor: suspects</title>
<meta name="viewport" content="width=device-width">
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 1rem; background: #fff; color: #111; }
main { display: flex; flex-wrap: wrap; gap: .75rem; }
article { width: 512px; max-width: 100%; border: 3px solid #ddd; scroll-margin: 4rem; }
article:focus { border-color: #06c; outline: none; }
article.marked { background: #fd8; }
article h3, article p { margin: .2rem .4rem; font-size: .85rem; overflow-wrap: anywhere; }
img { width: 50%; vertical-align: top; }
header { position: sticky; top: 0; background: #fff; padding: .4rem 0; }
textarea { width: 100%; box-sizing: border-box; height: 3.2rem; }
b.l { color: #c50; } b.r { color: #06c; }
</style>
<header><b class="l">left parts are orange</b>, <b class="r">right parts are blue</b>: left is the subject's, so on a
face that looks at you orange belongs to your right. Keys: arrows or j and k go on and back, x marks.
<textarea id="marked" readonly aria-label="marked names" placeholder="names that you marked"></textarea></header>
SECTIONS
<script>
const cards = [...document.querySelectorAll("article")];
const mark = card => {
  card.classList.toggle("marked");
  const names = cards.filter(c => c.classList.contains("marked")).map(c => c.dataset.name);
  document.getElementById("marked").value = names.join("\\n");
};
addEventListener("keydown", event => {
  const at = cards.indexOf(document.activeElement);
  const step = {ArrowRight: 1, ArrowDown: 1, j: 1, ArrowLeft: -1, ArrowUp: -1, k: -1}[event.key];
  if (event.target.id == "marked" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (step && cards.length) {
    event.preventDefault();
    cards[Math.min(Math.max(at + step, 0), cards.length - 1)].focus();
  }
  if (event.key == "x" && at >= 0) mark(cards[at]);
});
cards.forEach(card => card.addEventListener("dblclick", () => mark(card)));
</script></html>
"""
