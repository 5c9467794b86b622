"""All analyses with their rules: reportgen's own and those of plug-ins, under the configuration in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.analyses import ANALYSES
from reportgen.analyses.base import Analysis
from reportgen.analyses.config import read_configuration, rule_settings
from reportgen.analyses.plugins import Plugins, load_plugins
from reportgen.results.rules import Rule, RuleSettings


@dataclass(frozen=True)
class Catalogue:
    """What a report is made of.

    Attributes:
        plugins: analyses from other packages, and those that cannot be used.
        settings: every rule as it is in force.
    """

    plugins: Plugins
    settings: RuleSettings

    @property
    def analyses(self) -> tuple[Analysis, ...]:
        """All analyses, those of plug-ins last."""
        return (*ANALYSES, *(plugin.analysis for plugin in self.plugins.working))

    def rules_as_rows(self) -> list[dict[str, Any]]:
        """Return every rule with its analysis, meaning, source and setting, in the order of the sections."""
        settings = {rule.code: rule for rule in self.settings.in_force}
        return [
            {
                "code": rule.code,
                "analysis": analysis.name,
                "meaning": rule.meaning,
                "severity": settings[rule.code].severity.label,
                "threshold": settings[rule.code].threshold,
                "unit": rule.unit,
                "source": rule.source,
                "off": settings[rule.code].off,
                "set_by": settings[rule.code].set_by,
            }
            for analysis in self.analyses
            for rule in analysis.rules
        ]


def open_catalogue(config: str | Path | Mapping[str, Any] | None = None) -> Catalogue:
    """Return all analyses and rules; TensorFlow is not needed for it.

    Args:
        config: see `read_configuration`.

    Raises:
        UsageError: the configuration cannot be used.
    """
    configuration = read_configuration(config)
    own = [rule for analysis in ANALYSES for rule in analysis.rules]
    plugins = load_plugins(names={analysis.name for analysis in ANALYSES}, codes={rule.code for rule in own})
    rules: list[Rule] = own + [rule for plugin in plugins.working for rule in plugin.analysis.rules]
    return Catalogue(plugins, rule_settings(rules, configuration, unknown_allowed=bool(plugins.broken)))
