"""The report as numbers. `schema.py` makes `report.schema.json` from the same dataclasses; docs/json.md explains it."""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import singledispatch
from typing import Any, Literal

import numpy as np

from reportgen.results import (
    Advice,
    ComparedModel,
    ComparedVerdict,
    Comparison,
    Finding,
    Histogram,
    ImageGrid,
    Inconclusive,
    LayerSummary,
    Matrix,
    ModelSummary,
    Palette,
    Panel,
    Provenance,
    Report,
    RuleInForce,
    SamplesSummary,
    Scatter,
    Section,
    SkippedSection,
    Strip,
    is_written,
)
from reportgen.untrusted.escaping import is_unseen

SCHEMA_VERSION: Literal[2] = 2
"""Raised when a name goes or changes its meaning; new names do not raise it.

1: the first.
2: layers are a table and the sources of findings stand once, which halves what they take of a deep model's report; floats
without a fraction are whole numbers.
"""

_QUANTILES = (0, 0.25, 0.5, 0.75, 1)  # of a strip
_DIGITS = 6  # significant ones of every float: single precision has no more


@dataclass(frozen=True)
class WrittenSection:
    """One section.

    Attributes:
        name: the analysis.
        title: its heading.
        skipped: why there is no result; null for a section that ran.
        result: the analysis' numbers; null for a section that did not run.
        traceback: where in the program a section failed, without folders; null for one that did not.
    """

    name: str
    title: str
    skipped: str | None
    result: Any
    traceback: str | None = None


@dataclass(frozen=True)
class Document:
    """The numbers of a reportgen report.

    Floats have six significant digits; what is not finite is null. New names may come without a new schema_version.

    Attributes:
        schema_version: raised when a name goes or changes its meaning.
        provenance: where the report comes from and how to make it again.
        model: its totals.
        samples: which samples were used; null without samples.
        findings: those of all sections, most severe first.
        sources: where rule and threshold of a finding come from, by its code.
        advice: what is wrong in a few words, why it matters, what to do and how sure it is, by the finding's code.
        inconclusive: rules that the samples cannot decide.
        rules: every rule as it was in force.
        sections: one for each analysis.
    """

    schema_version: Literal[2]
    provenance: Provenance
    model: ModelSummary
    samples: SamplesSummary | None
    findings: tuple[Finding, ...]
    sources: Mapping[str, str]
    advice: Mapping[str, Advice]
    inconclusive: tuple[Inconclusive, ...]
    rules: tuple[RuleInForce, ...]
    sections: tuple[WrittenSection, ...]


@dataclass(frozen=True)
class ComparisonDocument:
    """The numbers of a comparison of two models.

    Floats have six significant digits; what is not finite is null. New names may come without a new schema_version.

    Attributes:
        schema_version: raised when a name goes or changes its meaning.
        title: the page's title.
        command: the command that makes the same comparison again.
        verdict: whether the new model is better.
        base: the model that is compared with.
        new: the model that is judged.
        samples: what both were run on; null without samples.
        rules: every rule that was applied to both, with what is in force.
        sections: one for each part.
    """

    schema_version: Literal[1]
    title: str
    command: str
    verdict: ComparedVerdict
    base: ComparedModel
    new: ComparedModel
    samples: SamplesSummary | None
    rules: tuple[RuleInForce, ...]
    sections: tuple[WrittenSection, ...]


def render_comparison_json(comparison: Comparison) -> str:
    """Return a comparison as JSON, one line, without the pixels of its images."""
    return _text(
        ComparisonDocument(
            schema_version=1,
            title=comparison.title,
            command=comparison.command,
            verdict=comparison.verdict,
            base=comparison.base,
            new=comparison.new,
            samples=comparison.samples,
            rules=comparison.rules,
            sections=tuple(map(_section, comparison.sections)),
        )
    )


def render_json(report: Report) -> str:
    """Return the report as JSON, one line, without the pixels of its images."""
    document = Document(
        schema_version=SCHEMA_VERSION,
        provenance=report.provenance,
        model=report.model,
        samples=report.samples,
        findings=report.findings,
        sources={finding.code: finding.source for finding in report.findings},
        advice={finding.code: finding.advice for finding in report.findings},
        inconclusive=report.inconclusive,
        rules=report.rules,
        sections=tuple(map(_section, report.sections)),
    )
    return _text(document)


def _text(document: Document | ComparisonDocument) -> str:
    text = json.dumps(_plain(document), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # on one line, what cannot be printed stands inside strings alone; escaped, it cannot hide or turn what a reader sees
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if is_unseen(character) else character


def _section(section: Section | SkippedSection) -> WrittenSection:
    skipped, result, traceback = None, None, None
    if not isinstance(section, Section):
        skipped, traceback = section.reason, section.traceback or None
    elif section.foreign and not _is_plain(section.result):
        whose = "plug-in" if section.package else "section"
        skipped = f"The {whose}'s result holds something that JSON cannot hold."
    else:
        result = section.result
    return WrittenSection(section.name, section.title, skipped, result, traceback)


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(_plain(value), allow_nan=False)
    except Exception:  # noqa: BLE001 - a plug-in's own types may raise anything
        return False
    return True


@singledispatch
def written(value: Any) -> Any:
    """Return what a value is written as: plottables without pixels and in few numbers, all else as it is."""
    return value


@dataclass(frozen=True)
class WrittenGrid:
    """A grid of small images, without its pixels.

    Attributes:
        value_range: the values of the first and the last colour.
        total: how many images there are in all.
        palette: how values become colours.
        tile_shape: height and width of an image, and 3 for a coloured one.
        maxima: the largest value of each image, by its label.
    """

    value_range: tuple[float, float]
    total: int
    palette: Palette
    tile_shape: tuple[int, ...]
    maxima: Mapping[str, float]


@written.register
def _grid(grid: ImageGrid) -> WrittenGrid:
    maxima = dict(zip(grid.labels, grid.maxima.tolist(), strict=True))
    return WrittenGrid(grid.value_range, grid.total, grid.palette, grid.images.shape[1:], maxima)


@dataclass(frozen=True)
class WrittenPanel:
    """Pictures of one kind, without their pixels.

    Attributes:
        value_range: the values of the first and the last colour.
        palette: how values become colours.
        tile_shape: height and width of a picture, and 3 for a coloured one.
    """

    value_range: tuple[float, float]
    palette: Palette
    tile_shape: tuple[int, ...]


@written.register
def _panel(panel: Panel) -> WrittenPanel:
    return WrittenPanel(panel.value_range, panel.palette, panel.images.shape[1:])


@dataclass(frozen=True)
class WrittenHistogram:
    """Counts of several sets of values on equally wide bins.

    Attributes:
        range: where the first bin begins and the last one ends.
        counts: the counts of the bins, by the set's name.
        value_label: what the values are.
    """

    range: tuple[float, float]
    counts: Mapping[str, tuple[int, ...]]
    value_label: str


@written.register
def _histogram(histogram: Histogram) -> WrittenHistogram:
    counts = {name: tuple(values.tolist()) for name, values in histogram.counts.items()}
    return WrittenHistogram((histogram.edges[0], histogram.edges[-1]), counts, histogram.value_label)


@dataclass(frozen=True)
class WrittenMatrix:
    """Counts by row (label) and column (prediction).

    Attributes:
        names: the classes.
        cells: [row, column, count] of each cell that is not zero.
    """

    names: tuple[str, ...]
    cells: tuple[tuple[int, int, int], ...]


@written.register
def _matrix(matrix: Matrix) -> WrittenMatrix:
    counts = matrix.counts
    cells = tuple((int(row), int(column), int(counts[row, column])) for row, column in np.argwhere(counts))
    return WrittenMatrix(matrix.names, cells)


@dataclass(frozen=True)
class WrittenStrip:
    """The values of a layer's channels in short.

    Attributes:
        count: number of channels.
        quantiles: at 0, 25, 50, 75 and 100 %; empty without values.
        threshold: what a reader compares the values with.
    """

    count: int
    quantiles: tuple[float, ...]
    threshold: float


@written.register
def _strip(strip: Strip) -> WrittenStrip:
    levels = np.quantile(strip.values, _QUANTILES) if len(strip.values) else np.empty(0)
    return WrittenStrip(len(strip.values), tuple(levels.tolist()), strip.threshold)


@dataclass(frozen=True)
class WrittenScatter:
    """Samples as points of a plane, without their places, which are a picture.

    Attributes:
        points: number of them.
        wrong: number of those that are answered wrongly.
        names: the classes' names.
    """

    points: int
    wrong: int
    names: tuple[str, ...]


@written.register
def _scatter(scatter: Scatter) -> WrittenScatter:
    return WrittenScatter(len(scatter.x), int(scatter.wrong.sum()), scatter.names)


COLUMNS = tuple(field.name for field in fields(LayerSummary))
"""What stands in each row of the table that layers are written as."""


_AS_THEY_ARE = (str, int, bool, type(None))
"""Types, of most values, that are written without a look at what else they could be."""


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: numbers rounded, what is not finite as null."""
    if type(value) is float:
        return _rounded(value)
    if type(value) in _AS_THEY_ARE:
        return value
    value = written(value)
    if isinstance(value, tuple) and value and all(isinstance(item, LayerSummary) for item in value):
        rows = [[_plain(getattr(layer, name)) for name in COLUMNS] for layer in value]
        return {"columns": list(COLUMNS), "rows": rows}
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
