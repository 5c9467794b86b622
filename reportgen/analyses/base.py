"""What every analysis is given and what it must offer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from reportgen.messages import say
from reportgen.models.head import UNKNOWN, Head
from reportgen.models.kernels import LayerKernel
from reportgen.models.live import LiveModel
from reportgen.models.normalization import BatchNormalizationLayer
from reportgen.models.recorder import Activations
from reportgen.models.sample_inputs import alone
from reportgen.models.variables import BesideKernels
from reportgen.options import AnalysisOptions
from reportgen.results import Finding, Inconclusive, LayerSummary, ModelSummary, SamplesSummary
from reportgen.rules import Limits, Rule

__all__ = ["Analysis", "AnalysisContext", "AnalysisOptions", "EvaluatedSamples", "Skip"]


@dataclass(frozen=True, kw_only=True)
class EvaluatedSamples:
    """The samples that the model was run on; the first `len(names)` of them are the chosen ones.

    Attributes:
        summary: where they come from and what was done.
        names: of the n chosen samples.
        images: of the chosen samples as stored, (n, *shape).
        labels: of the chosen samples, (n,) int64, or None.
        class_names: by class, or None.
        expected_range: of the values that the model's own rescaling layer maps to [0, 1] or [-1, 1], or None where it
            has no such layer or cannot tell.
        rescaled: whether the model rescales its input by itself, in whatever way.
        activations: what the forward pass recorded, chosen samples first.
        all_labels: of all N evaluated samples, (N,) int64, chosen ones first, or None.
        read: returns evaluated samples by their position (not their index in the source), (n, *shape) as stored; read again
            from the source, so that not all need to be in memory.
        scale: turns stored samples into what the model receives, (n, *shape) float32.
        pack: puts scaled samples together with what the model's other inputs receive, by the positions of these samples, each
            input at its sample's own values; returns them as they are where there is a single input.
        targets: of all N evaluated samples, what a single output should be, (N,) float64, where the labels are no class
            numbers; there are no labels then.
        label_sets: of all N evaluated samples, the classes of each, (N, K) bool, where the labels name any number of classes;
            there are no labels then.
        indices: of all N evaluated samples in the source, in order; empty where they are the first N.
        name_of: name of an evaluated sample in the source, by its position.
    """

    summary: SamplesSummary
    names: tuple[str, ...]
    images: np.ndarray
    labels: np.ndarray | None
    class_names: tuple[str, ...] | None
    expected_range: tuple[float, float] | None
    rescaled: bool = False
    activations: Activations
    all_labels: np.ndarray | None
    read: Callable[[Sequence[int]], np.ndarray]
    scale: Callable[[np.ndarray], np.ndarray]
    targets: np.ndarray | None = None
    label_sets: np.ndarray | None = None
    indices: tuple[int, ...] = ()
    name_of: Callable[[int], str] = str
    pack: Callable[[Any, Sequence[int]], Any] = alone

    @property
    def classes(self) -> np.ndarray | None:
        """The class of each evaluated sample, (N,) int64, or its classes, (N, K) bool; None without either."""
        return self.all_labels if self.label_sets is None else self.label_sets

    @property
    def no_labels_reason(self) -> str:
        """Why there are no labels to compare predictions with, one sentence."""
        return self.summary.unused_labels or say("The samples have no labels; --labels FILE would say what is right.")

    @property
    def evaluated(self) -> int:
        """Number of samples that the model was run on."""
        return self.summary.evaluated

    def index(self, position: int) -> int:
        """Return the index in the source of an evaluated sample."""
        return self.indices[position] if self.indices else position

    def batches(self, size: int) -> Iterator[np.ndarray]:
        """Yield all evaluated samples as the model receives them, (n, *shape) float32, in order, n at most `size`."""
        for start in range(0, self.evaluated, size):
            yield self.scale(self.read(range(start, min(start + size, self.evaluated))))

    def label_name(self, position: int) -> str | None:
        """Return the label of a chosen sample by its class's name; the bare number where a single output may be any number."""
        if self.labels is None:
            return None
        label = int(self.labels[position])
        known, outputs = self.labels if self.all_labels is None else self.all_labels, self.activations.outputs
        binary = bool(((outputs >= 0) & (outputs <= 1)).all() and (known <= 1).all()) or set(known.tolist()) == {0, 1}
        number = outputs.shape[1:] == (1,) and self.class_names is None and not binary
        return str(label) if number else self.class_name(label)

    def class_name(self, index: int) -> str:
        """Return the name of a class, or 'class 3' where names were not given."""
        named = self.class_names is not None and index < len(self.class_names)
        return self.class_names[index] if named and self.class_names else say("class {number:d}", number=index)


@dataclass(frozen=True, kw_only=True)
class AnalysisContext:
    """What an analysis may look at.

    Attributes:
        model: the model in numbers.
        layers: every call of every layer, in order.
        kernels: of all layers.
        shown: paths of the layers to show in detail: the first two convolutions, or those of --layers.
        rectifiers: paths of the layers whose last step is a rectifier.
        samples: None when none were given or the model could not be run on them.
        no_samples_reason: why there are none, and the option that would give some.
        options: see `AnalysisOptions`.
        limits: thresholds in force, by the rule's code.
        live: the running model, for analyses that must run it once more; None where it cannot be run.
        head: how the model ends.
        activations: the activation that each layer ends in, as Keras names it, by path; 'linear' for none.
        normalizations: every batch normalisation, in order.
        outputs_only: whether nothing was recorded of the layers; `no_samples_reason` says why then.
        variables: what is stored beside the kernels.
        ordered: whether the layers stand in the order of their calls.
        not_run: why samples that were given were not run; '' where they were, and where none were given.
    """

    model: ModelSummary
    layers: tuple[LayerSummary, ...]
    kernels: tuple[LayerKernel, ...]
    shown: tuple[str, ...]
    rectifiers: frozenset[str]
    samples: EvaluatedSamples | None
    no_samples_reason: str
    options: AnalysisOptions
    limits: Limits
    live: LiveModel | None = None
    head: Head = UNKNOWN
    activations: Mapping[str, str] = field(default_factory=dict)
    normalizations: tuple[BatchNormalizationLayer, ...] = ()
    outputs_only: bool = False
    variables: tuple[BesideKernels, ...] = ()
    ordered: bool = True
    not_run: str = ""


@dataclass(frozen=True)
class Skip:
    """Returned by `run` instead of a result.

    Attributes:
        reason: with the option that would enable the analysis.
        findings: what can be said all the same. What several analyses skip for is said by one of them alone.
    """

    reason: str
    findings: tuple[Finding, ...] = ()


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
