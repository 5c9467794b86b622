"""The two models of a comparison, each prepared and run on the same samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import AnalysisContext
from reportgen.messages import say
from reportgen.models.graphs import DescribedModel
from reportgen.models.weights import LayerKernel
from reportgen.results import Provenance
from reportgen.run import ClassScores, EvaluatedSamples

ANSWERS_ALONE = say("A deployed model gives its answers alone; its layers and weights are not compared.")


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the models.

    Attributes:
        provenance: where it comes from.
        described: the model.
        context: what analyses get.
        deployed: whether it is run by another runtime, which gives its answers alone.
    """

    provenance: Provenance
    described: DescribedModel
    context: AnalysisContext
    deployed: bool = False

    @property
    def samples(self) -> EvaluatedSamples | None:
        """The evaluated samples; None where the model was not run."""
        return self.context.samples

    @property
    def kernels(self) -> dict[str, LayerKernel]:
        """The kernels by their labels."""
        return {kernel.label: kernel for kernel in self.described.kernels}

    @property
    def scores(self) -> ClassScores | None:
        """One score for each class; None where the output has none, or is not finite."""
        return self.context.scores


def both_scores(base: Side, new: Side) -> tuple[ClassScores | None, ClassScores | None]:
    """Return the scores of both models; where the outputs of one are not finite, they are made as those of the other."""
    scores = [base.scores, new.scores]
    for own, other in ((0, 1), (1, 0)):
        samples, known = (base, new)[own].samples, scores[other]
        if scores[own] is None and known is not None and samples is not None:
            outputs = samples.activations.outputs
            alike = outputs.ndim == 2 and not np.isfinite(outputs).all()
            width = (base, new)[other].described.summary.output_shape
            scores[own] = known.like(outputs) if alike and outputs.shape[1:] == width else None
    return scores[0], scores[1]
