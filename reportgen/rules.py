"""Rules, for plug-ins; they live in `reportgen.results`."""

from reportgen.results import Limits, Rule, RuleSettings, default_limits, severity_named

__all__ = ["Limits", "Rule", "RuleSettings", "default_limits", "severity_named"]
