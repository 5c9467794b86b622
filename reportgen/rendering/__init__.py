"""A finished report as a page, as JSON and as PDF, and the files that they are written to; numbers alone come in."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reportgen.rendering.digest import page_differences, page_parts
    from reportgen.rendering.html import render_comparison, render_frame, render_framed, render_html
    from reportgen.rendering.index import IndexRow, Measure, Run, render_index
    from reportgen.rendering.json import render_comparison_json, render_json
    from reportgen.rendering.metrics import metrics_of
    from reportgen.rendering.mlflow import log_to_mlflow
    from reportgen.rendering.output import (
        LARGEST_PAGE,
        check_card,
        check_page_size,
        check_targets,
        large_page_warning,
        write_all,
    )
    from reportgen.rendering.pdf import find_browser, print_pdf
    from reportgen.rendering.writers import COMPARED_FORMS, WRITERS, Asked, markdown_of, rendered

_MODULES = {
    "digest": ("page_differences", "page_parts"),
    "html": ("render_comparison", "render_frame", "render_framed", "render_html"),
    "index": ("IndexRow", "Measure", "Run", "render_index"),
    "json": ("render_comparison_json", "render_json"),
    "output": ("LARGEST_PAGE", "check_card", "check_page_size", "check_targets", "large_page_warning", "write_all"),
    "metrics": ("metrics_of",),
    "mlflow": ("log_to_mlflow",),
    "pdf": ("find_browser", "print_pdf"),
    "writers": ("COMPARED_FORMS", "WRITERS", "Asked", "markdown_of", "rendered"),
}


def __getattr__(name: str) -> Any:
    # the command line asks for the checks of its targets before anything runs; it must not wait for Jinja2 and Babel
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
