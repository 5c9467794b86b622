"""What a person at a terminal sees while a report is made: its stages, its findings, and nothing of TensorFlow's chatter."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from reportgen.results import Finding, Severity

_MOST_FINDINGS = 8


@contextmanager
def quiet_standard_error() -> Iterator[TextIO]:
    """Yield a stream to the real standard error, while all else that writes there is thrown away.

    TensorFlow's C++ code writes to file descriptor 2 as soon as it is loaded, before any of its settings apply. With
    REPORTGEN_DEBUG set in the environment nothing is thrown away.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if os.environ.get("REPORTGEN_DEBUG"):
        yield sys.stderr
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        with os.fdopen(os.dup(kept), "w", encoding="utf-8", errors="replace") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield stream
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def shown_stages(stream: TextIO, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that is told each stage's name; stages are shown with their elapsed time while they run.

    Args:
        stream: standard error. Nothing is shown when it is no terminal.
        quiet: show nothing.
    """
    if quiet or not stream.isatty():
        yield _unseen
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(finished_text="[green]✔"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=stream), transient=True) as progress:

        def next_stage(stage: str) -> None:
            for task in progress.task_ids:
                progress.update(task, completed=1)
            progress.add_task(stage, total=1)

        yield next_stage


def _unseen(stage: str) -> None:
    del stage


def findings_text(findings: Iterable[Finding]) -> str:
    """Return the findings as lines for a terminal: their number by severity, then the most severe ones."""
    found = tuple(findings)
    counts = [(severity, sum(finding.severity is severity for finding in found)) for severity in reversed(Severity)]
    lines = [", ".join(f"{count} {severity.label}{'s' * (count != 1)}" for severity, count in counts)]
    lines += [f"  {finding.severity.label}: {finding.subject}: {finding.message}" for finding in found[:_MOST_FINDINGS]]
    if len(found) > _MOST_FINDINGS:
        lines.append(f"  and {len(found) - _MOST_FINDINGS} more on the page")
    return "\n".join(lines)
