"""What every analysis is given and what it must offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from reportgen.measures.effort import QUICK, STANDARD, Effort
from reportgen.measures.page_plan import PagePlan
from reportgen.measures.temperature import Temperature
from reportgen.messages import say
from reportgen.models.graphs import UNKNOWN_HEAD, BatchNormalizationLayer, Head
from reportgen.models.passes import LiveModel, Placement, follow_placements
from reportgen.models.weights import LayerKernel, OtherVariable
from reportgen.options import ReportOptions
from reportgen.results import Finding, Inconclusive, LayerSummary, Limits, ModelSummary, Rule
from reportgen.run import (
    ClassScores,
    EvaluatedSamples,
    Pixels,
    TrainingHistory,
    class_scores,
    read_pixels,
    temperature_of,
)
from reportgen.samples import SampleSource, SliceColumn

if TYPE_CHECKING:
    from reportgen.reading import TrainingSetup

AnalysisOptions = ReportOptions
"""The name by which plug-ins know the options of a report."""

__all__ = ["Analysis", "AnalysisContext", "AnalysisOptions", "EvaluatedSamples", "Skip"]


@dataclass(frozen=True, kw_only=True)
class AnalysisContext:
    """What an analysis may look at.

    Attributes:
        model: the model in numbers.
        layers: every call of every layer, in order.
        kernels: every layer's kernel.
        shown: paths of the layers to show in detail: convolutions from the first to the last, or those of --layers.
        rectifiers: paths of the layers whose last step is a rectifier.
        samples: None when none were given or the model could not be run on them.
        no_samples_reason: why there are none, and the option that would give some.
        options: the report's options.
        limits: thresholds in force, by the rule's code.
        live: the running model, for analyses that must run it once more; None where it cannot be run.
        head: how the model ends.
        activations: the activation that each layer ends in, as Keras names it, by path; 'linear' for none.
        normalizations: every batch normalisation, in order.
        outputs_only: whether nothing was recorded of the layers; `no_samples_reason` says why then.
        variables: what is stored beside the kernels.
        ordered: whether the layers stand in the order of their calls.
        normalised: path of the normalisation behind each layer whose scale it takes away, by that layer's path.
        listed: whether every layer is known: not where a file has weights and no architecture.
        has_weights: whether there are weights: not where a file has an architecture alone.
        not_run: why samples that were given were not run; '' where they were, and where none were given.
        plan: how large pictures may be.
        train: the samples that the model was trained on, where --train-samples gives them.
        slices: what is known of each sample of the source beside its label.
        outside: samples that are none of what the model was made for, where --outside gives them.
        training: how the model was compiled; None where nothing is known of that.
        history: losses and metrics by epoch; None where none were given.
    """

    model: ModelSummary
    layers: tuple[LayerSummary, ...]
    kernels: tuple[LayerKernel, ...]
    shown: tuple[str, ...]
    rectifiers: frozenset[str]
    samples: EvaluatedSamples | None
    no_samples_reason: str
    options: ReportOptions
    limits: Limits
    live: LiveModel | None = None
    head: Head = UNKNOWN_HEAD
    activations: Mapping[str, str] = field(default_factory=dict)
    normalizations: tuple[BatchNormalizationLayer, ...] = ()
    outputs_only: bool = False
    variables: tuple[OtherVariable, ...] = ()
    ordered: bool = True
    normalised: Mapping[str, str] = field(default_factory=dict)
    listed: bool = True
    has_weights: bool = True
    not_run: str = ""
    plan: PagePlan = field(default_factory=PagePlan)
    train: SampleSource | None = None
    slices: tuple[SliceColumn, ...] = ()
    outside: SampleSource | None = None
    training: TrainingSetup | None = None
    history: TrainingHistory | None = None

    @cached_property
    def scores(self) -> ClassScores | None:
        """What the model answers to the evaluated samples as class scores; None where its output is none, and without samples."""
        if self.samples is None:
            return None
        return class_scores(self.samples.activations.outputs, head=self.head, labels=self.samples.classes)

    @cached_property
    def temperature(self) -> Temperature | None:
        """What the logits must be divided by to be as sure as they are right; None without class scores and class labels."""
        labels = None if self.samples is None else self.samples.classes
        return None if self.scores is None or labels is None else temperature_of(self.scores, labels)

    @cached_property
    def pixels(self) -> Pixels | None:
        """What is kept of the pixels of the evaluated samples, which are read once for all sections; None without samples."""
        return None if self.samples is None else read_pixels(self.samples)

    @cached_property
    def placements(self) -> Mapping[str, Placement]:
        """Where in the picture the values of each call look, by its name, as far as it can be followed; none without samples.

        Raises:
            ForwardError: a layer failed on the first sample.
        """
        if self.live is None or self.samples is None:
            return {}
        first = self.samples.scale(self.samples.images[:1])
        return follow_placements(self.live, first, pack=self.samples.with_first)


NO_WEIGHTS = say("The file holds an architecture without weights, so there is nothing to analyse.")


@dataclass(frozen=True)
class Skip:
    """Returned by `run` instead of a result.

    Attributes:
        reason: why there is no result, and the option that would enable the analysis.
        findings: what can be said all the same, and what was asked for and cannot be decided. What several analyses skip for is
            said by one of them alone.
    """

    reason: str
    findings: tuple[Finding | Inconclusive, ...] = ()


def not_paid(effort: Effort) -> Skip:
    """Return the skip of an analysis that costs more than the effort pays for."""
    return Skip(
        say(
            "The budget of effort “{effort}” does not pay for it; --effort {enough} does.",
            effort=effort.name,
            enough=STANDARD if effort.name == QUICK else "full",
        )
    )


class Analysis(Protocol):
    """One section of the report. The name is the module's and the template's stem."""

    name: str

    @property
    def title(self) -> str:
        """The heading, a `Message` where it can be translated."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What can become a finding."""

    def run(self, context: AnalysisContext) -> Any:
        """Return the analysis' own result dataclass, or a `Skip`."""

    def findings(self, result: Any, limits: Limits) -> Iterable[Finding | Inconclusive]:
        """Return what the result says about the model at these thresholds. Pure: it is tested from hand-built results."""
