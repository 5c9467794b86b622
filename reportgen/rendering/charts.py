"""Curves and series over two axes as SVG of a kilobyte or two, without a figure library, like histograms."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

from reportgen.rendering.figures import TRAINED_COLOUR, UNTRAINED_COLOUR
from reportgen.rendering.histograms import AXIS, GRID, INK, number, ticks
from reportgen.rendering.svg import DARK, PathWriter, compact
from reportgen.results import Curve, Lines

_WIDTH, _HEIGHT = 365, 326
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 14, 12, 42  # CSS pixels around the axes
_LEGEND = 20
_STEPS = 5
_ROOM = 0.04  # of the range that the points take, beyond either end of it
_DOTTED = 30  # points of a line that are drawn as dots too
_GREY = "#9aa1a8"

Words = Callable[[str], str]


def curve_svg(curve: Curve, *, said: Words = str, digits: Words = str) -> str:
    """Return a curve's points with their bounds as upright lines; with a shared range of the axes, over the diagonal.

    Args:
        curve: the curve.
        said: what becomes of the words in the picture, such as `Language.text`.
        digits: what becomes of its numbers as text, such as `Language.digits`.
    """
    across = curve.axis_range or _range(curve.x)
    up = curve.axis_range or _range(np.concatenate([curve.y, curve.low, curve.high]))
    frame = _Frame(across, up, top=_TOP)
    diagonal = [frame.path([(across[0], up[0]), (across[1], up[1])], f"stroke='{AXIS}' stroke-dasharray='4 2'")]
    bounds = PathWriter(0.1)
    for x, low, high in zip(*(each.tolist() for each in (curve.x, curve.low, curve.high)), strict=True):
        if math.isfinite(low) and math.isfinite(high):
            bounds.move(*frame.at(x, low))
            bounds.line(*frame.at(x, high))
    points = list(zip(curve.x.tolist(), curve.y.tolist(), strict=True))
    parts = [
        *(diagonal if curve.axis_range is not None else []),
        f"<path stroke='{_GREY}' stroke-width='1.5' d='{bounds.text()}'/>",
        frame.path(points, f"stroke='{TRAINED_COLOUR}' stroke-width='2'"),
        frame.dots(points, f"stroke='{TRAINED_COLOUR}' stroke-width='6'"),
    ]
    return frame.drawn(parts, said(curve.x_label), said(curve.y_label), digits)


def lines_svg(lines: Lines, *, said: Words = str, digits: Words = str) -> str:
    """Return series as lines with their names above, the first drawn through, later ones dashed and in another colour.

    Args:
        lines: the series; a place that is marked has an upright line.
        said, digits: see `curve_svg`.
    """
    named = len(lines.lines) > 1
    up = _range(np.concatenate([np.ravel(values) for values in lines.lines.values()] or [np.empty(0)]))
    frame = _Frame(_range(lines.x), up, top=_TOP + _LEGEND * named, whole=True)
    parts = []
    if lines.marked is not None and len(lines.x) > 1:
        parts.append(frame.path([(lines.marked, up[0]), (lines.marked, up[1])], f"stroke='{_GREY}' stroke-width='1.5'"))
    for place, (name, values) in enumerate(lines.lines.items()):
        colour, dashes = ((TRAINED_COLOUR, ""), (UNTRAINED_COLOUR, " stroke-dasharray='6 3'"))[place % 2]
        points = list(zip(lines.x.tolist(), np.asarray(values, np.float64).tolist(), strict=True))
        stroke = f"stroke='{colour}' stroke-width='2'"
        parts.append(frame.path(points, stroke + dashes))
        if len(points) <= _DOTTED:
            parts.append(frame.dots(points, f"stroke='{colour}' stroke-width='5'"))
        if named:
            left = _LEFT + place * (_WIDTH - _LEFT - _RIGHT) // len(lines.lines)
            parts.append(f"<path {stroke}{dashes} d='M{left},{_TOP}h24'/>")
            parts.append(f"<text x='{left + 30}' y='{_TOP + 4}' text-anchor='start'>{escape(said(name))}</text>")
    return frame.drawn(parts, said(lines.x_label), said(lines.y_label), digits)


@dataclass(frozen=True)
class _Frame:
    """The axes of a chart.

    Attributes:
        across, up: the ranges of both axes.
        top: CSS pixels above them.
        whole: whether the horizontal axis counts, so that its numbers are whole.
    """

    across: tuple[float, float]
    up: tuple[float, float]
    top: int
    whole: bool = False

    @property
    def _bottom(self) -> int:
        return _HEIGHT - _BOTTOM

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point lies, in CSS pixels."""
        right = (x - self.across[0]) / (self.across[1] - self.across[0])
        above = (y - self.up[0]) / (self.up[1] - self.up[0])
        return _LEFT + right * (_WIDTH - _LEFT - _RIGHT), self._bottom - above * (self._bottom - self.top)

    def path(self, points: Iterable[tuple[float, float]], looks: str) -> str:
        """Return the line through some points, with gaps where one is not finite."""
        path, drawing = PathWriter(0.1), False
        for point in points:
            known = all(map(math.isfinite, point))
            if known:
                (path.line if drawing else path.move)(*self.at(*point))
            drawing = known
        return f"<path {looks} stroke-linejoin='round' d='{path.text()}'/>"

    def dots(self, points: Iterable[tuple[float, float]], looks: str) -> str:
        """Return a dot at each point that is finite: a line without length, whose round ends are seen."""
        places = (self.at(*point) for point in points if all(map(math.isfinite, point)))
        data = "".join(f"M{compact(x)},{compact(y)}h0" for x, y in places)
        return f"<path {looks} stroke-linecap='round' d='{data}'/>"

    def drawn(self, parts: list[str], x_label: str, y_label: str, digits: Words) -> str:
        """Return the whole drawing of these parts within the axes, which are called so."""
        right, bottom = _WIDTH - _RIGHT, self._bottom
        axes = []
        for tick in ticks(*self.up, _STEPS):
            y = compact(self.at(self.across[0], tick)[1])
            axes.append(f"<path stroke='{GRID}' d='M{_LEFT},{y}H{right}'/>")
            axes.append(f"<text x='{_LEFT - 8}' y='{y}' dy='4'>{digits(number(tick))}</text>")
        axes.append(f"<path stroke='{AXIS}' d='M{_LEFT},{self.top}V{bottom}H{right}'/><g text-anchor='middle'>")
        for tick in ticks(*self.across, _STEPS):
            if self.whole and tick != round(tick):
                continue
            x = compact(self.at(tick, self.up[0])[0])
            axes.append(f"<path stroke='{AXIS}' d='M{x},{bottom}v4'/>")
            axes.append(f"<text x='{x}' y='{bottom + 17}'>{digits(number(tick))}</text>")
        axes.append(f"<text x='{(_LEFT + right) // 2}' y='{_HEIGHT - 6}'>{escape(x_label)}</text>")
        turned = f"transform='translate(13,{(self.top + bottom) // 2})rotate(-90)'"
        axes.append(f"<text {turned}>{escape(y_label)}</text></g>")
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDTH}' height='{_HEIGHT}' "
            f"viewBox='0 0 {_WIDTH} {_HEIGHT}' font-family='system-ui,sans-serif' font-size='11.5' fill='{INK}' "
            f"text-anchor='end'><style>{DARK}path{{fill:none}}</style><rect width='{_WIDTH}' height='{_HEIGHT}' "
            f"fill='#fff'/>{''.join([*axes, *parts])}</svg>"
        )


def _range(values: np.ndarray) -> tuple[float, float]:
    """Return the ends of an axis for these values, with some room; a unit around a single value, 0 to 1 for none."""
    known = np.asarray(values, np.float64)[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    room = (high - low) * _ROOM or max(abs(low), 1.0) / 2
    return low - room, high + room
