"""Any result as parts that one template can show: what sections added from Python, and analyses without a template, need."""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from reportgen.messages import say
from reportgen.rendering.language import Language
from reportgen.results import Curve, Histogram, ImageGrid, Lines, Matrix, NullBands, PanelGrid, Strip

_DRAWN = {
    Histogram: "histogram",
    Curve: "curve",
    Lines: "lines",
    ImageGrid: "grid",
    PanelGrid: "grid",
    Matrix: "grid",
    NullBands: "bands",
    Strip: "strip",
}
_MOST_NUMBERS = 12  # of a row, so that it stays short


@dataclass(frozen=True)
class Part:
    """One thing to show.

    Attributes:
        kind: 'text', 'histogram', 'curve', 'lines', 'grid', 'bands', 'strip' or 'facts'.
        caption: what it shows, from the names of the fields that lead to it; empty for facts, which have captions of their own.
        value: the text or plottable; for 'facts' pairs of a caption and a text.
    """

    kind: str
    caption: str
    value: Any


def parts_of(result: Any, *, language: Language) -> list[Part]:
    """Return what a result shows, in the order of its fields; numbers that follow one another are one part.

    Args:
        result: a dataclass of texts, numbers, plottables, and mappings, tuples and dataclasses of these. Something else is left
            out; the JSON has it where it can.
        language: the page's language.

    Example:
        A dataclass with `mean_input=0.5` and `dark=3` is one part: facts ('Mean input', '0.5') and ('Dark', '3').
    """
    shown: list[Part] = []
    for part in _walk("", result, language):
        if part.kind == "facts" and shown and shown[-1].kind == "facts":
            shown[-1] = replace(part, value=shown[-1].value + part.value)
        else:
            shown.append(part)
    return shown


def _walk(caption: str, value: Any, language: Language) -> Iterator[Part]:
    drawn = next((name for kind, name in _DRAWN.items() if isinstance(value, kind)), "")
    if drawn:
        yield Part(drawn, caption, value)
    elif isinstance(value, str):
        yield Part("text", caption, language.text(value))
    elif _is_number(value):
        yield Part("facts", "", [(caption, _number(value, language))])
    elif isinstance(value, np.ndarray | tuple | list) and all(map(_is_number, value)):
        texts = [_number(one, language) for one in value[:_MOST_NUMBERS]]
        yield Part("facts", "", [(caption, ", ".join(texts + ["…"] * (len(value) > _MOST_NUMBERS)))])
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _walk(_under(caption, str(name)), one, language)
    elif isinstance(value, tuple | list):
        for position, one in enumerate(value):
            yield from _walk(_under(caption, str(position)), one, language)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _walk(_under(caption, field.name.replace("_", " ")), getattr(value, field.name), language)


def _under(caption: str, name: str) -> str:
    return f"{caption}, {name}" if caption else f"{name[:1].upper()}{name[1:]}"


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real | np.bool_)


def _number(value: Any, language: Language) -> str:
    if isinstance(value, bool | np.bool_):
        return language.text(say("yes") if value else say("no"))
    return language.integer(int(value)) if isinstance(value, numbers.Integral) else language.number(float(value))
