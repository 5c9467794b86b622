"""What of every result can stand in a redacted report. What is not named here is left out, with its section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reportgen.analyses.architecture import ArchitectureResult
from reportgen.analyses.attribution import AttributionResult, MethodMaps, SampleAttribution
from reportgen.analyses.batch_normalization import BatchNormalizationResult, NormalizationAudit
from reportgen.analyses.channel_activity import ChannelActivityResult, LayerActivity, MaskedRun
from reportgen.analyses.filter_grids import FilterGrid, FilterGridsResult, FilterStrength
from reportgen.analyses.learned import LearnedKernel, LearnedResult
from reportgen.analyses.parts.quality_samples import WorstSample
from reportgen.analyses.prediction_quality import PredictionQualityResult
from reportgen.analyses.preprocessing_check import PreprocessingCheckResult, VariantAccuracy
from reportgen.analyses.sample_predictions import ClassProbability, SamplePredictionsResult, ShownSample
from reportgen.analyses.weight_histograms import (
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
from reportgen.models.null_comparison import NullComparison
from reportgen.results import LayerSummary, ModelSummary, SamplesSummary


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
