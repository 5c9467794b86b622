"""Plottables with axes, drawn by matplotlib: `Figure` alone, never pyplot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reportgen.messages import say
from reportgen.results.plottables import Curve, Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COUNT = say("count")
TRAINED_COLOUR = "#0b6e99"
UNTRAINED_COLOUR = "#8a5a00"
_STYLES: dict[str, dict[str, Any]] = {
    "trained": {"color": TRAINED_COLOUR, "fill": True, "alpha": 0.75, "linewidth": 0},
    "untrained": {"color": UNTRAINED_COLOUR, "fill": False, "linewidth": 1.4},
}
_MARGINS = (
    0.75,
    0.5,
    0.1,
    0.1,
)  # left, bottom, right, top, in inches; fixed, as a layout engine takes as long as the drawing
_SIZES = {"large": (7.2, 2.9), "small": (4.6, 1.9), "square": (3.8, 3.4)}


def draw_histogram(histogram: Histogram, *, size: str = "small", said: Callable[[str], str] = str) -> Figure:
    """Return a histogram: trained filled, untrained as an outline, on shared bins.

    Args:
        histogram: with sets called 'trained' and 'untrained'; any other is drawn as an outline.
        size: 'large' or 'small'.
        said: what becomes of the words in the picture, such as `Language.text`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZES[size])
    axes = _axes(figure)
    for name, counts in histogram.counts.items():
        axes.stairs(counts, histogram.edges, label=said(name), **_STYLES.get(name, _STYLES["untrained"]))
    axes.set_xlabel(said(histogram.value_label))
    axes.set_ylabel(said(_COUNT))
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0)
    axes.set_ylim(bottom=0)
    axes.locator_params(axis="y", nbins=4)
    axes.locator_params(axis="x", nbins=7 if size == "large" else 5)
    axes.legend(frameon=False, fontsize="small")
    return figure


def draw_curve(curve: Curve, *, said: Callable[[str], str] = str) -> Figure:
    """Return a curve's points with their bounds as upright lines; with a shared range of the axes, over the diagonal.

    Args:
        curve: to draw.
        said: what becomes of the words in the picture.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZES["square"])
    axes = _axes(figure)
    if curve.axis_range is not None:
        axes.plot(curve.axis_range, curve.axis_range, color="#6b7178", linewidth=1, linestyle="--")
        axes.set_xlim(curve.axis_range)
        axes.set_ylim(curve.axis_range)
    axes.vlines(curve.x, curve.low, curve.high, color=UNTRAINED_COLOUR, linewidth=1.2)
    axes.plot(curve.x, curve.y, color=TRAINED_COLOUR, marker="o", markersize=4, linewidth=1.4, clip_on=False)
    axes.set_xlabel(said(curve.x_label))
    axes.set_ylabel(said(curve.y_label))
    axes.spines[["top", "right"]].set_visible(False)
    axes.locator_params(nbins=5)
    return figure


def _axes(figure: Figure) -> Axes:
    width, height = figure.get_size_inches()
    left, bottom, right, top = _MARGINS
    axes = figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
    )
    axes.patch.set_visible(False)  # the figure's own is as white
    return axes
