"""Plottables with axes, drawn by matplotlib: `Figure` alone, never pyplot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reportgen.results import Histogram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
_SIZES = {"large": (7.2, 2.9), "small": (4.6, 1.9)}


def draw_histogram(histogram: Histogram, *, size: str = "small") -> Figure:
    """Return a histogram: trained filled, untrained as an outline, on shared bins.

    Args:
        histogram: with sets called 'trained' and 'untrained'; any other is drawn as an outline.
        size: 'large' or 'small'.
    """
    from matplotlib.figure import Figure

    width, height = _SIZES[size]
    figure = Figure(figsize=(width, height))
    left, bottom, right, top = _MARGINS
    axes = figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
    )
    for name, counts in histogram.counts.items():
        axes.stairs(counts, histogram.edges, label=name, **_STYLES.get(name, _STYLES["untrained"]))
    axes.set_xlabel(histogram.value_label)
    axes.set_ylabel("count")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0)
    axes.set_ylim(bottom=0)
    axes.locator_params(axis="y", nbins=4)
    axes.locator_params(axis="x", nbins=7 if size == "large" else 5)
    axes.legend(frameon=False, fontsize="small")
    return figure
