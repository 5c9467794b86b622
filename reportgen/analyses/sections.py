"""Runs the analyses in order and collects their sections. Knows no analysis by name."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass, replace

from reportgen.analyses.base import Analysis, AnalysisContext, Skip
from reportgen.analyses.plugins import Plugin, failure, without_folders, words_of
from reportgen.errors import TOO_LITTLE_MEMORY, lack_of
from reportgen.messages import say
from reportgen.results import (
    Advice,
    Certainty,
    Finding,
    Inconclusive,
    Rule,
    RuleSettings,
    Section,
    Severity,
    SkippedSection,
    most_severe_first,
)

FAILED = Rule(
    code="section-failed",
    meaning=say("a section failed, so its result is unknown"),
    severity=Severity.WARNING,
    threshold=0,
    unit=say("failures"),
    source=say("evidence that was requested but not made must not count as passed"),
    advice=Advice(
        title=say("A section failed"),
        why=say("Its result is unknown."),
        action=say("Report the error; the JSON has its traceback."),
        certainty=Certainty.FACT,
    ),
)
_NOTHING_LOST: Mapping[str, str] = {}


def run_analyses(
    context: AnalysisContext,
    analyses: Iterable[Analysis],
    *,
    on_stage: Callable[[str], None],
    settings: RuleSettings | None = None,
    lost: Mapping[str, str] = _NOTHING_LOST,
) -> tuple[Section | SkippedSection, ...]:
    """Return one section for each analysis, in order; one that raises costs itself alone.

    Args:
        context: what they may look at.
        analyses: the analyses to run.
        on_stage: called with each title before its analysis runs.
        settings: rules that are off, whose findings are left out, and severities that were set.
        lost: titles of analyses that ended an earlier process and are not run again, with the reason.
    """
    settings = settings or RuleSettings()
    return tuple(_own_section(context, analysis, on_stage, settings, lost) for analysis in analyses)


def run_plugins(
    context: AnalysisContext,
    plugins: Iterable[Plugin],
    *,
    on_stage: Callable[[str], None],
    settings: RuleSettings,
    lost: Mapping[str, str] = _NOTHING_LOST,
) -> tuple[Section | SkippedSection, ...]:
    """Return one section for each plug-in, in order; one that raises becomes a skipped section with the reason.

    Args:
        context, on_stage, settings, lost: see `run_analyses`.
        plugins: the plug-ins to run.
    """
    return tuple(
        failed_section(plugin.analysis, lost[plugin.analysis.title], settings)
        if plugin.analysis.title in lost
        else _plugin_section(context, plugin, on_stage, settings)
        for plugin in plugins
    )


def _own_section(
    context: AnalysisContext,
    analysis: Analysis,
    on_stage: Callable[[str], None],
    settings: RuleSettings,
    lost: Mapping[str, str],
) -> Section | SkippedSection:
    if analysis.title in lost:
        return failed_section(analysis, lost[analysis.title], settings)
    try:
        return _section(context, analysis, on_stage, settings)
    except Exception as error:  # noqa: BLE001 - a fault of reportgen's own, or too little memory, must not cost the rest
        reason = (
            say("This section ran out of memory.")
            if lack_of(error) == TOO_LITTLE_MEMORY
            else say(
                "This section failed because of an error in reportgen. Received: {received}. The JSON has the "
                "traceback.",
                received=words_of(error),
            )
        )
        where = "".join(traceback.format_exception(error))
        return failed_section(analysis, reason, settings, where="\n".join(map(without_folders, where.splitlines())))


def failed_section(analysis: Analysis, reason: str, settings: RuleSettings, *, where: str = "") -> SkippedSection:
    """Return the section of an analysis that came to no end, with the finding that says so.

    Args:
        analysis: the analysis.
        reason: what happened, one sentence or two.
        settings: rules that are off, and severities that were set.
        where: the traceback, without folders.
    """
    said = FAILED.finding(analysis.title, reason.rstrip("."), evidence={"failures": 1}, threshold=FAILED.threshold)
    findings = () if FAILED.code in settings.off else (_graded(said, {}, settings),)
    return SkippedSection(analysis.name, analysis.title, reason, findings, failed=True, traceback=where)


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
    inconclusive = tuple(one for one in said if isinstance(one, Inconclusive))
    if skipped:
        return SkippedSection(analysis.name, analysis.title, result.reason, findings, inconclusive)
    return Section(
        name=analysis.name,
        title=analysis.title,
        result=result,
        findings=findings,
        inconclusive=inconclusive,
        unchecked={rule.code: reason for rule in analysis.rules if (reason := rule.missing(result))},
    )


def _graded(finding: Finding, own: dict[str, Severity], settings: RuleSettings) -> Finding:
    """Return a finding with the severity that was set for its rule; one that the analysis has lowered is not raised."""
    wanted = settings.severities.get(finding.code)
    if wanted is None:
        return finding
    lowered = finding.severity < own.get(finding.code, finding.severity)
    return replace(finding, severity=min(wanted, finding.severity) if lowered else wanted)
