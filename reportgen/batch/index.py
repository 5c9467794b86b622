"""The index of a folder of reports, from their JSON alone: whoever has the folder can make it anew."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from reportgen import __version__
from reportgen.errors import OutputError
from reportgen.rendering import IndexRow, Measure, Run, render_index, write_all
from reportgen.results import Histogram, Matrix, Severity
from reportgen.untrusted.escaping import base_name
from reportgen.untrusted.regular import read_regular

INDEX = "index.html"
_LARGEST = 64_000_000  # bytes of a JSON; those of the largest models have 5 MB
_MOST_CLASSES = 100
_SHORTEST_RUN = 3
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MEASURES = {
    "classification": ("accuracy", "accuracy"),
    "multi_label": ("exact", "exact"),
    "segmentation": ("mean", "iou"),
    "images": ("psnr", "psnr"),
    "regression": ("explained", "r2"),
}


def write_index(folder: str | Path, *, lang: str = "en") -> Path:
    """Write `index.html` into a folder of reports, and return its path.

    Args:
        folder: holds the JSON of each report, and beside it the page of the same name.
        lang: language of the index.

    Raises:
        OutputError: it is no folder, or cannot be written to.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise OutputError(
            f"the folder of reports must exist. Received: {base_name(folder)}. Name that of reportgen batch."
        )
    rows = tuple(read_rows(folder))
    path = folder / INDEX
    write_all({path: render_index(rows, runs_of(rows), version=__version__, lang=lang)})
    return path


def read_rows(folder: Path) -> Iterator[IndexRow]:
    """Yield a row for each report of a folder, in counting order of their names; other JSON files are passed over."""
    paths = sorted((path for path in folder.glob("*.json") if not path.name.startswith(".")), key=_in_counting_order)
    for path in paths:
        try:
            content = read_regular(path, most=_LARGEST + 1)
            if len(content) > _LARGEST:
                continue
            document = json.loads(content.decode("utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        row = _row(path, document)
        if row is not None:
            yield row


def _in_counting_order(path: Path) -> list[tuple[bool, float, str]]:
    return [(part.isdigit(), float(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", path.stem)]


def _row(path: Path, document: Any) -> IndexRow | None:
    """Return a report's row; None for a JSON that is none. Of what does not have its type, nothing is shown."""
    failed = _get(document, "failed")
    if isinstance(failed, Mapping) and _text(failed, "error"):
        name = path.name.removesuffix(".failed.json")
        return IndexRow(name=name, title=name, model=_text(failed, "model"), error=_text(failed, "error"), findings={})
    provenance = _get(document, "provenance")
    if not isinstance(provenance, Mapping) or not isinstance(_get(document, "schema_version"), int):
        return None
    model, samples, findings = (_get(document, name) for name in ("model", "samples", "findings"))
    severities = [_text(one, "severity") for one in _list(findings)]
    page = path.with_suffix(".html")
    results = {_text(one, "name"): _get(one, "result") for one in _list(_get(document, "sections"))}
    quality = results.get("prediction_quality")
    return IndexRow(
        name=path.stem,
        title=_text(provenance, "title") or path.stem,
        model=_text(provenance, "file_name"),
        page=quote(page.name) if page.is_file() else "",
        date=_text(provenance, "date"),
        sha256=_text(provenance, "sha256"),
        measure=_measure(quality),
        evaluated=_whole(samples, "evaluated"),
        findings={one.label: severities.count(one.label) for one in Severity},
        inconclusive=len(_list(_get(document, "inconclusive"))),
        worst=_worst(document),
        parameters=_whole(model, "parameters"),
        size=_whole(provenance, "file_size"),
        comparable=json.dumps([_get(model, "parameters"), _get(model, "input_shape"), _get(samples, "sha256")]),
        confusion=_confusion(_get(_get(quality, "classification"), "matrix")),
        weights=_weights(results.get("weight_histograms")),
    )


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any, name: str) -> str:
    found = _get(value, name)
    return found if isinstance(found, str) else ""


def _whole(value: Any, name: str) -> int | None:
    found = _get(value, name)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 2**63 else None


def _number(value: Any, name: str) -> float | None:
    found = _get(value, name)
    is_number = isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < 1e300
    return float(found) if is_number and math.isfinite(found) else None


def _measure(quality: Any) -> Measure | None:
    for part, (name, kind) in _MEASURES.items():
        measured = _get(_get(quality, part), name)
        value = _number(measured, "value")
        if value is not None:
            return Measure(kind, value, _number(measured, "low"), _number(measured, "high"))
    return None


def _worst(document: Any) -> str:
    """Return what the gravest finding says in a few words, of those beyond notes: findings stand most severe first."""
    first = next(iter(_list(_get(document, "findings"))), None)
    if _text(first, "severity") in ("", Severity.NOTE.label):
        return ""
    return _text(_get(_get(document, "advice"), _text(first, "code")), "title") or _text(first, "code")


def _confusion(matrix: Any) -> Matrix | None:
    names = _list(_get(matrix, "names"))
    if not 2 <= len(names) <= _MOST_CLASSES:
        return None
    counts = np.zeros((len(names), len(names)), np.int64)
    for cell in _list(_get(matrix, "cells")):
        if not (isinstance(cell, list) and len(cell) == 3 and all(isinstance(one, int) for one in cell)):
            return None
        row, column, count = cell
        if not (0 <= row < len(names) and 0 <= column < len(names) and 0 < count < 2**53):
            return None
        counts[row, column] = count
    return Matrix(counts, tuple(map(str, names)))


def _weights(result: Any) -> Histogram | None:
    """Return the distribution of the first kernel, else of the next one that has one."""
    for kernel in (_get(result, "first"), *_list(_get(result, "others"))):
        histogram = _get(kernel, "histogram")
        low, high = (
            one if isinstance(one, int | float) else None for one in [*_list(_get(histogram, "range")), None, None][:2]
        )
        counts = _get(histogram, "counts")
        sets = {str(name): _counts(one) for name, one in counts.items()} if isinstance(counts, Mapping) else {}
        same = {len(one) for one in sets.values()}
        if "trained" in sets and len(same) == 1 and min(same) and low is not None and high is not None and low < high:
            return Histogram(np.linspace(low, high, min(same) + 1), sets)
    return None


def _counts(values: Any) -> np.ndarray:
    given = _list(values)
    sound = len(given) <= 1000 and all(isinstance(one, int) and 0 <= one < 2**53 for one in given)
    return np.array(given if sound else [], np.int64)


def runs_of(rows: Sequence[IndexRow]) -> tuple[Run, ...]:
    """Return the checkpoints of each training, in their order.

    They are reports of equal models on equal samples, whose names differ in a number, such as 'epoch-01' and 'epoch-02'. Of
    several numbers, as of 'weights.02-0.45', it is the first whole one that differs from each to the next.
    """
    groups: dict[tuple[str, str, str], list[IndexRow]] = defaultdict(list)
    for row in rows:
        if row.measure is not None and _NUMBER.search(row.name):
            groups[_NUMBER.sub("…", row.name), row.comparable, row.measure.kind].append(row)
    found = []
    for (pattern, _, _), members in groups.items():
        numbers = [_NUMBER.findall(row.name) for row in members]
        for place in range(len(numbers[0])):
            steps = [one[place] for one in numbers]
            if len({*steps}) == len(steps) >= _SHORTEST_RUN and all(step.isdigit() for step in steps):
                ordered = sorted(zip(map(int, steps), members, strict=True), key=lambda pair: pair[0])
                found.append(Run(pattern, tuple(step for step, _ in ordered), tuple(row for _, row in ordered)))
                break
    return tuple(sorted(found, key=lambda run: run.name))
