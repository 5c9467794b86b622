"""A report made again from a page's own options, of files that the verifier names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from reportgen.analyses.catalogue import open_catalogue
from reportgen.building.build import make_report
from reportgen.options import DEFAULTS, OF_THE_VERIFIER, ReportOptions, configured_option, flag_of, options_of
from reportgen.progress import Listener
from reportgen.report import Report
from reportgen.verification.recorded import RecordedReport

_TOLD = ("file_name", "date", "command", "title", "note")


def recorded_options(recorded: RecordedReport, own: ReportOptions) -> ReportOptions:
    """Return the options that a page says it was made with; what it must not decide is the verifier's own.

    Raises:
        UsageError: the page has an option of another type, or one that cannot be used.
    """
    values = {name: getattr(own, name) for name in OF_THE_VERIFIER}
    for name in (each.name for each in fields(ReportOptions) if each.name not in OF_THE_VERIFIER):
        given = recorded.value("provenance", "options", name, of=object)
        if given is None:
            continue
        values[name] = configured_option(name, given, origin="the report's options cannot be used")
    options = ReportOptions(**values)
    options.check()
    return options


_OF_SAMPLES = ("labels", "class-names")


def missing_inputs(
    recorded: RecordedReport, given: Mapping[str, Any], own: ReportOptions, *, recompute: bool
) -> tuple[str, ...]:
    """Return the options that a page says it was made with, that it must not decide itself, and that were not given.

    Without a configuration the rules are taken as the page has them.

    Args:
        recorded: the page; of its values only whether there are some is looked at.
        given: inputs beside the model, by the argument of `make_report`; None for those that were not given.
        own: the verifier's options.
        recompute: whether the report is made again, and not its samples compared alone.
    """
    told = recorded.value("provenance", "options", of=Mapping) or {}
    inputs = (*_OF_SAMPLES, "history") if recompute else _OF_SAMPLES
    missing = [name for name in inputs if told.get(name) is not None and given.get(name.replace("-", "_")) is None]
    for name in OF_THE_VERIFIER if recompute else ():
        if name != "memory_limit" and told.get(name) and getattr(own, name) == getattr(DEFAULTS, name):
            missing.append(name)
    return tuple(map(flag_of, missing))


def rebuild(
    recorded: RecordedReport,
    model: Path,
    samples: Any,
    *,
    labels: Any,
    class_names: Any,
    history: Any = None,
    config: Path | None,
    options: ReportOptions,
    on_stage: Callable[[str], None] | None = None,
    on_progress: Listener | None = None,
) -> Report:
    """Return the report made again, with what cannot be computed taken from the page: its date, versions, names and command.

    Args:
        recorded: the page.
        model, samples, labels, class_names, history: as given to `build_report`.
        config: the configuration; None for the rules as the page says that they were in force.
        options: see `recorded_options`.
        on_stage, on_progress: told each stage's name, and how far it is.

    Raises:
        ReportgenError: see `build_report`.
    """
    report = make_report(
        model,
        samples,
        labels=labels,
        class_names=class_names,
        history=history,
        config=_rules(recorded) if config is None else config,
        options=options,
        given=tuple(options_of(ReportOptions)),
        on_stage=on_stage,
        on_progress=on_progress,
    )
    told = recorded.value("provenance", of=Mapping) or {}
    set_by = recorded.value("provenance", "set_by", of=Mapping) or {}
    texts: dict[str, Any] = {
        name: str(told[name]) for name in _TOLD if _is_other(told.get(name), getattr(report.provenance, name))
    }
    versions = {
        str(name): str(value) for name, value in (recorded.value("provenance", "versions", of=Mapping) or {}).items()
    }
    by_rule = {str(rule.get("code")): str(rule.get("set_by")) for rule in _recorded_rules(recorded)}
    provenance = replace(
        report.provenance,
        **texts,
        set_by={str(name): str(origin) for name, origin in set_by.items()},
        versions={**report.provenance.versions, **versions},
        options=_options_told(report.provenance.options, recorded.value("provenance", "options", of=Mapping) or {}),
    )
    rules = tuple(replace(rule, set_by=by_rule.get(rule.code, rule.set_by)) for rule in report.rules)
    return replace(report, provenance=provenance, rules=rules)


def _options_told(own: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with the names of inputs, and what the page must not decide, as the page tells them."""
    computed = {each.name for each in fields(ReportOptions)} - set(OF_THE_VERIFIER)
    kept = {name: own[name] if name in computed and name in own else _in_tuples(value) for name, value in told.items()}
    return kept | {name: value for name, value in own.items() if name in computed and name not in told}


def _is_other(told: Any, own: Any) -> bool:
    return isinstance(told, str) and told != own  # what is the same stays the message that other languages translate


def _in_tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _recorded_rules(recorded: RecordedReport) -> list[Mapping[str, Any]]:
    return [rule for rule in recorded.value("rules", of=list) or [] if isinstance(rule, Mapping)]


def _rules(recorded: RecordedReport) -> dict[str, Any]:
    """Return the configuration that the page says was in force: rules that a file set."""
    usual = {rule.code: rule.severity.label for rule in open_catalogue({}).settings.in_force}
    settings: dict[str, Any] = {}
    for rule in _recorded_rules(recorded):
        code, severity = str(rule.get("code")), rule.get("severity")
        if rule.get("set_by") == "default" or code not in usual:
            continue
        setting = {"threshold": rule.get("threshold")} | ({} if severity == usual[code] else {"severity": severity})
        settings[code] = False if rule.get("off") is True else setting
    return {"rules": settings}
