"""Shares as bars: an SVG of a few hundred bytes."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from reportgen.rendering.figures import TRAINED_COLOUR
from reportgen.rendering.svg import DARK, compact

WIDTH, ROW = 361, 24  # CSS pixels: all of a phone's width, on which letters keep their size
_NAME, _TRACK = 126, 160  # CSS pixels of a name and of a whole bar
_OTHER = "#b9c2ca"
_LONGEST = 18  # characters of a name


def bars_svg(rows: Sequence[tuple[str, float, str, bool]]) -> str:
    """Return shares as bars on tracks of one length.

    Args:
        rows: for each bar its name, its share in [0, 1], the share as text, '' for an empty row, and whether it stands out:
            in blue, with a sign.
    """
    parts, tracks = [], ""
    for place, (name, share, text, marked) in enumerate(rows):
        if not text:
            continue
        top = place * ROW
        short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        weight = " font-weight='600'" if marked else ""
        sign = "✔ " if marked else ""
        parts.append(f"<text x='{_NAME}' y='{top + 16}' text-anchor='end'{weight}>{sign}{escape(short)}</text>")
        length = compact(max(0.0, min(share, 1.0)) * _TRACK)
        colour = TRAINED_COLOUR if marked else _OTHER
        tracks += f"M{_NAME + 12},{top + 12}h{_TRACK}"
        parts.append(f"<path stroke='{colour}' d='M{_NAME + 12},{top + 12}h{length}'/>")
        parts.append(f"<text x='{_NAME + _TRACK + 20}' y='{top + 16}'{weight}>{escape(text)}</text>")
    height = len(rows) * ROW
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' viewBox='0 0 {WIDTH} {height}' "
        f"font-family='system-ui,sans-serif' font-size='12' fill='#1b1f23' stroke-width='14'>"
        f"<style>text{{stroke:none}}{DARK}</style><rect width='{WIDTH}' height='{height}' fill='#fff' stroke='none'/>"
        f"<path stroke='#f0efeb' d='{tracks}'/>{''.join(parts)}</svg>"
    )
