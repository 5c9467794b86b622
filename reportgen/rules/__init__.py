"""Rules, for plug-ins; they live in `reportgen.results`."""

from reportgen.results import Advice, Certainty, Limits, Need, Rule, RuleSettings, default_limits, severity_named

__all__ = ["Advice", "Certainty", "Limits", "Need", "Rule", "RuleSettings", "default_limits", "severity_named"]
