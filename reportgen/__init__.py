"""One self-contained HTML page of evidence about a trained Keras convolutional network."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reportgen.errors import ModelError, OutputError, ReportgenError, SamplesError, UsageError

if TYPE_CHECKING:
    from reportgen.api import Comparison, Report, build_comparison, build_report
    from reportgen.batch import BatchModel, build_reports
    from reportgen.building.callback import ReportCallback
    from reportgen.progress import Progress

__version__ = "0.1.0"

__all__ = [
    "BatchModel",
    "Comparison",
    "ModelError",
    "OutputError",
    "Progress",
    "Report",
    "ReportCallback",
    "ReportgenError",
    "SamplesError",
    "UsageError",
    "build_comparison",
    "build_report",
    "build_reports",
]

_LAZY = {
    "Comparison": "api",
    "Report": "api",
    "build_comparison": "api",
    "build_report": "api",
    "BatchModel": "batch",
    "build_reports": "batch",
    "ReportCallback": "building.callback",  # imports Keras
    "Progress": "progress",
}


def __getattr__(name: str) -> Any:
    # `reportgen --help` and `reportgen inspect` need none of what a report needs, which takes a quarter of a second to import
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
