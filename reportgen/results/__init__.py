"""What analyses produce and what rendering shows: findings, plottables and rules, with what redaction keeps of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reportgen.results.advice import NO_ADVICE, Advice, Certainty
from reportgen.results.causes import BROKEN_WEIGHTS, WRONG_INPUTS, cause_of, causes_first, origin_of
from reportgen.results.comparison import (
    Change,
    ComparedModel,
    ComparedOutcome,
    ComparedVerdict,
    Comparison,
)
from reportgen.results.findings import (
    FEWEST_SAMPLES,
    UNWRITTEN,
    Finding,
    Inconclusive,
    LayerSummary,
    ModelOutput,
    ModelSummary,
    Provenance,
    RuleInForce,
    SamplesSummary,
    Severity,
    is_written,
    most_severe_first,
)
from reportgen.results.redaction import Becomes, Kept, Marks, SortedBy, marks, redactable, redactable_sample
from reportgen.results.report import GENERIC_TEMPLATE, Report, Section, SkippedSection, with_causes, with_unchecked
from reportgen.results.rules import Limits, Need, Rule, RuleSettings, default_limits, severity_named

if TYPE_CHECKING:
    from reportgen.results.plottables import (
        Curve,
        Histogram,
        ImageGrid,
        Lines,
        Matrix,
        NullBands,
        Palette,
        Panel,
        PanelGrid,
        Plottable,
        Scatter,
        Strip,
    )

_PLOTTABLES = frozenset(
    (
        "Curve",
        "Histogram",
        "ImageGrid",
        "Lines",
        "Matrix",
        "NullBands",
        "Palette",
        "Panel",
        "PanelGrid",
        "Plottable",
        "Scatter",
        "Strip",
    )
)


def __getattr__(name: str) -> Any:
    # what can be drawn is made of arrays: `reportgen --help` and `reportgen rules` must not wait for NumPy
    if name in _PLOTTABLES:
        return getattr(import_module(f"{__name__}.plottables"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
