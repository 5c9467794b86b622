"""The report as numbers. The schema is `report.schema.json` beside this file; docs/json.md explains it."""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from reportgen.results.findings import Finding, LayerSummary, Report, Section, is_written
from reportgen.results.plottables import Histogram, ImageGrid, Matrix, Panel, Strip
from reportgen.untrusted.escaping import is_unseen

SCHEMA_VERSION = 2
"""Raised when a name goes or changes its meaning; new names do not raise it.

1: the first.
2: layers are a table and the sources of findings stand once, which halves what they take of a deep model's report; floats
without a fraction are whole numbers.
"""

_QUANTILES = (0, 0.25, 0.5, 0.75, 1)  # of a strip
_DIGITS = 6  # significant ones of every float: single precision has no more


def render_json(report: Report) -> str:
    """Return the report as JSON, one line, without the pixels of its images."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "provenance": _plain(report.provenance),
        "model": _plain(report.model),
        "samples": _plain(report.samples),
        "findings": [_finding(finding) for finding in report.findings],
        "sources": {finding.code: finding.source for finding in report.findings},
        "inconclusive": [_plain(one) for one in report.inconclusive],
        "rules": [_plain(rule) for rule in report.rules],
        "sections": [_section(section) for section in report.sections],
    }
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # on one line, what cannot be printed stands inside strings alone; escaped, it cannot hide or turn what a reader sees
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if is_unseen(character) else character


def _finding(finding: Finding) -> dict[str, Any]:
    """Return a finding without its source, which all findings of a rule share: `sources` has it once."""
    return {name: value for name, value in _plain(finding).items() if name != "source"}


def _section(section: Any) -> dict[str, Any]:
    skipped, result = None, None
    if not isinstance(section, Section):
        skipped = section.reason
    elif section.package and not _is_plain(section.result):
        skipped = "The plug-in's result holds something that JSON cannot hold."
    else:
        result = _plain(section.result)
    return {"name": section.name, "title": section.title, "skipped": skipped, "result": result}


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(_plain(value), allow_nan=False)
    except Exception:  # noqa: BLE001 - a plug-in's own types may raise anything
        return False
    return True


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: numbers rounded, what is not finite as null."""
    if isinstance(value, ImageGrid):
        return {
            "value_range": _plain(value.value_range),
            "total": value.total,
            "palette": value.palette.value,
            "tile_shape": list(value.images.shape[1:]),
            "maxima": dict(zip(value.labels, _plain(value.maxima), strict=True)),
        }
    if isinstance(value, Panel):
        shape = list(value.images.shape[1:])
        return {"value_range": _plain(value.value_range), "palette": value.palette.value, "tile_shape": shape}
    if isinstance(value, Histogram):
        ends = value.edges[[0, -1]]
        return {"range": _plain(ends), "counts": _plain(value.counts), "value_label": value.value_label}
    if isinstance(value, Matrix):
        cells = [[int(row), int(column), int(value.counts[row, column])] for row, column in np.argwhere(value.counts)]
        return {"names": list(value.names), "cells": cells}
    if isinstance(value, Strip):
        levels = np.quantile(value.values, _QUANTILES) if len(value.values) else np.empty(0)
        return {"count": len(value.values), "quantiles": _plain(levels), "threshold": _plain(value.threshold)}
    if isinstance(value, tuple) and value and all(isinstance(item, LayerSummary) for item in value):
        return _table(value)
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value) if is_written(each)}
    if isinstance(value, enum.Enum):
        return value.name.lower()
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return _rounded(float(value))
    return value.item() if isinstance(value, np.generic) else value


def _rounded(value: float) -> float | None:
    """Return a number with six significant digits, whole where it is: '1' for 1.0; null for what is not finite."""
    if not math.isfinite(value):
        return None
    rounded = float(f"{value:.{_DIGITS}g}")
    return int(rounded) if abs(rounded) < 10**_DIGITS and rounded.is_integer() else rounded


def _table(layers: tuple[LayerSummary, ...]) -> dict[str, Any]:
    names = [field.name for field in fields(LayerSummary)]
    return {"columns": names, "rows": [[_plain(getattr(layer, name)) for name in names] for layer in layers]}
