"""A report that shows nobody's samples: `redact`. What may stay is stated in `redactable.py`; all else is left out."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from reportgen.analyses import ANALYSES
from reportgen.analyses.architecture import ArchitectureResult
from reportgen.analyses.attribution.results import AttributionResult, MethodMaps, SampleAttribution
from reportgen.analyses.batch_normalization.results import BatchNormalizationResult, NormalizationAudit
from reportgen.analyses.channel_activity.results import ChannelActivityResult, LayerActivity, MaskedRun
from reportgen.analyses.filter_grids.results import FilterGrid, FilterGridsResult, FilterStrength
from reportgen.analyses.learned.results import LearnedKernel, LearnedResult
from reportgen.analyses.prediction_quality.results import PredictionQualityResult, WorstSample
from reportgen.analyses.preprocessing_check.results import PreprocessingCheckResult, VariantAccuracy
from reportgen.analyses.sample_predictions.results import ClassProbability, SamplePredictionsResult, ShownSample
from reportgen.analyses.weight_histograms.results import (
    DamagedVariable,
    KernelWeights,
    WeightHistogramsResult,
    WeightStatistics,
)
from reportgen.measures.assignment import ClassPair, Reordered
from reportgen.measures.calibration import Calibration, CalibrationBin
from reportgen.measures.classification import Averages, ClassificationQuality, ClassQuality, Confusion
from reportgen.measures.intervals import Rate
from reportgen.measures.multilabel import LabelQuality, MultiLabelQuality
from reportgen.measures.ranking import Area, Ranking
from reportgen.measures.regression import RegressionErrors
from reportgen.measures.skill import Skill
from reportgen.messages import say
from reportgen.models.weights.null_comparison import NullComparison
from reportgen.redaction.texts import STANDS_FOR, WITHHELD, redacted_provenance, unquoted
from reportgen.results.findings import LayerSummary, ModelSummary, Report, SamplesSummary, Section, SkippedSection
from reportgen.results.plottables import Curve, Histogram, ImageGrid, Matrix, NullBands, Strip

_PICTURES = say("This section shows the samples, so --redact leaves it out.")
_PLUGIN = say("A plug-in may show the samples, so --redact leaves its section out.")
_NUMERIC = (bool, int, float, np.generic, enum.Enum, Histogram, Curve, Matrix, NullBands, Strip)
AnyReport = TypeVar("AnyReport", bound=Report)


class UndeclaredError(TypeError):
    """A result holds something of which nobody has stated that it can be shown."""


def redact(report: AnyReport) -> AnyReport:
    """Return the report without what would show the samples or whose they are; its numbers stay.

    Args:
        report: of samples that `anonymous` had taken the names from, as `make_report` does: sentences and tables have numbers
            in place of class names already. All else, up to the command, is done here.
    """
    own = {analysis.name for analysis in ANALYSES}
    reason = report.provenance.not_run
    return replace(
        report,
        provenance=redacted_provenance(report.provenance),
        model=_kept(report.model, reason),
        samples=None if report.samples is None else _kept(report.samples, reason),
        sections=tuple(_section(section, reason, own=section.name in own) for section in report.sections),
        rules=tuple(
            rule if rule.set_by == "default" else replace(rule, set_by=STANDS_FOR["config"]) for rule in report.rules
        ),
    )


def _section(section: Section | SkippedSection, not_run: str, *, own: bool) -> Section | SkippedSection:
    if not own or (isinstance(section, Section) and section.package):
        return _left_out(section, _PLUGIN)
    if isinstance(section, SkippedSection):
        said = tuple(replace(one, message=unquoted(one.message, not_run)) for one in section.findings)
        return replace(section, reason=unquoted(section.reason, not_run), findings=said)
    try:
        return replace(section, result=_kept(section.result, not_run))
    except UndeclaredError:
        return _left_out(section, _PICTURES)


def _left_out(section: Section | SkippedSection, reason: str) -> SkippedSection:
    """Return a section without its result; of its findings what a gate counts, without their words."""
    findings = tuple(
        replace(one, subject="model", message=WITHHELD, evidence={}, source=WITHHELD) for one in section.findings
    )
    inconclusive = tuple(replace(one, subject="model", message=WITHHELD) for one in section.inconclusive)
    return SkippedSection(section.name, section.title, reason, findings, inconclusive)


def _kept(value: Any, not_run: str) -> Any:
    """Return what of a result can be shown.

    Raises:
        UndeclaredError: it holds a text, a picture or a type of which nobody has stated that it can be shown.
    """
    if value is None or isinstance(value, _NUMERIC) or _is_of_weights(value) or _is_row_of_numbers(value):
        return value
    if isinstance(value, Mapping):
        return {name: _kept(one, not_run) for name, one in value.items()}
    if isinstance(value, tuple):
        parts = [_kept(one, not_run) for one in value]
        by_index = value and type(value[0]) in REDACTABLE and REDACTABLE[type(value[0])].by_index
        return tuple(sorted(parts, key=lambda one: one.index) if by_index else parts)
    if is_dataclass(value) and type(value) in REDACTABLE:
        return _kept_fields(value, not_run)
    raise UndeclaredError(f"{type(value).__name__} is not stated in redactable.py")


def _is_of_weights(value: Any) -> bool:
    return isinstance(value, ImageGrid) and value.of_weights


def _is_row_of_numbers(value: Any) -> bool:
    return (
        isinstance(value, np.ndarray) and value.ndim <= 1 and value.dtype.kind in "biuf"
    )  # more axes may be a picture


def _kept_fields(value: Any, not_run: str) -> Any:
    stated = REDACTABLE[type(value)]
    changed = {}
    for name in (each.name for each in fields(value)):
        old = getattr(value, name)
        if name in stated.blank:
            new = stated.blank[name]
            changed[name] = new(old) if callable(new) else new
        elif name in stated.texts and isinstance(old, tuple):
            changed[name] = tuple(unquoted(one, not_run) for one in old)
        elif name in stated.texts and isinstance(old, str):
            changed[name] = unquoted(old, not_run)
        elif stated.numbers is None or name in {*stated.numbers, *stated.texts}:
            changed[name] = _kept(old, not_run)
        else:
            raise UndeclaredError(f"{type(value).__name__}.{name} is not stated in redactable.py")
    return replace(value, **changed)


@dataclass(frozen=True)
class Redactable:
    """How much of a result can be shown to somebody who must not know the samples.

    Pictures stay where they are made of weights alone.

    Attributes:
        numbers: fields that hold numbers or what is made of them and stay; None for all others. What is said of a single
            sample must be named, since a number may be its class.
        texts: fields that hold texts and stay: names of layers, classes by number, sentences.
        blank: what replaces other fields that tell too much, or a function that makes it of them.
        by_index: whether several stand in the order of their index: the order of a selection would tell their classes.
    """

    numbers: tuple[str, ...] | None = None
    texts: tuple[str, ...] = ()
    blank: Mapping[str, Any] = field(default_factory=dict)
    by_index: bool = False


def _kind(kind: str) -> str:
    """Return the kind of a model; that of a subclassed one is a name that its author gave."""
    return kind if kind in _KERAS_KINDS else say("Subclassed")


def _ranked(top: tuple[ClassProbability, ...]) -> tuple[ClassProbability, ...]:
    """Return the highest scores of a sample without their classes."""
    return tuple(
        ClassProbability(say("score {rank:d}", rank=rank), one.probability) for rank, one in enumerate(top, start=1)
    )


_KERAS_KINDS = ("Sequential", "Functional", "Model", "unknown kind of")
_NUMBERS = Redactable()

REDACTABLE: Mapping[type, Redactable] = {
    ArchitectureResult: _NUMBERS,
    ModelSummary: Redactable(blank={"name": "model", "kind": _kind}),
    LayerSummary: Redactable(texts=("path", "class_name")),
    SamplesSummary: Redactable(
        texts=("source", "selection", "dtype", "steps", "sha256", "sha256_of", "labels_sha256", "unused_labels"),
        blank={"shown": lambda shown: tuple(sorted(shown))},
    ),
    WeightHistogramsResult: _NUMBERS,
    KernelWeights: Redactable(texts=("label", "initializer")),
    WeightStatistics: _NUMBERS,
    DamagedVariable: Redactable(texts=("label",)),
    LearnedResult: Redactable(texts=("statistics",)),
    LearnedKernel: Redactable(texts=("label", "kind", "initializer", "operator_norm_reason")),
    NullComparison: Redactable(texts=("reason",)),
    FilterGridsResult: _NUMBERS,
    FilterGrid: Redactable(texts=("label", "layout")),
    FilterStrength: Redactable(texts=("label",)),
    ChannelActivityResult: Redactable(texts=("masked_reason",)),
    LayerActivity: Redactable(texts=("name", "source", "activation", "kind")),
    MaskedRun: _NUMBERS,
    BatchNormalizationResult: Redactable(texts=("no_samples_reason",)),
    NormalizationAudit: Redactable(texts=("name",)),
    PreprocessingCheckResult: Redactable(texts=("same", "left_out")),
    VariantAccuracy: Redactable(texts=("name",)),
    SamplePredictionsResult: Redactable(texts=("rule",), blank={"reduction": 1}),
    # what a model says of a sample is its class more often than not, so that the scores stay without their classes
    ShownSample: Redactable(
        numbers=("index", "correct"),
        blank={
            "name": "",
            "picture": None,
            "label": None,
            "classes": None,
            "predicted": None,
            "top": _ranked,
            "output": None,
            "target": None,
        },
        by_index=True,
    ),
    PredictionQualityResult: Redactable(texts=("rule",), blank={"pictures": None}),
    # with the answer, or with whether it is right, the two probabilities would tell the label
    WorstSample: Redactable(
        numbers=("index", "probability", "label_probability", "loss"),
        blank={"name": "", "label": "", "predicted": "", "right": None},
    ),
    ClassificationQuality: Redactable(texts=("majority", "constant")),
    ClassQuality: Redactable(texts=("name",)),
    Confusion: Redactable(texts=("label", "predicted")),
    Reordered: _NUMBERS,
    ClassPair: Redactable(texts=("label", "answer")),
    Ranking: _NUMBERS,
    Area: _NUMBERS,
    RegressionErrors: _NUMBERS,
    MultiLabelQuality: _NUMBERS,
    LabelQuality: Redactable(texts=("name",)),
    Averages: _NUMBERS,
    Skill: _NUMBERS,
    Calibration: _NUMBERS,
    CalibrationBin: _NUMBERS,
    Rate: _NUMBERS,
    AttributionResult: Redactable(texts=("explained",), blank={"reduction": 1}),
    MethodMaps: Redactable(texts=("key", "title", "subject"), blank={"figure": None}),
    SampleAttribution: Redactable(
        numbers=("index", "logit", "largest", "completeness", "similarity", "deletion"),
        texts=("failed",),
        blank={"label": None, "target": "", "classes": None},
        by_index=True,
    ),
}
