"""Configuration: thresholds and severities of rules, the gate, and options, in `pyproject.toml` or a file of their own."""

from __future__ import annotations

import difflib
import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportgen.errors import UsageError
from reportgen.options.report_options import ReportOptions, flag_of, options_of
from reportgen.options.settings import FAIL_ON, RUN_CODE, checked_gates, configured_option
from reportgen.results import Rule, RuleInForce, RuleSettings, Severity, severity_named
from reportgen.untrusted.escaping import base_name, reason_of, shown
from reportgen.untrusted.regular import read_regular

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT_FILE = "pyproject.toml"
_DEFAULT = "default"
_RULES, _EXPECT = "rules", "expect"


@dataclass(frozen=True)
class Configuration:
    """What was configured, as read.

    Attributes:
        name: the file's name, without its folder; 'default' where nothing is configured.
        rules: settings by the rule's code, not yet checked.
        options: options of a report by name, checked.
        fail_on: the gates, as for --fail-on: a severity, for reports, and 'regression', for comparisons; none where none is
            configured.
    """

    name: str = _DEFAULT
    rules: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    fail_on: tuple[str, ...] = ()


def read_configuration(source: str | Path | Mapping[str, Any] | None) -> Configuration:
    """Return the configuration of a report.

    Args:
        source: a TOML file with `[rules]`, `fail-on` or options, or of any name with `[tool.reportgen]`; its tables as a mapping;
            or None for `[tool.reportgen]` in the working folder's `pyproject.toml`, where there is one.

    Raises:
        UsageError: the file cannot be read, is no TOML, or holds a table that reportgen does not know.
    """
    if isinstance(source, Mapping):
        return _configuration("config", source, "")
    if source is None:
        project = Path(PROJECT_FILE)
        return _of_project(project, _read(project)) if project.is_file() else Configuration()
    path = Path(source)
    document = _read(path)
    if path.name == PROJECT_FILE or (
        not any(key in document for key in (_RULES, _EXPECT)) and _table_of_project(document) is not None
    ):
        return _of_project(path, document)
    return _configuration(base_name(path), document, "")


def rule_settings(
    rules: Iterable[Rule], configuration: Configuration, *, unknown_allowed: bool = False
) -> RuleSettings:
    """Return the rules as they are in force.

    Args:
        rules: every rule that can be configured.
        configuration: see `read_configuration`.
        unknown_allowed: whether a code may be unknown, as where a plug-in that brings rules could not be loaded.

    Raises:
        UsageError: an unknown rule, or a setting that cannot be used.
    """
    known = {rule.code: rule for rule in rules}
    for code in configuration.rules:
        if code not in known and not unknown_allowed:
            raise UsageError(
                f"{configuration.name}: the table of rules must name rules. Received: {shown(code)!r}."
                f"{_suggestion(code, known)} See reportgen rules."
            )
    set_severities: dict[str, Severity] = {}
    in_force = []
    for code, rule in known.items():
        if code not in configuration.rules:
            in_force.append(RuleInForce(code, rule.threshold, rule.severity, rule.unit))
            continue
        value = configuration.rules[code]
        threshold, severity = _setting(rule, value, configuration.name)
        if severity is not None:
            set_severities[code] = severity
        in_force.append(
            RuleInForce(
                code=code,
                threshold=threshold,
                severity=rule.severity if severity is None else severity,
                unit=rule.unit,
                off=value is False,
                set_by=configuration.name,
                lowered=severity is not None and severity < rule.severity,
                moved=threshold != rule.threshold,
            )
        )
    return RuleSettings(tuple(in_force), set_severities)


def _table_of_project(document: Mapping[str, Any]) -> Any:
    tool = document.get("tool")
    return tool.get("reportgen") if isinstance(tool, Mapping) else None


def _of_project(path: Path, document: Mapping[str, Any]) -> Configuration:
    table = _table_of_project(document)
    return Configuration() if table is None else _configuration(base_name(path), table, "tool.reportgen.")


def _read(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = tomllib.loads(read_regular(path).decode("utf-8-sig"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(
            f"--config must be a TOML file that can be read. Received: {base_name(path)}: {reason}. Choose another file."
        ) from error
    except (ValueError, RecursionError) as error:  # tomllib's own error and that of a wrong encoding are ValueErrors
        raise UsageError(
            f"{base_name(path)} must be TOML in UTF-8. Received: {reason_of(error)}. Correct the file."
        ) from error
    return document


def _configuration(name: str, table: Any, prefix: str) -> Configuration:
    if not isinstance(table, Mapping):
        raise UsageError(f"{name}: {prefix.rstrip('.')} must be a table. Received: {shown(repr(table))}.")
    names = {key: str(key).replace("-", "_") for key in table}
    known = (_RULES, FAIL_ON, *options_of(ReportOptions))
    for key, one in names.items():
        if one in RUN_CODE:
            raise UsageError(
                f"{name}: {flag_of(one)} runs code, so no file may set it. Received: {key}. Give it on the command line."
            )
        if one not in known:
            written = [one.replace("_", "-") for one in known]
            raise UsageError(
                f"{name}: reportgen reads [{prefix}rules], fail-on and the options of a report. Received: {shown(key)!r}."
                f"{_suggestion(str(key).replace('_', '-'), written)}"
            )
    given = {names[key]: value for key, value in table.items()}
    rules, fail_on = given.pop(_RULES, {}), given.pop(FAIL_ON, None)
    if not isinstance(rules, Mapping):
        raise UsageError(f"{name}: [{prefix}rules] must be a table. Received: {shown(repr(rules))}.")
    listed = list(fail_on) if isinstance(fail_on, list) else [] if fail_on is None else [fail_on]
    gates = checked_gates(listed, of=f"{name}: fail-on")
    options = {
        one: _expectations(name, value) if one == _EXPECT else configured_option(one, value, origin=name)
        for one, value in given.items()
    }
    return Configuration(name, rules, options, gates)


def _expectations(name: str, given: Any) -> tuple[str, ...]:
    """Return the claims of a configuration: a text, a list of texts, or a table of numbers by metric."""
    from reportgen.measures.claims import claims_of, parse_claim  # which needs NumPy

    listed = isinstance(given, list | tuple) and all(isinstance(text, str) for text in given)
    if not (given is None or listed or isinstance(given, str | Mapping)):
        raise UsageError(
            f'{name}: expect must be a list such as ["accuracy=0.917"], or a table. Received: {shown(repr(given))}.'
        )
    claims = claims_of(given)
    for claim in claims:
        try:
            parse_claim(claim)
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from error
    return claims


def _setting(rule: Rule, value: Any, name: str) -> tuple[float, Severity | None]:
    """Return a rule's threshold, and its severity where one is set."""
    if value is False:
        return rule.threshold, None
    if not isinstance(value, Mapping):
        return _threshold(rule, value, name), None
    for key in value:
        if key not in ("threshold", "severity"):
            raise UsageError(
                f"{name}: the rule '{rule.code}' has a threshold and a severity. Received: {shown(key)!r}."
                f"{_suggestion(key, ('threshold', 'severity'))}"
            )
    threshold = _threshold(rule, value["threshold"], name) if "threshold" in value else rule.threshold
    severity = value.get("severity")
    return threshold, None if severity is None else severity_named(severity, of=f"{name}: severity of '{rule.code}'")


def _threshold(rule: Rule, value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(
            f"{name}: the rule '{rule.code}' must be a number, false, or a table with threshold and severity. "
            f"Received: {shown(repr(value))}."
        )
    low, high = rule.bounds
    if not (low <= value <= high and math.isfinite(value)):
        bounds = f"at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise UsageError(
            f"{name}: the threshold of '{rule.code}' must be a finite number {bounds} ({rule.unit}). "
            f"Received: {shown(repr(value))}."
        )
    return float(value)


def _suggestion(word: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(word), tuple(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""
