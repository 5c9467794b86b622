"""Histograms as SVG of a kilobyte, without a figure library: bars, outlines and axes with round numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from xml.sax.saxutils import escape

import numpy as np

from reportgen.messages import MINUS, say
from reportgen.rendering.figures import TRAINED_COLOUR, UNTRAINED_COLOUR
from reportgen.rendering.svg import DARK, compact, stairs
from reportgen.results import Histogram

_COUNT = say("count")
_FILLED = ("trained", "new")
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 10, 38  # CSS pixels around the bars; on the left more where counts are long
_DIGIT, _COMMA, _BESIDE = 7, 3.5, 24  # CSS pixels of a digit, of a comma, and of what stands beside a count
_TICK = 70  # CSS pixels from one number of the horizontal axis to the next, at least
_LINE = 16
_AXIS, _GRID, _INK = "#6b7178", "#e4e2dc", "#3a4148"


def histogram_svg(
    histogram: Histogram,
    *,
    width: int,
    height: int,
    said: Callable[[str], str] = str,
    digits: Callable[[str], str] = str,
) -> str:
    """Return a histogram as an SVG: trained or new filled in blue, any other set as an outline in ochre, on shared bins.

    Args:
        histogram: the histogram.
        width, height: the picture's size in CSS pixels.
        said: what becomes of the words in the picture, such as `Language.text`.
        digits: what becomes of its numbers as text, such as `Language.digits`.
    """
    down = height - _TOP - _BOTTOM
    bottom = _TOP + down
    low, high = float(histogram.edges[0]), float(histogram.edges[-1])
    highest = max((int(counts.max(initial=0)) for counts in histogram.counts.values()), default=0) or 1
    most = highest * (1 + _LINE / down)  # room for the sets' names
    levels = ticks(0, highest, max(2, down // 40))
    left = max(_LEFT, *(_room(_number(level)) for level in levels))
    across = width - left - _RIGHT
    parts = []
    for tick in levels:
        y = bottom - tick / most * down
        parts.append(f"<path stroke='{_GRID}' d='M{left},{compact(y)}h{across}'/>")
        parts.append(f"<text x='{left - 6}' y='{compact(y + 4)}'>{digits(_number(tick))}</text>")
    for place, (name, counts) in enumerate(histogram.counts.items()):
        ends = (np.arange(len(counts)) + 1) * (across / len(counts))
        outline = stairs(down * (1 - counts / most), ends, down)
        filled = name in _FILLED
        colour = TRAINED_COLOUR if filled else UNTRAINED_COLOUR
        look = f"fill='{colour}'" if filled else f"fill='none' stroke='{colour}' stroke-width='1.5'"
        parts.append(f"<path transform='translate({left},{_TOP})' {look} d='{outline}'/>")
        words = escape(said(name))
        last = place == len(histogram.counts) - 1
        at = f"x='{width - _RIGHT}'" if last else f"x='{left}' text-anchor='start'"
        parts.append(f"<text {at} y='{_TOP + 10}' fill='{colour}' font-weight='600'>{words}</text>")
    parts.append(f"<path stroke='{_AXIS}' d='M{left},{bottom}h{across}'/><g text-anchor='middle'>")
    for tick in ticks(low, high, max(2, across // _TICK)):
        x = compact(left + (tick - low) / (high - low) * across)
        parts.append(
            f"<path stroke='{_AXIS}' d='M{x},{bottom}v4'/><text x='{x}' y='{bottom + 15}'>{digits(_number(tick))}</text>"
        )
    title = escape(said(histogram.value_label))
    parts.append(f"<text x='{left + across // 2}' y='{height - 6}'>{title}</text>")
    parts.append(f"<text transform='translate(12,{_TOP + down // 2})rotate(-90)'>{escape(said(_COUNT))}</text></g>")
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}' "
        f"font-family='system-ui,sans-serif' font-size='11' fill='{_INK}' text-anchor='end'>"
        f"<style>{DARK}</style><rect width='{width}' height='{height}' fill='#fff'/>{''.join(parts)}</svg>"
    )


def _number(value: float) -> str:
    return f"{value:,.12g}".replace("-", MINUS)


def _room(number: str) -> int:
    commas = number.count(",")
    return math.ceil(_BESIDE + _DIGIT * (len(number) - commas) + _COMMA * commas)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return the round numbers of an axis: multiples of 1, 2 or 5 times a power of ten, in at most so many steps.

    Args:
        low, high: the axis' ends, the second one larger.
        most: number of steps.

    Example:
        >>> ticks(-0.93, 0.61, 4)
        [-0.5, 0.0, 0.5]
    """
    least = (high - low) / most
    decade = 10.0 ** math.floor(math.log10(least))
    step = next(digit * decade for digit in (1, 2, 5, 10) if digit * decade >= least * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 12) + 0.0 for place in range(first, last + 1)]
