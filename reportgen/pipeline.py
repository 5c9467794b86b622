"""Runs the analyses in order and collects their sections. Knows no analysis by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reportgen.analyses.base import Analysis, AnalysisContext, Skip
from reportgen.results import Section, SkippedSection, most_severe_first


def run_analyses(
    context: AnalysisContext, analyses: Iterable[Analysis], *, on_stage: Callable[[str], None]
) -> tuple[Section | SkippedSection, ...]:
    """Return one section for each analysis, in order.

    Args:
        context: what they may look at.
        analyses: to run.
        on_stage: called with each title before its analysis runs.
    """
    return tuple(_section(context, analysis, on_stage) for analysis in analyses)


def _section(context: AnalysisContext, analysis: Analysis, on_stage: Callable[[str], None]) -> Section | SkippedSection:
    on_stage(analysis.title)
    result = analysis.run(context)
    if isinstance(result, Skip):
        return SkippedSection(analysis.name, analysis.title, result.reason)
    return Section(analysis.name, analysis.title, result, most_severe_first(analysis.findings(result)))
