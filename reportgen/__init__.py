"""One self-contained HTML page of evidence about a trained Keras convolutional network."""

from reportgen.api import Report, build_report
from reportgen.errors import ModelError, OutputError, ReportgenError, SamplesError, UsageError

__version__ = "0.1.0"

__all__ = ["ModelError", "OutputError", "Report", "ReportgenError", "SamplesError", "UsageError", "build_report"]
