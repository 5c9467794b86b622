"""A finished report: its numbers, with the page, the JSON and the PDF that are made from them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Literal

from reportgen.redaction import left_out
from reportgen.rendering import LARGEST_PAGE, check_page_size, check_targets, write_all
from reportgen.results import Plottable, Section, Severity, severity_named
from reportgen.results import Report as ReportResults

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
        paper: str = "A4",
        pdf_full: bool = False,
        max_megabytes: float = LARGEST_PAGE,
    ) -> Path:
        """Write the page, and the JSON where asked for, and return the page's path. Existing files are replaced whole.

        Args:
            path: where the page is written.
            json_path: where the JSON is written; None for nowhere.
            pdf_path: where the page is written as PDF, printed by an installed Chromium; None for nowhere.
            paper: the PDF's paper, 'A4' or 'Letter'.
            pdf_full: whether what is folded on the page is printed too.
            max_megabytes: the page's largest size, in millions of bytes.

        Raises:
            OutputError: a file cannot be written, or the page is too large; then none is changed.
        """
        targets = [Path(target) for target in (path, json_path, pdf_path) if target is not None]
        check_targets(targets)
        html = self.to_html()
        check_page_size(html, max_megabytes)
        contents: dict[Path, str | bytes] = {targets[0]: html}
        if json_path is not None:
            contents[Path(json_path)] = self.to_json()
        if pdf_path is not None:
            contents[Path(pdf_path)] = self.to_pdf(paper, full=pdf_full)
        write_all(contents)
        return targets[0]

    def _repr_html_(self) -> str:
        from reportgen.rendering import render_frame

        return render_frame(self)
