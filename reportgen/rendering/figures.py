"""Plottables as drawings: with axes by matplotlib's `Figure`, never pyplot; small ones as the data of SVG paths for templates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.rendering.svg import stairs
from reportgen.results import Curve, Histogram, Lines, NullBands, Strip

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRAINED_COLOUR, UNTRAINED_COLOUR = "#2f7fa6", "#9a6a10"
_MARGINS = (
    0.75,
    0.5,
    0.1,
    0.1,
)  # left, bottom, right, top, in inches; fixed, as a layout engine takes as long as the drawing
_SQUARE = (3.8, 3.4)
_DOTTED = 30  # points of a line that are drawn as dots too


def draw_curve(curve: Curve, *, said: Callable[[str], str] = str) -> Figure:
    """Return a curve's points with their bounds as upright lines; with a shared range of the axes, over the diagonal.

    Args:
        curve: the curve.
        said: what becomes of the words in the picture.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SQUARE)
    axes = _axes(figure)
    if curve.axis_range is not None:
        axes.plot(curve.axis_range, curve.axis_range, color="#6b7178", linewidth=1, linestyle="--")
        axes.set_xlim(curve.axis_range)
        axes.set_ylim(curve.axis_range)
    axes.vlines(curve.x, curve.low, curve.high, color="#9aa1a8", linewidth=1.2)
    axes.plot(curve.x, curve.y, color=TRAINED_COLOUR, marker="o", markersize=4, linewidth=1.4, clip_on=False)
    axes.set_xlabel(said(curve.x_label))
    axes.set_ylabel(said(curve.y_label))
    axes.spines[["top", "right"]].set_visible(False)
    axes.locator_params(nbins=5)
    return figure


def draw_lines(lines: Lines, *, said: Callable[[str], str] = str) -> Figure:
    """Return series as lines with a legend, the first drawn through, later ones dashed and in another colour.

    Args:
        lines: the series; a place that is marked has an upright line.
        said: what becomes of the words in the picture.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SQUARE)
    axes = _axes(figure)
    if lines.marked is not None and len(lines.x) > 1:
        axes.axvline(lines.marked, color="#9aa1a8", linewidth=1.2)
    dot = "o" if len(lines.x) <= _DOTTED else ""
    for number, (name, values) in enumerate(lines.lines.items()):
        colour, stroke = ((TRAINED_COLOUR, "-"), (UNTRAINED_COLOUR, "--"))[number % 2]
        shown = np.where(np.isfinite(values), values, np.nan)
        axes.plot(
            lines.x, shown, color=colour, linestyle=stroke, marker=dot, markersize=3, linewidth=1.4, label=said(name)
        )
    if len(lines.lines) > 1:
        axes.legend(frameon=False, fontsize=8)
    axes.set_xlabel(said(lines.x_label))
    axes.set_ylabel(said(lines.y_label))
    axes.spines[["top", "right"]].set_visible(False)
    axes.locator_params(axis="y", nbins=5)
    axes.locator_params(axis="x", nbins=5, integer=True)
    return figure


def _axes(figure: Figure) -> Axes:
    width, height = figure.get_size_inches()
    left, bottom, right, top = _MARGINS
    axes = figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
    )
    axes.patch.set_visible(False)  # the figure's own is as white
    return axes


_CHARACTER = 6.5  # of a label, on average
LANE_WIDTH = 96
_LANE_GAP = 10
_HEADER_HEIGHT = 22
_FOOTER_HEIGHT = 18
_ROW_HEIGHT = 18
_FURTHEST, _FURTHEST_SHOWN = 1e4, "10\N{SUPERSCRIPT FOUR}"  # null standard deviations at the end of a lane
_LONGEST_LABEL = 26
_BAR_WIDTH = 3  # of a small histogram at least; narrower ones are not told apart and double its bytes


def null_bands_drawing(bands: NullBands) -> dict[str, Any]:
    """Return what a template needs to draw null bands: one lane for each statistic, zero in its middle, the first with a scale.

    Distances stand at their inverse hyperbolic sine, linear near zero and logarithmic beyond, so that 2 and 2,000 null
    standard deviations can be read off one lane.
    """
    rows, columns = bands.distances.shape
    names = [_shortened(name) for name in bands.rows]
    labels_width = 12 + round(_CHARACTER * max(map(len, names), default=0))
    lefts = [labels_width + column * (LANE_WIDTH + _LANE_GAP) for column in range(columns)]
    within: list[str] = []
    beyond: list[str] = []
    for row, column in zip(*np.nonzero(~np.isnan(bands.distances)), strict=True):
        distance = float(bands.distances[row, column])
        x = lefts[column] + LANE_WIDTH / 2 + _offset(distance)
        mark = f"M{x - 1.5:.1f} {_HEADER_HEIGHT + row * _ROW_HEIGHT + 3}h3v12h-3z"
        (within if abs(distance) <= bands.limit else beyond).append(mark)
    half, height = _offset(bands.limit), rows * _ROW_HEIGHT
    return {
        "width": labels_width + columns * (LANE_WIDTH + _LANE_GAP),
        "height": _HEADER_HEIGHT + height + _FOOTER_HEIGHT,
        "headers": [(left + LANE_WIDTH / 2, name) for left, name in zip(lefts, bands.columns, strict=True)],
        "labels": [(_HEADER_HEIGHT + row * _ROW_HEIGHT + 13, name) for row, name in enumerate(names)],
        "ticks": [
            (lefts[0], "start", f"\N{MINUS SIGN}{_FURTHEST_SHOWN}"),
            (lefts[0] + LANE_WIDTH / 2, "middle", ""),
            (lefts[0] + LANE_WIDTH, "end", _FURTHEST_SHOWN),
        ],
        "lanes": "".join(f"M{left} {_HEADER_HEIGHT}h{LANE_WIDTH}v{height}h-{LANE_WIDTH}z" for left in lefts),
        "bands": "".join(
            f"M{left + LANE_WIDTH / 2 - half:.1f} {_HEADER_HEIGHT}h{2 * half:.1f}v{height}h-{2 * half:.1f}z"
            for left in lefts
        ),
        "within": "".join(within),
        "beyond": "".join(beyond),
    }


def _offset(distance: float) -> float:
    clipped = max(-_FURTHEST, min(distance, _FURTHEST))
    return (LANE_WIDTH / 2 - 2) * math.asinh(clipped) / math.asinh(_FURTHEST)


def _shortened(name: str) -> str:
    # the end of a path names the layer
    return name if len(name) <= _LONGEST_LABEL else f"…{name[1 - _LONGEST_LABEL :]}"


def strip_outline(strip: Strip, width: int = 120, height: int = 28) -> str:
    """Return the sorted values of a strip as the data of an SVG path, the largest value at the top.

    Args:
        strip: the strip, with at least one value; more values than the drawing is wide are thinned out evenly.
        width, height: the drawing's size in its units; zero is at the bottom.
    """
    count = min(len(strip.values), width)
    places = np.linspace(0, len(strip.values) - 1, count).round().astype(int)
    levels = height * (1 - strip.values[places] / _top(strip))
    return stairs(levels, (np.arange(count) + 1) * (width / count), height)


def strip_threshold(strip: Strip, width: int = 120, height: int = 28) -> str:
    """Return the level of a strip's threshold as the data of an SVG path; '' where it lies above the drawing."""
    level = height * (1 - strip.threshold / _top(strip))
    return f"M0 {level:.1f}H{width}" if level > 0 else ""


def _top(strip: Strip) -> float:
    return float(strip.values.max()) or 1.0


def parameter_bars(parameters: Sequence[int], width: int = 120, height: int = 28) -> str:
    """Return the parameters of layers in order as the data of an SVG path, a bar for each on a logarithmic scale.

    Args:
        parameters: number of each layer's parameters, for at least one layer; where there are more than fit,
            neighbours share a bar, the largest of them.
        width, height: the drawing's size in its units; zero is at the bottom.
    """
    logarithms = np.log10(1 + np.asarray(parameters, np.float64))
    merged = math.ceil(len(logarithms) * _BAR_WIDTH / width)
    bars = np.maximum.reduceat(logarithms, np.arange(0, len(logarithms), merged))
    levels = height * (1 - bars / (bars.max() or 1.0))
    return stairs(levels, (np.arange(len(bars)) + 1) * (width / len(bars)), height)


def histogram_outline(histogram: Histogram, name: str, width: int = 120, height: int = 28) -> str:
    """Return one set of a histogram as the data of an SVG path, scaled to the tallest bar of all sets.

    A bar is a bin, or as many neighbouring ones as make it three units wide.

    Args:
        histogram: the histogram, with at least one count.
        name: the set's name.
        width, height: the drawing's size in its units; zero is at the bottom.
    """
    bars = {each: _bars(counts, width // _BAR_WIDTH) for each, counts in histogram.counts.items()}
    tallest = max(int(counts.max()) for counts in bars.values()) or 1
    levels = height * (1 - bars[name] / tallest)
    return stairs(levels, (np.arange(len(levels)) + 1) * (width / len(levels)), height)


def _bars(counts: np.ndarray, most: int) -> np.ndarray:
    """Return counts of neighbouring bins added up, so many at a time that there are at most so many; the last may be fewer."""
    merged = math.ceil(len(counts) / most)
    return np.add.reduceat(counts, np.arange(0, len(counts), merged))
