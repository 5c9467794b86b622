"""The errors that a user can meet, each with the exit code of the command line.

A message is one line: what is wrong, what was received, what to do. Exit code 1 is none of theirs: it says that the report was
written and that its findings did not pass --fail-on.
"""


class ReportgenError(Exception):
    """Base of all errors that reportgen raises on purpose."""

    exit_code = 70  # EX_SOFTWARE, for an error without a code of its own; 1 would pass for a gate that failed


class UsageError(ReportgenError):
    """An option or an argument has a value that cannot be used."""

    exit_code = 2


class ModelError(ReportgenError):
    """The model cannot be read, or cannot be reported on."""

    exit_code = 3


class ForwardError(ModelError):
    """The model was read but cannot be run: the report is made without what needs a forward pass."""


class SamplesError(ReportgenError):
    """The samples, their labels or their selection do not fit."""

    exit_code = 4


class OutputError(ReportgenError):
    """The report cannot be written where it was asked for."""

    exit_code = 5
