"""What a job on GitHub is told of a report: annotations beside the pull request, and a page of its summary.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from reportgen.results import Report, Severity, severity_named
from reportgen.untrusted.escaping import reason_of, shown

_COMMANDS = {Severity.PROBLEM: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_MOST = 10  # annotations of a kind that GitHub shows for a step
_LONGEST = 1000


def on_github() -> bool:
    """Return whether this is a job on GitHub, or on a service that reads the same commands."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


@contextlib.contextmanager
def read_as_text(stream: TextIO) -> Iterator[None]:
    """Have GitHub read what is written to the stream within the block as text, whatever names stand in it."""
    if not on_github():
        yield
        return
    token = secrets.token_hex(16)  # that no file can know
    stream.write(f"::stop-commands::{token}\n")
    try:
        yield
    finally:
        stream.write(f"::{token}::\n")


def told_github(report: Report, stream: TextIO, *, fail_on: str | None) -> str:
    """Write annotations to the stream on GitHub, and append the report in short to the job's summary where there is one.

    Args:
        report: the report.
        stream: standard error; standard output is for the page's path alone.
        fail_on: the gate's severity; None for no gate.

    Returns:
        One line on why the summary could not be written; '' where it was or where there is none.
    """
    if on_github():
        stream.writelines(f"{line}\n" for line in commands_of(report))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if not summary:
        return ""
    from reportgen.rendering import render_markdown

    text = render_markdown(report, fail_on=severity_named(fail_on) if fail_on else None)
    try:
        with Path(summary).open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{text}\n")
    except OSError as error:
        return f"the file of GITHUB_STEP_SUMMARY cannot be written. Received: {reason_of(error)}."
    return ""


def commands_of(report: Report) -> list[str]:
    """Return the gravest findings as GitHub's workflow commands, at most ten of each severity."""
    lines = []
    for severity, command in _COMMANDS.items():
        for finding in [one for one in report.findings if one.severity is severity][:_MOST]:
            title = shown(f"{finding.code}: {finding.subject}", limit=_LONGEST)
            message = shown(finding.message, limit=_LONGEST)
            lines.append(f"::{command} title={_property(title)}::{_escaped(message)}")
    return lines


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
