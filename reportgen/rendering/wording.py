"""Numbers, shapes and names as a reader wants them; used by every template."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reportgen.messages import MINUS
from reportgen.untrusted.escaping import shown

_NONE = "\N{EN DASH}"
_COLUMN = 7
_NAME_END = 30  # characters, since long names differ at their ends
KILOBYTE = 1000


def integer(value: int | None) -> str:
    """Return a whole number with thousands separated by commas, or a dash for None."""
    return _NONE if value is None else f"{value:,}".replace("-", MINUS)


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with so many significant digits: plain from 0.001 to 99,999, otherwise with an exponent."""
    if value is None or math.isnan(value):
        return _NONE
    if math.isinf(value):
        return "\N{INFINITY}" if value > 0 else f"{MINUS}\N{INFINITY}"
    magnitude = abs(value)
    if magnitude == 0:
        return "0"
    exponent = math.floor(math.log10(float(f"{magnitude:.{digits - 1}e}")))
    text = f"{value:,.{max(digits - 1 - exponent, 0)}f}" if -4 < exponent < 5 else f"{value:.{digits - 1}e}"
    return text.replace("-", MINUS)


def percent(value: float | None) -> str:
    """Return a share in [0, 1] as a percentage with one decimal; what is not quite none or all is never shown as 0 or 100."""
    if value is None or math.isnan(value):
        return _NONE
    if 0 < value < 0.0005:
        return "<0.1%"
    if 0.9995 < value < 1:
        return ">99.9%"
    return f"{100 * value:.1f}%"


def sizes(value: Sequence[int | None] | None) -> str:
    """Return a shape, window or receptive field as '3 x 3' with multiplication signs; '?' for a free size."""
    if value is None:
        return _NONE
    return " \N{MULTIPLICATION SIGN} ".join("?" if size is None else f"{size:,}" for size in value) or "1"


def file_size(value: int) -> str:
    """Return a number of bytes with a decimal unit, as '1.37 MB'."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value} bytes"


def lined_up(texts: Sequence[str]) -> str:
    """Return short texts as columns of equal width, right-aligned: one table cell where one for each would be thousands."""
    return " ".join(f"{text:>{_COLUMN}}" for text in texts)


def name(text: str, *, empty: str = "(no name)") -> str:
    """Return a name on one line, its unseen characters escaped, cut in the middle to at most 80 characters.

    Args:
        text: the name.
        empty: returned where nothing of it is seen.
    """
    return shown(text, end=_NAME_END) if text.strip() else empty
