"""Runs the analyses in order and collects their sections. Knows no analysis by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reportgen.analyses.base import Analysis, AnalysisContext, Skip
from reportgen.results import Section, SkippedSection, most_severe_first


def run_analyses(
    context: AnalysisContext,
    analyses: Iterable[Analysis],
    *,
    on_stage: Callable[[str], None],
    rules_off: frozenset[str] = frozenset(),
) -> tuple[Section | SkippedSection, ...]:
    """Return one section for each analysis, in order.

    Args:
        context: what they may look at.
        analyses: to run.
        on_stage: called with each title before its analysis runs.
        rules_off: codes of the rules whose findings are left out.
    """
    return tuple(_section(context, analysis, on_stage, rules_off) for analysis in analyses)


def _section(
    context: AnalysisContext, analysis: Analysis, on_stage: Callable[[str], None], rules_off: frozenset[str]
) -> Section | SkippedSection:
    on_stage(analysis.title)
    result = analysis.run(context)
    if isinstance(result, Skip):
        return SkippedSection(analysis.name, analysis.title, result.reason)
    found = [finding for finding in analysis.findings(result, context.limits) if finding.code not in rules_off]
    return Section(analysis.name, analysis.title, result, most_severe_first(found))
