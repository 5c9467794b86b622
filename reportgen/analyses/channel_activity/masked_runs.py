"""Some of the samples once more, with the idle channels set to zero, to see whether anything depends on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.analyses.channel_activity.results import LayerActivity, MaskedRun, decides
from reportgen.errors import ForwardError
from reportgen.messages import say
from reportgen.models.graphs import Head
from reportgen.models.passes import LiveModel, predict_masked
from reportgen.run import EvaluatedSamples, class_scores, right_answers

MOST_MASKED_SAMPLES = 256
"""Of the run with masked channels; more would make it as dear as the pass that serves all."""


def masked_run(
    layers: Sequence[LayerActivity], samples: EvaluatedSamples, *, live: LiveModel | None, head: Head
) -> tuple[MaskedRun | None, str]:
    """Run the first samples with all silent and dormant channels set to zero.

    Silent channels are those of a rectifier that gave nothing but zeros on all of these samples: without a dormant one no
    output can change, so that nothing is run.

    Args:
        layers: the layers, with the indices of these channels.
        samples: the samples, evaluated without masks; at most `MOST_MASKED_SAMPLES` of them are run again.
        live: the running model; without one there is no run.
        head: how the model ends.

    Returns:
        The run, or None; and why there is none although channels would be masked, or ''.
    """
    masked = {layer.name: (*layer.silent, *layer.dormant) for layer in layers if layer.silent or layer.dormant}
    if not masked:
        return None, ""
    if samples.not_repeatable:
        return None, say("the model gives different outputs for the same samples")
    count = min(samples.evaluated, MOST_MASKED_SAMPLES)
    before = samples.activations.outputs[:count]
    if not np.isfinite(before).all():
        return None, say("the model's outputs are already NaN or infinite")
    if not decides(samples.evaluated):
        return None, say("too few samples to call a channel idle")
    if live is None:
        return None, ""
    try:
        outputs = before
        if any(layer.dormant for layer in layers):
            batches = samples.packed(range(count), live.batch)
            outputs = predict_masked(live.model, batches, layers=live.layers, silenced=masked)
    except ForwardError as error:
        return None, say("the model cannot run with masked channels: {error}", error=str(error))
    accuracy, masked_accuracy = _shares_of_right(before, outputs, samples, head)
    run = MaskedRun(
        silent=sum(len(layer.silent) for layer in layers),
        dormant=sum(len(layer.dormant) for layer in layers),
        samples=len(outputs),
        largest_change=float(np.abs(outputs - before).max()),
        accuracy=accuracy,
        masked_accuracy=masked_accuracy,
    )
    return run, ""


def _shares_of_right(
    before: np.ndarray, outputs: np.ndarray, samples: EvaluatedSamples, head: Head
) -> tuple[float | None, float | None]:
    """Return the share of the first samples' answers that are right before and after masking, in [0, 1]; None without labels."""
    labels = None if samples.classes is None else samples.classes.take(slice(len(outputs)))
    scores = class_scores(before, head=head, labels=labels)
    if labels is None or scores is None:
        return None, None
    own, masked = (float(right_answers(one, labels).mean()) for one in (scores, scores.like(outputs)))
    return own, masked
