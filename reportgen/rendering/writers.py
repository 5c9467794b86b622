"""Every form that a report is written in, once: the command line, `Report.save` and whoever writes many take them from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reportgen.rendering.output import LARGEST_PAGE, check_page_size
from reportgen.results import Report, Severity


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What changes how a report is written, and nothing of what it says.

    Attributes:
        paper: the PDF's paper, 'A4' or 'Letter'.
        pdf_full: whether what is folded on the page is printed too.
        max_megabytes: the page's largest size, in millions of bytes.
        fail_on: the severity from which a finding fails the gate; None for no gate.
    """

    paper: str = "A4"
    pdf_full: bool = False
    max_megabytes: float = LARGEST_PAGE
    fail_on: Severity | None = None


Writer = Callable[[Report, Asked], str | bytes]


def _html(report: Report, asked: Asked) -> str:
    from reportgen.rendering.html import render_html

    page = render_html(report)
    check_page_size(page, asked.max_megabytes)
    return page


def _json(report: Report, asked: Asked) -> str:
    from reportgen.rendering.json import render_json

    del asked
    return render_json(report)


def _pdf(report: Report, asked: Asked) -> bytes:
    from reportgen.rendering.html import render_html
    from reportgen.rendering.pdf import print_pdf

    return print_pdf(render_html(report, paper=asked.paper, full=asked.pdf_full))


def _junit(report: Report, asked: Asked) -> str:
    from reportgen.rendering.junit import render_junit

    return render_junit(report, fail_on=asked.fail_on)


def _markdown(report: Report, asked: Asked) -> str:
    from reportgen.rendering.markdown import render_markdown

    return render_markdown(report, fail_on=asked.fail_on)


def _metrics(report: Report, asked: Asked) -> str:
    from reportgen.rendering.metrics import render_metrics

    del asked
    return render_metrics(report)


def _card(report: Report, asked: Asked) -> str:
    from reportgen.rendering.card import render_card

    return render_card(report, fail_on=asked.fail_on)


WRITERS: Mapping[str, Writer] = {
    "html": _html,
    "json": _json,
    "pdf": _pdf,
    "junit": _junit,
    "markdown": _markdown,
    "metrics": _metrics,
    "card": _card,
}
"""What writes a report, by the name of the form, which is also that of its option: `--junit FILE`."""


def rendered(report: Report, targets: Mapping[str, Path], asked: Asked) -> dict[Path, str | bytes]:
    """Return what is written where.

    Args:
        report: the report.
        targets: paths by the name of a form, see `WRITERS`.
        asked: how it is written.

    Raises:
        OutputError: the page is too large, or cannot be printed.
    """
    return {path: WRITERS[form](report, asked) for form, path in targets.items()}
