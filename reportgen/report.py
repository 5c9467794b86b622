"""A finished report: its numbers, with the page, the JSON and the PDF that are made from them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Literal

from reportgen.errors import UsageError
from reportgen.redaction import left_out
from reportgen.rendering import (
    COMPARED_FORMS,
    LARGEST_PAGE,
    WRITERS,
    Asked,
    check_card,
    check_targets,
    rendered,
    write_all,
)
from reportgen.results import Comparison as ComparisonResults
from reportgen.results import Plottable, Section, Severity, severity_named
from reportgen.results import Report as ReportResults
from reportgen.untrusted.escaping import shown

_NOTHING: Mapping[str, str | Path] = {}
_WRITTEN = '{% include "sections/_written.html" %}'


@dataclass(frozen=True)
class WrittenResult:
    """What somebody wrote into a report.

    Attributes:
        text: paragraphs, with an empty line between them.
        figures: what is drawn below, by caption.
    """

    text: str
    figures: Mapping[str, Plottable]


@dataclass(frozen=True, repr=False)
class Report(ReportResults):
    """A finished report: its numbers, and the page and JSON made from them."""

    def __repr__(self) -> str:
        """Return one line: the title and how many findings of each severity there are."""
        found = [finding.severity for finding in self.findings]
        counts = ", ".join(f"{found.count(severity)} {severity.label}(s)" for severity in reversed(Severity))
        return f"<Report {self.provenance.title!r}: {counts}>"

    def with_section(
        self, title: str, text: str = "", plottables: Mapping[str, Plottable] | Sequence[Plottable] = ()
    ) -> Report:
        """Return the report with one more section at its end; in a redacted report it is left out, as what it shows is not known.

        Args:
            title: its heading.
            text: paragraphs, with an empty line between them.
            plottables: what is drawn below the text, such as `Histogram` and `ImageGrid` of `reportgen.plottables`; with
                captions as a dictionary by caption.

        Example:
            >>> edges, counts = numpy.linspace(0, 1, 21), numpy.bincount(bins, minlength=20)  # doctest: +SKIP
            >>> report = report.with_section(  # doctest: +SKIP
            ...     "Brightness", "Most samples are bright.", {"Mean of each sample": Histogram(edges, {"samples": counts})}
            ... )
        """
        figures = (
            plottables
            if isinstance(plottables, Mapping)
            else {f"Figure {number}": one for number, one in enumerate(plottables, 1)}
        )
        wanted = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_") or "section"
        taken = {section.name for section in self.sections}
        name = next(name for name in chain([wanted], (f"{wanted}_{n}" for n in count(2))) if name not in taken)
        section = Section(name, title, WrittenResult(text, figures), template=_WRITTEN)
        added = left_out(section) if self.provenance.redaction else section
        return replace(self, sections=(*self.sections, added))

    def to_html(self) -> str:
        """Return the self-contained page."""
        from reportgen.rendering import render_html

        return render_html(self)

    def to_json(self) -> str:
        """Return the numbers as JSON; the schema is `reportgen/rendering/report.schema.json`."""
        from reportgen.rendering import render_json

        return render_json(self)

    def to_pdf(self, paper: str = "A4", *, full: bool = False) -> bytes:
        """Return the page as PDF, printed by an installed Chromium.

        Args:
            paper: 'A4' or 'Letter'.
            full: whether what is folded on the page is printed too.

        Raises:
            OutputError: there is no Chromium, or it failed.
        """
        from reportgen.rendering import print_pdf, render_html

        return print_pdf(render_html(self, paper=paper, full=full))

    def failed(self, severity: Severity | Literal["note", "warning", "problem"]) -> bool:
        """Return whether there is a finding of this severity or a higher one: what --fail-on asks.

        Args:
            severity: the severity, or its name.

        Raises:
            UsageError: there is no such severity.
        """
        return bool(self.failing(severity_named(severity)))

    def save(
        self,
        path: str | Path,
        *,
        json_path: str | Path | None = None,
        pdf_path: str | Path | None = None,
        also: Mapping[str, str | Path] = _NOTHING,
        paper: str = "A4",
        pdf_full: bool = False,
        max_megabytes: float = LARGEST_PAGE,
        fail_on: Severity | Literal["note", "warning", "problem"] | None = None,
    ) -> Path:
        """Write the page, and what else was asked for, and return the page's path. Existing files are replaced whole.

        Args:
            path: where the page is written.
            json_path: where the JSON is written; None for nowhere.
            pdf_path: where the page is written as PDF, printed by an installed Chromium; None for nowhere.
            also: further files by their form, such as {"junit": "junit.xml", "markdown": "report.md", "metrics": "metrics.json",
                "card": "README.md"}.
            paper: the PDF's paper, 'A4' or 'Letter'.
            pdf_full: whether what is folded on the page is printed too.
            max_megabytes: the page's largest size, in millions of bytes.
            fail_on: the severity from which a finding fails a test case of the JUnit file; None for never.

        Raises:
            OutputError: a file cannot be written, or the page is too large; then none is changed.
            UsageError: there is no such form or severity.
        """
        gate = None if fail_on is None else severity_named(fail_on)
        asked = Asked(paper=paper, pdf_full=pdf_full, max_megabytes=max_megabytes, fail_on=gate)
        _written(self, {"html": path, "json": json_path, "pdf": pdf_path, **also}, WRITERS, asked)
        return Path(path)

    def log_to_mlflow(self, *, run_id: str | None = None, folder: str = "reportgen", step: int = 0) -> str:
        """Log the page, JSON, Markdown and JUnit as artifacts, the numbers of `--metrics` as metrics, and return the run's id.

        Tags of the run are the model's SHA-256 and the worst finding's severity.

        Args:
            run_id: the run; None for the active one, which is started where there is none.
            folder: the artifacts' folder.
            step: the metrics' step, such as the epoch.

        Raises:
            UsageError: MLflow is not installed.

        Example:
            >>> with mlflow.start_run():  # doctest: +SKIP
            ...     mlflow.tensorflow.log_model(model, name="model")
            ...     reportgen.build_report(model, (x_test, y_test)).log_to_mlflow()
        """
        from reportgen.rendering import log_to_mlflow

        return log_to_mlflow(self, run_id=run_id, folder=folder, step=step)

    def _repr_html_(self) -> str:
        from reportgen.rendering import render_frame

        return render_frame(self)


@dataclass(frozen=True, repr=False)
class Comparison(ComparisonResults):
    """A finished comparison of two models: its numbers, and the page and JSON made from them."""

    def __repr__(self) -> str:
        """Return one line: the title and the verdict."""
        return f"<Comparison {self.title!r}: {self.verdict.conclusion}>"

    def to_html(self) -> str:
        """Return the self-contained page."""
        from reportgen.rendering import render_comparison

        return render_comparison(self)

    def to_json(self) -> str:
        """Return the numbers as JSON; the schema is `reportgen/rendering/comparison.schema.json`."""
        from reportgen.rendering import render_comparison_json

        return render_comparison_json(self)

    def to_pdf(self, paper: str = "A4", *, full: bool = False) -> bytes:
        """Return the page as PDF, as `Report.to_pdf` does."""
        from reportgen.rendering import print_pdf, render_comparison

        return print_pdf(render_comparison(self, paper=paper, full=full))

    def save(
        self,
        path: str | Path,
        *,
        json_path: str | Path | None = None,
        pdf_path: str | Path | None = None,
        also: Mapping[str, str | Path] = _NOTHING,
        paper: str = "A4",
        pdf_full: bool = False,
        max_megabytes: float = LARGEST_PAGE,
        fail_on: Literal["regression"] | None = None,
    ) -> Path:
        """Write the page, and what else was asked for, and return the page's path, as `Report.save` does.

        Args:
            path, json_path, pdf_path: where each is written; None for nowhere.
            also: further files by their form: 'junit', 'markdown' and 'metrics'.
            paper, pdf_full, max_megabytes: see `Report.save`.
            fail_on: 'regression' fails test cases of the JUnit file where the new model is certainly worse; None fails none.

        Raises:
            OutputError: a file cannot be written, or the page is too large; then none is changed.
            UsageError: there is no such form or gate.
        """
        if fail_on not in (None, "regression"):
            raise UsageError(f"fail_on must be 'regression' or None. Received: {shown(str(fail_on))!r}.")
        asked = Asked(
            paper=paper, pdf_full=pdf_full, max_megabytes=max_megabytes, fail_on_regression=fail_on is not None
        )
        _written(self, {"html": path, "json": json_path, "pdf": pdf_path, **also}, COMPARED_FORMS, asked)
        return Path(path)

    def _repr_html_(self) -> str:
        from reportgen.rendering import render_comparison, render_framed

        return render_framed(render_comparison(self), title=self.title, language=self.language)


def _written(
    made: ReportResults | ComparisonResults,
    forms: Mapping[str, str | Path | None],
    known: Collection[str],
    asked: Asked,
) -> None:
    """Write every form that has a path, all of them or none."""
    unknown = [form for form in forms if form not in known]
    if unknown:
        raise UsageError(f"also must name forms of {', '.join(known)}. Received: {shown(unknown[0])!r}.")
    targets = {form: Path(target) for form, target in forms.items() if target is not None}
    check_targets(tuple(targets.values()))
    if "card" in targets:
        check_card(targets["card"])
    write_all(rendered(made, targets, asked))
