"""One self-contained HTML page of evidence about a trained Keras convolutional network."""

from typing import TYPE_CHECKING, Any

from reportgen.errors import ModelError, OutputError, ReportgenError, SamplesError, UsageError

if TYPE_CHECKING:
    from reportgen.api import Report, build_report

__version__ = "0.1.0"

__all__ = ["ModelError", "OutputError", "Report", "ReportgenError", "SamplesError", "UsageError", "build_report"]


def __getattr__(name: str) -> Any:
    # `reportgen --help` and `reportgen inspect` need none of what a report needs, which takes a quarter of a second to import
    if name in ("Report", "build_report"):
        from reportgen import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
