"""`faceparse report RUN --out report.pdf|report.html`; `faceparse report --mmseg LOG... --out report.pdf`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from faceparse.cli.arguments import call
from faceparse.errors import UsageError

if TYPE_CHECKING:
    from faceparse.image_counts import ImageCounts
    from faceparse.report.content import Content, Cover


def main(arguments: list[str]) -> int:
    """Make a report."""
    return call(report, arguments, "report")


def report(
    run: Annotated[Path | None, tyro.conf.arg(metavar="RUN")] = None,
    /,
    out: Path = Path("report.pdf"),
    title: str = "Face parsing",
    matric: str | None = None,
    user: str | None = None,
    score: str | None = None,
    data: Path | None = None,
    split: str = "val",
    ablations: tuple[Path, ...] = (),
    mmseg: tuple[Path, ...] = (),
    parameters: int | None = None,
    watch: bool = False,
) -> int:
    """A run on five A4 pages, as the 2022 challenge asks for it, or as a page that follows it while it trains.

    Example: faceparse report runs/a --out report.pdf --matric A12345678B --user anna

    Args:
        run: run folder; its files are enough.
        out: a .pdf, with curves and tables in a folder of the same name beside it, or an .html.
        title: on the cover.
        matric: matriculation number, on the cover; a line to fill in by hand unless given.
        user: user name in the challenge.
        score: best score in the challenge, as told by its server.
        data: dataset on which the run is evaluated for its best and worst faces, where it kept none itself.
        split: which split of a root.
        ablations: other runs, or folders of runs, for a table of what differs.
        mmseg: logs of MMSegmentation in place of a run: *.log.json (0.x) or scalars.json (1.x), all of one training.
        parameters: the number of trainable parameters, where a log cannot tell it.
        watch: write the .html again and again until the run has ended.
    """
    from faceparse.report.content import Cover

    if out.suffix.lower() not in (".pdf", ".html"):
        raise UsageError(f"--out {out}: a report is a .pdf or .html")
    if (run is None) == (not mmseg):
        raise UsageError(
            "name one run, or --mmseg with the logs of one; as in: faceparse report runs/a --out report.pdf"
        )
    if watch and (out.suffix.lower() != ".html" or run is None):
        raise UsageError("--watch follows a run as an .html; add --out report.html")
    if mmseg and (data or ablations):
        raise UsageError("--data and --ablations need runs of faceparse; MMSegmentation's logs hold no weights")
    cover = Cover(title=title, matric=matric, user=user, score=score)
    if mmseg:
        from faceparse.report.mmseg import collect_logs

        _write(collect_logs(mmseg, cover, parameters), out)
        return 0
    assert run is not None
    _report_run(run, out, cover, data, split, ablations, parameters, watch)
    return 0


def _report_run(
    run: Path, out: Path, cover: "Cover", data: Path | None, split: str, ablations: tuple[Path, ...],
    parameters: int | None, watch: bool,
) -> None:  # fmt: skip
    from faceparse.report.collect import collect_run, find_runs
    from faceparse.report.history import has_trained
    from faceparse.report.page import REFRESH_SECONDS

    others = find_runs(ablations)
    counts = _evaluate(run, data, split, out.with_suffix("")) if data else None
    examples = out.with_suffix("") if data else run
    while True:
        if watch and not has_trained(run):
            time.sleep(REFRESH_SECONDS)
            continue
        content = collect_run(run, cover, others, counts=counts, parameters=parameters, examples=examples)
        ended = content.history.ended
        _write(content, out, refresh=watch and not ended)
        if ended or not watch:
            return
        time.sleep(REFRESH_SECONDS)


def _evaluate(run: Path, data: Path, split: str, folder: Path) -> "ImageCounts":
    from faceparse.cli.evaluate import find_predictor
    from faceparse.data.dataset import find_split, list_pairs
    from faceparse.evaluate import evaluate
    from faceparse.image_counts import ImageCounts
    from faceparse.report.examples import FOLDER, write_examples

    pairs = list_pairs(find_split(data, split))
    predict = find_predictor(str(run))
    counts = ImageCounts(tuple(pair.name for pair in pairs), evaluate(predict, pairs).image_counts)
    write_examples(folder / FOLDER, predict, pairs, counts)
    return counts


def _write(content: "Content", out: Path, refresh: bool = False) -> None:
    from faceparse.console import log
    from faceparse.files import write_atomically
    from faceparse.report.page import make_page

    if out.suffix.lower() == ".html":
        write_atomically(out, make_page(content, refresh=refresh))
        return
    from faceparse.report.pdf import make_pdf
    from faceparse.report.tables import write_beside

    left = [name for name in ("matric", "user", "score") if getattr(content.cover, name) is None]
    if left:
        log.warning("the cover has lines to fill in by hand; give %s", ", ".join(f"--{name}" for name in left))
    write_atomically(out, make_pdf(content))
    write_beside(content, out.with_suffix(""))
    log.info("%s, and its curves and tables in %s/", out, out.with_suffix(""))
