"""reportgen's own rules as a table, so that they can be listed without the analyses, which need NumPy and all that computes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reportgen.results import Advice, Certainty, Rule, RuleSettings, severity_named

PLUGIN_GROUP = "reportgen.analyses"
"""The entry points by which other packages bring analyses, whose rules stand in no table."""

TABLE = Path(__file__).with_suffix(".json")
"""Every rule by default, in the order of the sections; `make generated` writes it from the analyses."""

Owned = Iterable[tuple[str, Rule]]
"""Rules, each with the name of its analysis."""


def table_of(rules: Owned) -> str:
    """Return the text of the table of these rules."""
    rows = [
        {
            "analysis": name,
            "code": rule.code,
            "meaning": rule.meaning,
            "severity": rule.severity.label,
            "threshold": rule.threshold,
            "unit": rule.unit,
            "source": rule.source,
            "bounds": [None if math.isinf(bound) else bound for bound in rule.bounds],
            "advice": {
                "title": rule.advice.title,
                "why": rule.advice.why,
                "action": rule.advice.action,
                "certainty": rule.advice.certainty.value,
            },
        }
        for name, rule in rules
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def own_rules() -> tuple[tuple[str, Rule], ...]:
    """Return the rules of the table, without what only findings need: causes and needs."""
    return tuple((row.pop("analysis"), _rule(row)) for row in json.loads(TABLE.read_text(encoding="utf-8")))


def _rule(row: dict[str, Any]) -> Rule:
    low, high = row.pop("bounds")
    advice = row.pop("advice")
    return Rule(
        **row | {"severity": severity_named(row["severity"])},
        bounds=(-math.inf if low is None else low, math.inf if high is None else high),
        advice=Advice(**advice | {"certainty": Certainty(advice["certainty"])}),
    )


def rules_as_rows(rules: Owned, settings: RuleSettings) -> list[dict[str, Any]]:
    """Return rules with their analysis, meaning, source and setting, in their order.

    Args:
        rules: the rules.
        settings: each of them as it is in force.
    """
    in_force = {rule.code: rule for rule in settings.in_force}
    return [
        {
            "code": rule.code,
            "analysis": name,
            "meaning": rule.meaning,
            "title": rule.advice.title,
            "why": rule.advice.why,
            "action": rule.advice.action,
            "certainty": rule.advice.certainty.value,
            "severity": in_force[rule.code].severity.label,
            "threshold": in_force[rule.code].threshold,
            "unit": rule.unit,
            "source": rule.source,
            "off": in_force[rule.code].off,
            "set_by": in_force[rule.code].set_by,
        }
        for name, rule in rules
    ]
