"""reportgen's own rules as a table, so that they can be listed without the analyses, which need NumPy and all that computes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reportgen.results import Advice, Certainty, Rule, RuleInForce, RuleSettings, severity_named

PLUGIN_GROUP = "reportgen.analyses"
"""The entry points by which other packages bring analyses, whose rules stand in no table."""

TABLE = Path(__file__).with_suffix(".json")
"""Every rule by default, in the order of the sections; `make generated` writes it from the analyses."""

Owned = Iterable[tuple[str, Rule]]
"""Rules, each with the name of its analysis."""


def table_of(rules: Owned) -> str:
    """Return the text of the table of these rules."""
    rows = [
        _row(name, rule, rule) | {"bounds": [None if math.isinf(bound) else bound for bound in rule.bounds]}
        for name, rule in rules
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def own_rules() -> tuple[tuple[str, Rule], ...]:
    """Return the rules of the table, without what only findings need: causes and needs."""
    return tuple((row.pop("analysis"), _rule(row)) for row in json.loads(TABLE.read_text(encoding="utf-8")))


def _rule(row: dict[str, Any]) -> Rule:
    low, high = row.pop("bounds")
    advice = {name: row.pop(name) for name in ("title", "why", "action")}
    return Rule(
        advice=Advice(**advice, certainty=Certainty(row.pop("certainty"))),
        severity=severity_named(row.pop("severity")),
        bounds=(-math.inf if low is None else low, math.inf if high is None else high),
        **row,
    )


def rules_as_rows(rules: Owned, settings: RuleSettings) -> list[dict[str, Any]]:
    """Return rules with their analysis, meaning, source and setting, in their order.

    Args:
        rules: the rules.
        settings: each of them as it is in force.
    """
    in_force = {rule.code: rule for rule in settings.in_force}
    return [
        _row(name, rule, one) | {"off": one.off, "set_by": one.set_by}
        for name, rule in rules
        for one in [in_force[rule.code]]
    ]


def _row(name: str, rule: Rule, setting: Rule | RuleInForce) -> dict[str, Any]:
    """Return what is told of an analysis' rule, with the severity and threshold of a setting."""
    return {
        "code": rule.code,
        "analysis": name,
        "meaning": rule.meaning,
        "title": rule.advice.title,
        "why": rule.advice.why,
        "action": rule.advice.action,
        "certainty": rule.advice.certainty.value,
        "severity": setting.severity.label,
        "threshold": setting.threshold,
        "unit": rule.unit,
        "source": rule.source,
    }
