"""What a person at a terminal sees while a report is made: its stages, its findings, and nothing of TensorFlow's chatter."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from reportgen.cli.streams import tolerant
from reportgen.messages import listed
from reportgen.progress import Progress
from reportgen.results import (
    ComparedVerdict,
    Comparison,
    Finding,
    Inconclusive,
    Report,
    Severity,
    SkippedSection,
    origin_of,
    severity_named,
)

_MOST_FINDINGS = 8


@contextmanager
def quiet_standard_error(native: str | None = None) -> Iterator[TextIO]:
    """Yield a stream to the real standard error, while all else that writes there goes to a file.

    TensorFlow's C++ code writes to file descriptor 2 as soon as it is loaded, before any of its settings apply. With
    REPORTGEN_DEBUG set in the environment it is all shown.

    Args:
        native: path of the file; None for nowhere.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if os.environ.get("REPORTGEN_DEBUG"):
        yield sys.stderr
        return
    sys.stderr.flush()
    kept = os.dup(2)
    elsewhere = os.open(native or os.devnull, os.O_WRONLY | os.O_APPEND)
    try:
        os.dup2(elsewhere, 2)
        real = os.fdopen(os.dup(kept), "w", encoding="utf-8", errors="replace")
        with real, tolerant(real) as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield stream
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(elsewhere)


class ShownStages:
    """Shows stages while they run, each with its time and, where it counts, how much is done and how long the rest takes."""

    def __call__(self, stage: str) -> None:
        """Begin a stage."""

    def tell(self, progress: Progress) -> None:
        """Show how far the stage is."""


class _OnTerminal(ShownStages):
    def __init__(self, bars: Any) -> None:
        self._bars, self._now = bars, None

    def __call__(self, stage: str) -> None:
        for task in self._bars.task_ids:
            self._bars.update(task, completed=1, count="")
        self._now = self._bars.add_task(stage, total=1, count="")

    def tell(self, progress: Progress) -> None:
        if self._now is not None and progress.done < progress.total:
            self._bars.update(self._now, count=count_text(progress))
        elif self._now is not None:
            self._bars.update(self._now, count="")


def count_text(progress: Progress) -> str:
    """Return how far a stage is, as '3,200 of 20,000, 1:05 left'."""
    left = progress.seconds_left
    said = f"{progress.done:,} of {progress.total:,}"
    return said if left is None else f"{said}, {int(left) // 60}:{int(left) % 60:02d} left"


@contextmanager
def shown_stages(stream: TextIO, *, quiet: bool) -> Iterator[ShownStages]:
    """Yield what is told each stage's name and, of a long one, how far it is.

    Args:
        stream: standard error. Nothing is shown when it is no terminal.
        quiet: show nothing.
    """
    if quiet or not stream.isatty():
        yield ShownStages()
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(finished_text="[green]✔"),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[count]}"),
    )
    with Bars(*columns, console=Console(file=stream), transient=True) as bars:
        yield _OnTerminal(bars)


class StageTimes:
    """Measures what each stage costs, from one stage's beginning to the next one's."""

    def __init__(self) -> None:
        self._stages: list[tuple[str, float, float]] = []  # name, and the clocks at its end
        self._name = "Starting"
        self._began = (time.process_time(), time.perf_counter())

    def also_tell(self, on_stage: Callable[[str], None]) -> Callable[[str], None]:
        """Return a function that is told each stage's name, and tells `on_stage`."""

        def next_stage(stage: str) -> None:
            self._close()
            self._name = stage
            on_stage(stage)

        return next_stage

    def end(self) -> None:
        """End the last stage."""
        self._close()

    def _close(self) -> None:
        self._stages.append((self._name, time.process_time(), time.perf_counter()))

    def text(self) -> str:
        """Return a table of CPU and wall-clock seconds, a line for each stage, and their sums."""
        lines = ["  CPU s  wall s  stage"]
        processor, clock = self._began
        for name, cpu, wall in self._stages:
            lines.append(f"{cpu - processor:7.2f} {wall - clock:7.2f}  {name}")
            processor, clock = cpu, wall
        lines.append(f"{processor - self._began[0]:7.2f} {clock - self._began[1]:7.2f}  in all")
        return "\n".join(lines)


def findings_text(findings: Iterable[Finding], inconclusive: Iterable[Inconclusive] = (), *, too_few: str = "") -> str:
    """Return the findings as lines for a terminal: their number by severity, then the most severe ones.

    What follows from a finding is one line under it.

    Args:
        findings: most severe first, causes before their consequences.
        inconclusive: rules that the samples cannot decide, listed after them.
        too_few: one sentence on others that so few samples cannot decide; '' for none.
    """
    found, undecided = tuple(findings), tuple(inconclusive)
    counts = [_counted(found, severity) for severity in reversed(Severity)]
    waiting = len(undecided) + bool(too_few)
    lines = [", ".join(counts + ([f"{waiting} inconclusive"] if waiting else []))]
    origins = [origin_of(finding, found) for finding in found]
    causes = [finding for finding, origin in zip(found, origins, strict=True) if origin is None]
    for cause in causes[:_MOST_FINDINGS]:
        lines.append(f"  {cause.severity.label}: {cause.subject}: {cause.message}")
        follow = [one.code for one, origin in zip(found, origins, strict=True) if origin is cause]
        if follow:
            lines.append(f"    from which follow: {_codes(follow)}")
    if len(causes) > _MOST_FINDINGS:
        lines.append(f"  and {len(causes) - _MOST_FINDINGS} more on the page")
    lines += [f"  inconclusive: {one.subject}: {one.message} ({_needed(one)})" for one in undecided[:_MOST_FINDINGS]]
    if len(undecided) > _MOST_FINDINGS:
        lines.append(f"  and {len(undecided) - _MOST_FINDINGS} more inconclusive on the page")
    lines += [f"  inconclusive: {too_few}"] if too_few else []
    return "\n".join(lines)


def _codes(codes: Sequence[str]) -> str:
    """Return codes with how often each occurs: 'constant-output, drifted-statistics x 2'."""
    times = Counter(codes)
    return ", ".join(code if count == 1 else f"{code} x {count}" for code, count in times.items())


def origin_text(set_by: str) -> str:
    """Return in brackets what set a gate or a rule, with a blank before; '' for nothing."""
    return f" (set by {set_by})" if set_by else ""


def gate_text(report: Report, fail_on: str, *, set_by: str = "") -> str:
    """Return one line on what --fail-on makes of a report, or '' where it passed and nothing is open, off or lowered.

    Args:
        report: the report with its findings.
        fail_on: the severity's name.
        set_by: the file or variable that set the gate; '' where it was given.
    """
    least = severity_named(fail_on)
    failing, undecided = report.failing(least), report.undecided
    if not failing and not report.inconclusive and not report.relaxed:
        return ""
    counts = [_counted(failing, severity) for severity in reversed(Severity) if severity >= least]
    said = f"failed by {listed([count for count in counts if not count.startswith('0 ')])}" if failing else "passed"
    open_rules = [f"{one.code} on {one.subject} ({_needed(one)})" for one in undecided]
    if open_rules:
        said += f"; inconclusive: {listed(open_rules)}"
    said = "; ".join(filter(None, (said, report.too_few, *report.relaxed)))
    return f"--fail-on {fail_on}{origin_text(set_by)}: {said}."


def verdict_text(verdict: ComparedVerdict) -> str:
    """Return a comparison's verdict, and a line for each thing that is certain."""
    lines = [" ".join(filter(None, (verdict.conclusion, verdict.measured)))]
    lines += [f"  {'worse' if change.worse else 'better'}: {change.said}" for change in verdict.changes]
    return "\n".join(lines)


def regression_text(comparison: Comparison, *, set_by: str = "") -> str:
    """Return one line on what --fail-on regression makes of a comparison, or '' where it passed and no file relaxed it.

    Args:
        comparison: the comparison.
        set_by: the file or variable that set the gate; '' where it was given.
    """
    if not comparison.regressed and not comparison.relaxed:
        return ""
    said = "; ".join(("failed" if comparison.regressed else "passed", *comparison.relaxed))
    return f"--fail-on regression{origin_text(set_by)}: {said}."


def not_run_text(report: Report) -> str:
    """Return one line for samples that were given and not run; '' where they were, and without any."""
    return next((f"samples: {one.message}." for one in report.findings if one.code == "samples-not-run"), "")


def failed_text(report: Report) -> str:
    """Return one line on the sections that failed; '' where none did."""
    titles = [section.title for section in report.sections if isinstance(section, SkippedSection) and section.failed]
    return f"without {listed(titles)}, which failed; the page and the JSON say why." if titles else ""


def rules_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the rules as lines for a terminal: code, severity and threshold, then meaning, advice and source.

    Args:
        rows: one for each rule, with 'code', 'severity', 'threshold', 'unit', 'meaning', 'why', 'action', 'source', 'off' and
            'set_by'.
    """
    listed = tuple(rows)
    width = max((len(row["code"]) for row in listed), default=0)
    lines = []
    for row in listed:
        setting = "off" if row["off"] else f"{row['severity']:<8} {row['threshold']:g}: {row['unit']}"
        origin = origin_text("" if row["set_by"] == "default" else row["set_by"])
        advice = " ".join(filter(None, (row["why"], row["action"])))
        lines += [
            f"{row['code']:<{width}}  {setting}{origin}",
            f"    {row['meaning']}",
            *[f"    {advice}"] * bool(advice),
            f"    {row['source']}",
        ]
    return "\n".join(lines)


def _counted(findings: Iterable[Finding], severity: Severity) -> str:
    count = sum(finding.severity is severity for finding in findings)
    return f"{count} {severity.label}{'s' * (count != 1)}"


def _needed(one: Inconclusive) -> str:
    if one.remedy:
        return f"{one.remedy[:1].lower()}{one.remedy[1:]}".rstrip(".")
    if one.samples_needed is None:
        return "no number of samples would decide"
    return f"about {one.samples_needed:,} samples would decide"
