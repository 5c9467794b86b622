"""Runs the analyses in order and collects their sections. Knows no analysis by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import is_dataclass, replace

from reportgen.analyses.base import Analysis, AnalysisContext, Skip
from reportgen.analyses.plugins import Plugin, failure
from reportgen.results import Finding, Inconclusive, RuleSettings, Section, Severity, SkippedSection, most_severe_first


def run_analyses(
    context: AnalysisContext,
    analyses: Iterable[Analysis],
    *,
    on_stage: Callable[[str], None],
    settings: RuleSettings | None = None,
) -> tuple[Section | SkippedSection, ...]:
    """Return one section for each analysis, in order.

    Args:
        context: what they may look at.
        analyses: the analyses to run.
        on_stage: called with each title before its analysis runs.
        settings: rules that are off, whose findings are left out, and severities that were set.
    """
    settings = settings or RuleSettings()
    return tuple(_section(context, analysis, on_stage, settings) for analysis in analyses)


def run_plugins(
    context: AnalysisContext, plugins: Iterable[Plugin], *, on_stage: Callable[[str], None], settings: RuleSettings
) -> tuple[Section | SkippedSection, ...]:
    """Return one section for each plug-in, in order; one that raises becomes a skipped section with the reason.

    Args:
        context, on_stage, settings: see `run_analyses`.
        plugins: the plug-ins to run.
    """
    return tuple(_plugin_section(context, plugin, on_stage, settings) for plugin in plugins)


def _plugin_section(
    context: AnalysisContext, plugin: Plugin, on_stage: Callable[[str], None], settings: RuleSettings
) -> Section | SkippedSection:
    analysis = plugin.analysis
    try:
        section = _section(context, analysis, on_stage, settings)
        if isinstance(section, SkippedSection):
            return section
        if not is_dataclass(section.result) or isinstance(section.result, type):
            raise TypeError(f"run must return a dataclass or a Skip, not {type(section.result).__name__}")
        return replace(
            section,
            package=plugin.package,
            template=plugin.template,
            findings=tuple(map(_with_numbers, section.findings)),
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001 - somebody else's code: whatever it raises, the report is made
        reason = failure(plugin.distribution, plugin.version, "failed", error)
        return SkippedSection(analysis.name, analysis.title, reason)


def _with_numbers(finding: Finding) -> Finding:
    evidence = {str(name): float(value) for name, value in finding.evidence.items()}
    return replace(finding, evidence=evidence, threshold=float(finding.threshold))


def _section(
    context: AnalysisContext, analysis: Analysis, on_stage: Callable[[str], None], settings: RuleSettings
) -> Section | SkippedSection:
    on_stage(analysis.title)
    inside = context.outputs_only and getattr(analysis, "looks_inside", False)
    result = Skip(context.no_samples_reason) if inside else analysis.run(context)
    skipped = isinstance(result, Skip)
    found = result.findings if skipped else analysis.findings(result, context.limits)
    said = [one for one in found if one.code not in settings.off]
    own = {rule.code: rule.severity for rule in analysis.rules}
    findings = most_severe_first(_graded(one, own, settings) for one in said if isinstance(one, Finding))
    if skipped:
        return SkippedSection(analysis.name, analysis.title, result.reason, findings)
    return Section(
        name=analysis.name,
        title=analysis.title,
        result=result,
        findings=findings,
        inconclusive=tuple(one for one in said if isinstance(one, Inconclusive)),
    )


def _graded(finding: Finding, own: dict[str, Severity], settings: RuleSettings) -> Finding:
    """Return a finding with the severity that was set for its rule; one that the analysis has lowered is not raised."""
    wanted = settings.severities.get(finding.code)
    if wanted is None:
        return finding
    lowered = finding.severity < own.get(finding.code, finding.severity)
    return replace(finding, severity=min(wanted, finding.severity) if lowered else wanted)
