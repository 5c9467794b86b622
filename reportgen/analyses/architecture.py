"""Architecture: every call of every layer, with its size, receptive field and cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reportgen.analyses.base import AnalysisContext
from reportgen.messages import say
from reportgen.results import Finding, LayerSummary, Limits, ModelSummary, Rule, redactable


@redactable
@dataclass(frozen=True)
class ArchitectureResult:
    """The layers in the order of their calls.

    Attributes:
        model: the totals.
        layers: one entry for each call.
        multiply_adds: cost of one sample in all layers whose cost is known; None where no layer's is.
        unknown_costs: number of layers with weights whose cost is not known.
        largest: the layer with the most parameters, or None without parameters.
        ordered: whether the layers stand in the order of their calls; without an architecture they do not.
        counted: parameters of all layers together; fewer than the model has where its file tells only of the kernels.
    """

    model: ModelSummary
    layers: tuple[LayerSummary, ...]
    multiply_adds: int | None
    unknown_costs: int
    largest: LayerSummary | None
    ordered: bool = True
    counted: int = 0


class Architecture:
    """Lists the layers; says nothing about their quality."""

    name = "architecture"
    title = say("Architecture")
    rules: tuple[Rule, ...] = ()

    def run(self, context: AnalysisContext) -> ArchitectureResult:
        """Return the table and its totals."""
        known = [layer.multiply_adds for layer in context.layers if layer.multiply_adds is not None]
        weighted = [layer for layer in context.layers if layer.parameters]
        return ArchitectureResult(
            model=context.model,
            layers=context.layers,
            multiply_adds=None if not known else sum(known),
            unknown_costs=sum(layer.multiply_adds is None for layer in weighted),
            largest=max(weighted, key=lambda layer: layer.parameters, default=None),
            ordered=context.ordered,
            counted=sum({layer.path: layer.parameters for layer in context.layers}.values()),
        )

    def findings(self, result: ArchitectureResult, limits: Limits) -> Iterable[Finding]:
        """Return nothing: an architecture is a fact."""
        del result, limits
        return ()
