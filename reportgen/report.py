"""A finished report: its numbers, with the page, the JSON and the PDF that are made from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reportgen.rendering.output import LARGEST_PAGE, check_page_size, check_targets, write_all
from reportgen.results.findings import Report as ReportResults
from reportgen.results.findings import Severity
from reportgen.results.rules import severity_named


@dataclass(frozen=True, repr=False)
class Report(ReportResults):
    """A finished report: its numbers, and the page and JSON made from them."""

    def __repr__(self) -> str:
        """Return one line: the title and how many findings of each severity there are."""
        found = [finding.severity for finding in self.findings]
        counts = ", ".join(f"{found.count(severity)} {severity.label}(s)" for severity in reversed(Severity))
        return f"<Report {self.provenance.title!r}: {counts}>"

    def to_html(self) -> str:
        """Return the self-contained page."""
        from reportgen.rendering.html import render_html

        return render_html(self)

    def to_json(self) -> str:
        """Return the numbers as JSON; the schema is `reportgen/rendering/report.schema.json`."""
        from reportgen.rendering.json import render_json

        return render_json(self)

    def to_pdf(self, paper: str = "A4") -> bytes:
        """Return the page as PDF, printed by an installed Chromium.

        Args:
            paper: 'A4' or 'Letter'.

        Raises:
            OutputError: there is no Chromium, or it failed.
        """
        from reportgen.rendering.html import render_html
        from reportgen.rendering.pdf import print_pdf

        return print_pdf(render_html(self, paper=paper))

    def failed(self, severity: Severity | Literal["note", "warning", "problem"]) -> bool:
        """Return whether there is a finding of this severity or a higher one: what --fail-on asks.

        Args:
            severity: or its name.

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
        max_megabytes: float = LARGEST_PAGE,
    ) -> Path:
        """Write the page, and the JSON where asked for, and return the page's path. Existing files are replaced whole.

        Args:
            path: of the page.
            json_path: of the JSON.
            pdf_path: of the page as PDF, printed by an installed Chromium on `paper`, 'A4' or 'Letter'.
            max_megabytes: that the page may have, of a million bytes each.

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
            contents[Path(pdf_path)] = self.to_pdf(paper)
        write_all(contents)
        return targets[0]

    def _repr_html_(self) -> str:
        from reportgen.rendering.html import render_frame

        return render_frame(self)
