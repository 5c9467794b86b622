"""All analyses with their rules: reportgen's own and those of plug-ins, under the configuration in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reportgen.analyses import ANALYSES
from reportgen.analyses.base import Analysis
from reportgen.analyses.plugins import Plugins, given_analyses, load_plugins
from reportgen.analyses.sections import FAILED
from reportgen.options import Configuration, read_configuration, rule_settings
from reportgen.results import Rule, RuleSettings
from reportgen.rules.own_rules import rules_as_rows

OF_ALL = (FAILED,)
"""Rules on any section, whatever its analysis."""


def owned(analyses: Iterable[Analysis]) -> Iterator[tuple[str, Rule]]:
    """Yield the rules of analyses in order, each with its analysis' name."""
    return ((analysis.name, rule) for analysis in analyses for rule in analysis.rules)


OWN_RULES = (*owned(ANALYSES), *(("sections", rule) for rule in OF_ALL))
"""reportgen's own rules, each with its analysis' name, in the order of the sections."""


@dataclass(frozen=True)
class Catalogue:
    """What a report is made of.

    Attributes:
        plugins: analyses from other packages, those given to `build_report`, and those that cannot be used.
        settings: every rule as it is in force.
        configuration: what was configured, and by which file.
    """

    plugins: Plugins
    settings: RuleSettings
    configuration: Configuration

    @property
    def analyses(self) -> tuple[Analysis, ...]:
        """All analyses, those of plug-ins last."""
        return (*ANALYSES, *(plugin.analysis for plugin in self.plugins.working))

    def rules_as_rows(self) -> list[dict[str, Any]]:
        """Return every rule with its analysis, meaning, source and setting, in the order of the sections."""
        of_plugins = owned(plugin.analysis for plugin in self.plugins.working)
        return rules_as_rows((*OWN_RULES, *of_plugins), self.settings)


def open_catalogue(config: str | Path | Mapping[str, Any] | None = None, *, extra: Iterable[Any] = ()) -> Catalogue:
    """Return all analyses and rules; TensorFlow is not needed for it.

    Args:
        config: see `read_configuration`.
        extra: analyses that were given to `build_report`.

    Raises:
        UsageError: the configuration or one of `extra` cannot be used.
    """
    configuration = read_configuration(config)
    found = load_plugins(**_taken(ANALYSES))
    from_packages = [plugin.analysis for plugin in found.working]
    given = given_analyses(extra, **_taken([*ANALYSES, *from_packages]))
    plugins = replace(found, working=(*found.working, *given))
    every = (*OWN_RULES, *owned((*from_packages, *(one.analysis for one in given))))
    owners = {rule.code: "" if rule in OF_ALL else name for name, rule in every}
    settings = rule_settings([rule for _, rule in every], configuration, unknown_allowed=bool(found.broken))
    in_force = tuple(replace(rule, analysis=owners[rule.code]) for rule in settings.in_force)
    return Catalogue(plugins, replace(settings, in_force=in_force), configuration)


def _taken(analyses: Iterable[Analysis]) -> dict[str, set[str]]:
    """Return the names of analyses, and the codes of their rules, that no other may have."""
    known = tuple(analyses)
    return {
        "names": {one.name for one in known},
        "codes": {rule.code for one in known for rule in one.rules} | {rule.code for rule in OF_ALL},
    }
