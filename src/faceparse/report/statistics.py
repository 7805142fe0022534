"""A dataset on one page: where each class is, how large and how frequent, and which come together."""

import io
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle

from faceparse.classes import NAMES, NUM_CLASSES, PALETTE
from faceparse.data.statistics import Statistics
from faceparse.files import write_atomically

_COLORS = PALETTE / 255
_PAGE = (11.69, 8.27)
"""A4, landscape, in inches."""
_DOTS_PER_INCH = 150
_INK, _FAINT = "#222222", "#777777"


def draw_statistics(counted: Statistics, title: str, out: Path) -> None:
    """Draw heat maps, shares, images per class and co-occurrence, as PNG, PDF or SVG by suffix.

    Raises:
        FaceparseError: the file cannot be written.
    """
    page = Figure(figsize=_PAGE, layout="constrained")
    page.get_layout_engine().set(w_pad=0.08, h_pad=0.05)  # type: ignore[union-attr]
    page.suptitle(title, fontsize=12, fontweight="bold", color=_INK)
    panels = page.add_gridspec(2, 2, width_ratios=(1, 1.02), height_ratios=(1, 1.25))
    _draw_heat_maps(page.add_subfigure(panels[:, 0]), counted)
    _draw_bars(page.add_subfigure(panels[0, 1]), counted)
    _draw_co_occurrence(page.add_subfigure(panels[1, 1]), counted)
    page.supxlabel(_moments(counted), fontsize=7.5, color=_FAINT)
    buffer = io.BytesIO()
    page.savefig(buffer, format=out.suffix.lower().lstrip("."), dpi=_DOTS_PER_INCH)
    write_atomically(out, buffer.getvalue())


def _draw_heat_maps(panel: SubFigure, counted: Statistics) -> None:
    panel.suptitle("where the class is, in the images that hold it (brightest: its maximum)", fontsize=9, color=_INK)
    grid = panel.subplots(5, 4)
    held = counted.images_with
    for index, axes in enumerate(grid.flat[:NUM_CLASSES]):
        heat_map = counted.heat_maps[index]
        axes.imshow(heat_map, cmap="magma", vmin=0, vmax=heat_map.max() or 1, interpolation="bilinear")
        note = f"in {held[index]:,}, max {heat_map.max():.0%}" if held[index] else "in none"
        _label(axes, NAMES[index], note, index)
    axes = grid.flat[NUM_CLASSES]
    overall = counted.heat_maps * (held / counted.num_images)[:, None, None]
    axes.imshow(_COLORS[overall.argmax(axis=0)], interpolation="nearest")
    _label(axes, "the mean face", "most frequent class", None)
    for axes in grid.flat[NUM_CLASSES + 1 :]:
        axes.set_axis_off()


def _label(axes: Axes, name: str, note: str, index: int | None) -> None:
    """A name under its class's colour, a note beside it, no ticks."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    indent = 0.0
    if index is not None:
        box = Rectangle((0, 1.035), 0.09, 0.09, transform=axes.transAxes, clip_on=False, lw=0.3, ec=_INK)
        box.set_facecolor(_COLORS[index])
        axes.add_patch(box)
        indent = 0.12
    axes.text(indent, 1.03, name, transform=axes.transAxes, fontsize=7.5, va="bottom", color=_INK)
    axes.text(0, -0.03, note, transform=axes.transAxes, fontsize=6, va="top", color=_FAINT)


def _draw_bars(panel: SubFigure, counted: Statistics) -> None:
    shares, images = panel.subplots(1, 2, sharey=True)
    rows = np.arange(NUM_CLASSES)
    style = {"color": _COLORS, "edgecolor": _INK, "linewidth": 0.3, "height": 0.75}
    of_all = counted.images_with / counted.num_images
    shares.barh(rows, np.where(counted.pixels > 0, counted.shares, np.nan), **style)
    shares.set(xscale="log", yticks=rows, yticklabels=NAMES)
    shares.set_title("share of pixels", fontsize=9, color=_INK)
    images.barh(rows, of_all, **style)
    images.set(xlim=(0, 1))
    images.set_title("share of images that hold it", fontsize=9, color=_INK)
    shares.invert_yaxis()
    for axes, values, digits in ((shares, counted.shares, 3), (images, of_all, 1)):
        axes.tick_params(labelsize=6.5, length=2)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right"]].set_visible(False)
        right = axes.get_xlim()[1]
        for row, value in enumerate(values):
            axes.text(right * 1.02, row, f"{value:.{digits}%}", fontsize=5.5, va="center", color=_FAINT)


def _draw_co_occurrence(panel: SubFigure, counted: Statistics) -> None:
    axes = panel.subplots()
    held = counted.images_with
    shares = counted.co_occurrence / np.maximum(held, 1)[:, None]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        if held[row]:
            color = "white" if share > 0.6 else _INK
            axes.text(column, row, f"{100 * share:.0f}", fontsize=4.8, ha="center", va="center", color=color)
    axes.set_xticks(range(NUM_CLASSES), NAMES, rotation=90, fontsize=6.5)
    axes.set_yticks(range(NUM_CLASSES), NAMES, fontsize=6.5)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title("of images with the row's class, per cent with the column's", fontsize=9, color=_INK)


def _moments(counted: Statistics) -> str:
    def row(values: np.ndarray) -> str:
        return ", ".join(f"{value:.2f}" for value in values)

    return (
        f"photos, RGB 0-255: pooled mean {row(counted.mean)}, std {row(counted.std)};  per image averaged: mean "
        f"{row(counted.mean_per_image)}, std {row(counted.std_per_image)}"
    )
