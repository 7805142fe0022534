"""The report as one HTML file to look at while a run trains: nothing is loaded, light and dark, any width."""

import base64
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from faceparse.report.content import Content
from faceparse.report.figures import draw_history
from faceparse.report.rows import ablation_rows, class_means, class_rows, curves_caption, mean_rows, subtitle

REFRESH_SECONDS = 15

_STYLE = Path(__file__).with_name("page.css")
_INK = "#010203"
"""A colour that nothing else has; in the curves it becomes the page's own ink, light or dark."""


def make_page(content: Content, *, refresh: bool) -> str:
    """The whole page; `refresh` has browsers load it anew every `REFRESH_SECONDS`."""
    best = content.evaluation
    parts = [_section("", _rows(content.facts), kind="facts"), _section("Training curves", _curves(content))]
    if best:
        columns, rows = ["score", "%", "95 % interval", "what it is"], mean_rows(content)
        if not any(row[2] for row in rows):  # a phone has no room for an empty column
            columns, rows = [it for it in columns if it != "95 % interval"], [(*row[:2], row[3]) for row in rows]
        table = _table(columns, rows, kind="means")
        parts.append(_section("Scores on validation", table))
    if best and best.per_class:
        parts.append(_section("Every class", _classes(content)))
    if content.examples:
        parts.append(_section("Best and worst faces", _faces(content)))
    if content.ablations:
        columns = ["run", "differs in", "mIoU %", "mAcc %", "F %"]
        parts.append(_section("Ablations", _table(columns, ablation_rows(content), kind="ablations")))
    parts += [_section(section.heading, _rows(section.rows)) for section in content.sections]
    if content.notes:
        parts.append(_section("Notes", "".join(f"<p>{escape(note)}</p>" for note in content.notes)))
    papers = "".join(f"<li>{escape(paper)}</li>" for paper in content.references)
    parts.append(_section("References", f"<ol>{papers}</ol>"))
    title, again = escape(content.cover.title), f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">'
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{again if refresh else ""}\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # whatever a run's texts held, the page may load and run nothing
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        f'img-src data:">\n<meta name="color-scheme" content="light dark"><title>{title}</title>\n'
        f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style></head>\n<body><main>\n<h1>{title}</h1>\n"
        f"<p>{escape(subtitle(content))}</p>\n{''.join(parts)}</main></body></html>\n"
    )


def _section(heading: str, body: str, kind: str = "") -> str:
    title = f"<h2>{escape(heading)}</h2>" if heading else ""
    return f'<section class="{kind}">{title}{body}</section>\n'


def _rows(rows: Sequence[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in rows) + "</dl>"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _curves(content: Content) -> str:
    """Side by side and stacked; the style shows the one that fits the width."""
    drawn = []
    for stacked in (False, True):
        svg = draw_history(content.history, "svg", ink=_INK, stacked=stacked).decode().replace(_INK, "currentColor")
        label = 'role="img" aria-label="training loss, and scores on validation"'
        shown = svg[svg.index("<svg") :].replace("<svg", f"<svg {label}", 1)
        # names within one drawing must not be those of the other
        shown = re.sub(r'(id="|href="#|url\(#)', r"\1s" if stacked else r"\1w", shown)
        drawn.append(f'<div class="curves {"stacked" if stacked else "beside"}">{shown}</div>')
    return f"{''.join(drawn)}<p>{escape(curves_caption(content))}</p>"


def _classes(content: Content) -> str:
    best = content.evaluation
    assert best is not None
    rows = "".join(
        f'<tr><td><span class="chip" style="background:{escape(row["color"], quote=True)}"></span>{escape(row["name"])}'
        f"</td>{''.join(f'<td>{escape(row[key])}</td>' for key in ('iou', 'acc', 'f1'))}</tr>"
        for row in class_rows(best)
    )
    last = "".join(f"<td>{value}</td>" for value in class_means(best))
    head = "".join(f'<th scope="col">{name}</th>' for name in ("class", "IoU %", "Acc %", "F %"))
    return (
        f'<div class="wide"><table class="classes"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>'
        f"<tfoot><tr><td>mean</td>{last}</tr></tfoot></table></div>"
    )


def _faces(content: Content) -> str:
    figures = []
    for it in content.examples:
        data = base64.b64encode(it.picture.read_bytes()).decode()
        caption = escape(f"{'best' if it.best else 'worst'}: {it.name}, F {100 * it.fscore:.1f} %")
        figures.append(
            f'<figure><img src="data:image/png;base64,{data}" alt="photo, truth, prediction, errors">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    return "<p>Photo, truth, prediction, and what is wrong in white.</p>" + "".join(figures)
