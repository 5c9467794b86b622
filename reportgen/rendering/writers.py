"""Every form that a report or a comparison is written in, once, for the command line, `save` and whoever writes many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.rendering.output import LARGEST_PAGE, check_page_size
from reportgen.results import Comparison, Report, Severity


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What changes how a report is written, and nothing of what it says.

    Attributes:
        paper: the PDF's paper, 'A4' or 'Letter'.
        pdf_full: whether what is folded on the page is printed too.
        max_megabytes: the page's largest size, in millions of bytes.
        fail_on: the severity from which a finding of a report fails the gate; None for no gate.
        fail_on_regression: whether a comparison fails where the new model is certainly worse.
    """

    paper: str = "A4"
    pdf_full: bool = False
    max_megabytes: float = LARGEST_PAGE
    fail_on: Severity | None = None
    fail_on_regression: bool = False


Writer = Callable[[Any, Asked], str | bytes]


def _html(made: Report | Comparison, asked: Asked) -> str:
    page = _page(made)
    check_page_size(page, asked.max_megabytes)
    return page


def _page(made: Report | Comparison, *, paper: str | None = None, full: bool = False) -> str:
    from reportgen.rendering.html import render_comparison, render_html

    if isinstance(made, Report):
        return render_html(made, paper=paper, full=full)
    return render_comparison(made, paper=paper, full=full)


def _json(made: Report | Comparison, asked: Asked) -> str:
    from reportgen.rendering.json import render_comparison_json, render_json

    del asked
    return render_json(made) if isinstance(made, Report) else render_comparison_json(made)


def _pdf(made: Report | Comparison, asked: Asked) -> bytes:
    from reportgen.rendering.pdf import print_pdf

    return print_pdf(_page(made, paper=asked.paper, full=asked.pdf_full))


def _junit(made: Report | Comparison, asked: Asked) -> str:
    from reportgen.rendering.junit import render_comparison_junit, render_junit

    if isinstance(made, Report):
        return render_junit(made, fail_on=asked.fail_on)
    return render_comparison_junit(made, fail_on_regression=asked.fail_on_regression)


def markdown_of(made: Report | Comparison, asked: Asked) -> str:
    """Return a report or a comparison in short, as Markdown."""
    if isinstance(made, Report):
        from reportgen.rendering.markdown import render_markdown

        return render_markdown(made, fail_on=asked.fail_on)
    from reportgen.rendering.comparison_markdown import render_comparison_markdown

    return render_comparison_markdown(made, fail_on_regression=asked.fail_on_regression)


def _metrics(made: Report | Comparison, asked: Asked) -> str:
    from reportgen.rendering.metrics import render_metrics

    del asked
    return render_metrics(made)


def _card(report: Report, asked: Asked) -> str:
    from reportgen.rendering.card import render_card

    return render_card(report, fail_on=asked.fail_on)


WRITERS: Mapping[str, Writer] = {
    "html": _html,
    "json": _json,
    "pdf": _pdf,
    "junit": _junit,
    "markdown": markdown_of,
    "metrics": _metrics,
    "card": _card,
}
"""What writes a report, by the name of the form, which is also that of its option: `--junit FILE`."""

COMPARED_FORMS = tuple(form for form in WRITERS if form != "card")
"""The forms of a comparison: a model card is of one model."""


def rendered(made: Report | Comparison, targets: Mapping[str, Path], asked: Asked) -> dict[Path, str | bytes]:
    """Return what is written where.

    Args:
        made: the report or comparison.
        targets: paths by the name of a form, see `WRITERS`.
        asked: how it is written.

    Raises:
        OutputError: the page is too large, or cannot be printed.
    """
    return {path: WRITERS[form](made, asked) for form, path in targets.items()}
