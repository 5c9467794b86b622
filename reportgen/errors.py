"""The errors that a user can meet, each with the exit code of the command line.

A message is one line: what is wrong, what was received, what to do.
"""


class ReportgenError(Exception):
    """Base of all errors that reportgen raises on purpose."""

    exit_code = 1


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
