"""Some of the samples once more, with channels set to zero, to see whether anything depends on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.analyses.base import AnalysisContext
from reportgen.messages import say
from reportgen.models.graphs.outputs import class_scores, right_answers
from reportgen.models.passes.live import LiveModel
from reportgen.models.passes.masking import predict_masked
from reportgen.run.evaluation import EvaluatedSamples

if TYPE_CHECKING:
    from reportgen.analyses.channel_activity.results import LayerActivity

MOST_MASKED_SAMPLES = 256
"""Of the run with masked channels; more would make it as dear as the pass that serves all."""


def not_masked(layers: tuple[LayerActivity, ...], samples: EvaluatedSamples) -> str:
    """Return why a run with masked channels would say nothing; '' where it would."""
    idle = any(layer.silent or layer.dormant for layer in layers)
    if not idle or np.isfinite(samples.activations.outputs[:MOST_MASKED_SAMPLES]).all():
        return ""
    return say("the model's outputs are NaN or infinite already")


def masked_outputs(live: LiveModel, samples: EvaluatedSamples, masked: Mapping[str, tuple[int, ...]]) -> np.ndarray:
    """Return the outputs of the first samples, (n, K) float32, with some channels set to zero.

    Args:
        live: the model.
        samples: of which at most `MOST_MASKED_SAMPLES` are run.
        masked: indices of the channels, by the call.
    """
    batches = _batches(samples, min(samples.evaluated, MOST_MASKED_SAMPLES), live.batch)
    return predict_masked(live.model, batches, layers=live.layers, silenced=masked)


def _batches(samples: EvaluatedSamples, count: int, size: int) -> Iterator[Any]:
    for start in range(0, count, size):
        positions = range(start, min(start + size, count))
        yield samples.pack(samples.scale(samples.read(positions)), positions)


def share_of_right(outputs: np.ndarray, samples: EvaluatedSamples, context: AnalysisContext) -> float | None:
    """Return the share of the first samples' outputs that are right, in [0, 1]; None without labels."""
    if samples.classes is None:
        return None
    labels = samples.classes[: len(outputs)]
    scores = class_scores(outputs, head=context.head, labels=labels)
    # of a multi-label head one label for each sample does not say which other classes are in it
    known = scores is not None and scores.independent == (labels.ndim == 2)
    return float(right_answers(scores, labels).mean()) if scores is not None and known else None
