"""The index of many reports: a table with a row for each model, and a curve for the checkpoints of each run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from reportgen.messages import say
from reportgen.rendering.digest import sealed
from reportgen.rendering.html import dressed, json_uri, make_environment
from reportgen.rendering.language import open_language
from reportgen.rendering.page import Page
from reportgen.results import Curve, Histogram, Matrix, Severity

_TITLE = say("Models")
_PICTURE = 56  # units of a confusion matrix' drawing on a side
_SHADES = 5


@dataclass(frozen=True)
class Measure:
    """What was measured against labels.

    Attributes:
        kind: 'accuracy', 'exact' (all classes of a sample right), 'iou', 'psnr' in dB, or 'r2'.
        value: the value; a share in [0, 1] but for 'psnr' and 'r2'.
        low, high: the ends of its interval; None where there is none.
    """

    kind: str
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def is_share(self) -> bool:
        """Whether it is a share of something."""
        return self.kind in ("accuracy", "exact", "iou")


@dataclass(frozen=True, kw_only=True)
class IndexRow:
    """One model as the index shows it.

    Attributes:
        name: the stem of its files.
        title: the page's title.
        model: the model file's name; '' for one in memory.
        page: address of the page, relative to the index; '' where there is none.
        date: day of the report, ISO 8601.
        sha256: SHA-256 of the model's file, in hexadecimal.
        measure: None where nothing was measured against labels.
        evaluated: number of samples; None without.
        findings: how many there are of each severity, by its name.
        inconclusive: rules that the samples cannot decide.
        worst: what is wrong first, in a few words; '' for nothing.
        parameters: number of weights; None where it is not known.
        size: bytes of the model's file; None for one in memory.
        comparable: what reports of one run share: the shape of the model and the samples.
        confusion, weights: what its small picture is drawn of: the confusion matrix, or where there is none the distribution of
            a kernel.
        error: why there is no report, one line; '' where there is one.
    """

    name: str
    title: str
    model: str = ""
    page: str = ""
    date: str = ""
    sha256: str = ""
    measure: Measure | None = None
    evaluated: int | None = None
    findings: Mapping[str, int]
    inconclusive: int = 0
    worst: str = ""
    parameters: int | None = None
    size: int | None = None
    comparable: str = ""
    confusion: Matrix | None = None
    weights: Histogram | None = None
    error: str = ""

    @property
    def severities(self) -> tuple[tuple[Severity, int], ...]:
        """How many findings there are of each severity that has some, the gravest first."""
        return tuple((one, self.findings[one.label]) for one in reversed(Severity) if self.findings.get(one.label))

    @property
    def gravity(self) -> int:
        """A number by which rows are sorted: any problem outweighs all warnings, any warning all notes."""
        return sum(min(count, 999) * 1000 ** int(severity) for severity, count in self.severities)


@dataclass(frozen=True)
class Run:
    """Checkpoints of one training, in their order.

    Attributes:
        name: what their names share, with '…' for the number.
        steps: the number of each.
        rows: the checkpoints.
    """

    name: str
    steps: tuple[int, ...]
    rows: tuple[IndexRow, ...]

    @property
    def curve(self) -> Curve:
        """What was measured of each, against its number."""
        measures = [row.measure for row in self.rows if row.measure is not None]
        value, low, high = (
            np.array([getattr(one, end) if getattr(one, end) is not None else one.value for one in measures])
            for end in ("value", "low", "high")
        )
        kind = measures[0].kind
        return Curve(np.array(self.steps, np.float64), value, low, high, say("checkpoint"), MEASURES[kind])


MEASURES = {
    "accuracy": say("accuracy"),
    "exact": say("all classes right"),
    "iou": say("mean IoU"),
    "psnr": say("PSNR in dB"),
    "r2": say("R²"),
}
"""What each kind of measure is called."""


@dataclass(frozen=True)
class _Head:
    """What the frame of a page asks of a report's provenance."""

    title: str
    date: str
    versions: Mapping[str, str]
    backend: str = ""


def render_index(rows: Sequence[IndexRow], runs: Sequence[Run], *, version: str, lang: str = "en") -> str:
    """Return the self-contained index.

    Args:
        rows: the models, in the order shown.
        runs: series of checkpoints among them.
        version: that of reportgen.
        lang: code of the page's language.
    """
    language = open_language(lang)
    environment = make_environment((), language)
    date = max((row.date for row in rows), default="")  # not today's: the same reports give the same bytes
    page, title = Page(language), language.text(_TITLE)
    names: dict[str, Any] = {
        "page": page,
        "Severity": Severity,
        "rows": rows,
        "runs": runs,
        "provenance": _Head(title, date, {"reportgen": version}),
        "measures": MEASURES,
        "confusion_drawing": confusion_drawing,
    }
    template = environment.get_template("index.html")
    running = f"{title} \N{EN DASH} {date}"
    text = json.dumps({"models": [_written(row) for row in rows], "sections": []}, ensure_ascii=False)
    return sealed(template.render(**names, **dressed(environment, names, running), json_uri=json_uri(text)) + "\n")


def _written(row: IndexRow) -> dict[str, Any]:
    """Return a row as the index' own JSON has it: without what the picture is drawn of."""
    drawn = ("comparable", "confusion", "weights")
    told = {each.name: getattr(row, each.name) for each in fields(row) if each.name not in drawn}
    return told | {"measure": None if row.measure is None else asdict(row.measure)}


def confusion_drawing(matrix: Matrix) -> list[tuple[bool, float, str]]:
    """Return a confusion matrix as filled paths: whether its cells are right ones, how dark they are, and the path's data.

    A cell is as dark as its share of the row, in five steps; empty ones are left out.
    """
    side = _PICTURE / len(matrix.names)
    rates = np.nan_to_num(matrix.rates)
    paths: dict[tuple[bool, int], list[str]] = {}
    for row, column in np.argwhere(rates > 0):
        shade = int(np.ceil(rates[row, column] * _SHADES))
        cell = f"M{column * side:.1f} {row * side:.1f}h{side:.1f}v{side:.1f}h-{side:.1f}z"
        paths.setdefault((bool(row == column), shade), []).append(cell)
    return [(right, shade / _SHADES, "".join(cells)) for (right, shade), cells in sorted(paths.items())]
