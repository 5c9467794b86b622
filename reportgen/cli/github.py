"""What a job on GitHub is told of a report or a comparison: annotations beside the pull request, and a page of its summary.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from reportgen.rendering import Asked, markdown_of
from reportgen.results import Comparison, Report, Severity
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


@dataclass(frozen=True)
class Annotation:
    """A line beside a pull request.

    Attributes:
        severity: how grave it is.
        title, message: what is said.
    """

    severity: Severity
    title: str
    message: str


def annotations_of(made: Report | Comparison) -> list[Annotation]:
    """Return what stands beside the pull request: of a comparison what is worse and the new findings, of a report all."""
    if isinstance(made, Report):
        return [Annotation(one.severity, f"{one.code}: {one.subject}", one.message) for one in made.findings]
    worse = [
        Annotation(
            Severity.PROBLEM if one.decides else Severity.WARNING, "worse than the base", f"{one.said}. {one.action}"
        )
        for one in made.verdict.changes
        if one.worse
    ]
    changed = made.result_of("finding_changes")
    new = changed.new if changed else ()
    return worse + [Annotation(row.severity, f"new: {row.code}: {row.subject}", row.message) for row in new]


def told_github(made: Report | Comparison, stream: TextIO, *, asked: Asked) -> str:
    """Write annotations to the stream on GitHub, and append the page in short to the job's summary where there is one.

    Args:
        made: the report or comparison.
        stream: standard error; standard output is for the page's path alone.
        asked: the gate.

    Returns:
        One line on why the summary could not be written; '' where it was or where there is none.
    """
    if on_github():
        stream.writelines(f"{line}\n" for line in commands_of(annotations_of(made)))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if not summary:
        return ""
    text = markdown_of(made, asked)
    try:
        with Path(summary).open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{text}\n")
    except OSError as error:
        return f"the file of GITHUB_STEP_SUMMARY cannot be written. Received: {reason_of(error)}."
    return ""


def commands_of(annotations: Sequence[Annotation]) -> list[str]:
    """Return annotations as GitHub's workflow commands, at most ten of each severity."""
    lines = []
    for severity, command in _COMMANDS.items():
        for one in [one for one in annotations if one.severity is severity][:_MOST]:
            title, message = (shown(said, limit=_LONGEST) for said in (one.title, one.message))
            lines.append(f"::{command} title={_property(title)}::{_escaped(message)}")
    return lines


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
