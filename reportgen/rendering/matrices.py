"""A matrix of many classes as one SVG: a cell for each pair, coloured by its share of the row, with numbers along both axes."""

from __future__ import annotations

import numpy as np

from reportgen.rendering.encoding import data_uri, levels_of, lookup_table, png_bytes
from reportgen.rendering.svg import compact
from reportgen.rendering.tiles import larger_letters
from reportgen.results import Matrix, Palette, Panel

_SIDE, _MOST = 440, 24  # CSS pixels of the matrix, and most of one cell
_APART = 24  # CSS pixels from one number of an axis to the next, at least
_LEFT, _TOP, _PADDING, _LEGEND = 30, 18, 8, 32
_RAMP = 160
_GROUND, _INK, _EMPTY = "#101316", "#d5dadf", (43, 49, 56)


def matrix_svg(matrix: Matrix, words: str, ends: tuple[str, str]) -> tuple[str, int, int]:
    """Return the drawing of a matrix, its width and its height in CSS pixels.

    Args:
        matrix: counts of classes, (K, K).
        words: what the colours show.
        ends: the smallest and the largest share, as they are written.
    """
    count = len(matrix.names)
    cell = min(_MOST, max(1, _SIDE // count)) if count <= _SIDE else _SIDE / count
    side = cell * count
    table = np.array([_EMPTY, *lookup_table(Palette.SEQUENTIAL).tolist()], np.uint8)
    levels = levels_of(Panel(matrix.rates, (0.0, 1.0), Palette.SEQUENTIAL))
    picture = data_uri(png_bytes(levels, palette=table), "image/png")
    ramp = data_uri(png_bytes(np.arange(1, len(table), dtype=np.uint8)[None], palette=table), "image/png")
    numbers = "".join(
        f"<text x='{compact((place + 0.5) * cell)}' y='-5' text-anchor='middle'>{place}</text>"
        f"<text x='-5' y='{compact((place + 0.5) * cell + 4)}' text-anchor='end'>{place}</text>"
        for place in range(0, count, _step(cell))
    )
    width, height = round(side) + _LEFT + 2 * _PADDING, round(side) + _TOP + _LEGEND + 2 * _PADDING
    bottom = compact(side + 12)
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}' "
        f"font-family='system-ui,sans-serif' font-size='11' fill='{_INK}'>"
        f"<style>image{{image-rendering:pixelated}}{larger_letters(width)}</style>"
        f"<rect width='{width}' height='{height}' fill='{_GROUND}'/>"
        f"<g transform='translate({_LEFT + _PADDING},{_TOP + _PADDING})'>"
        f"<image width='{compact(side)}' height='{compact(side)}' href='{picture}'/>{numbers}"
        f"<image y='{bottom}' width='{_RAMP}' height='9' preserveAspectRatio='none' href='{ramp}'/>"
        f"<text y='{compact(side + 32)}'>{ends[0]}</text>"
        f"<text x='{_RAMP}' y='{compact(side + 32)}' text-anchor='end'>{ends[1]}</text>"
        f"<text x='{_RAMP + 10}' y='{compact(side + 20)}'>{words}</text></g></svg>"
    )
    return svg, width, height


def _step(cell: float) -> int:
    """Return how many classes lie between two numbers of an axis: 1, 2 or 5, or ten times as many, and so on."""
    decade = 1
    while 5 * decade * cell < _APART:
        decade *= 10
    return next(digit * decade for digit in (1, 2, 5) if digit * decade * cell >= _APART)
