"""Integrated gradients, and the logits between whose values they explain the difference."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.models.gradients.gradient_target import GradientTarget
from reportgen.models.gradients.gradients import ClassLogits, capturing, failures_named, input_gradients
from reportgen.models.passes.calls import first_tensor
from reportgen.models.passes.live import LiveModel
from reportgen.models.passes.sample_inputs import SampleInputs


def integrated_gradients(
    live: LiveModel,
    target: GradientTarget,
    inputs: SampleInputs,
    baseline: np.ndarray,
    logits: ClassLogits,
    *,
    points: int,
) -> np.ndarray:
    """Return integrated gradients along the straight line from a baseline, (n, *shape) float32.

    They sum to the difference of the logit at the input and at the baseline, up to the error of the quadrature.

    Args:
        live: the model.
        target: from `find_target`.
        inputs: n samples; other inputs of the model stay at their sample's own values.
        baseline: of one sample, *shape.
        logits: which one of each sample.
        points: of the Gauss-Legendre quadrature.

    Source: Sundararajan et al., Axiomatic Attribution for Deep Networks, arXiv 1703.01365, equation 1.
    """
    nodes, weights = np.polynomial.legendre.leggauss(points)
    nodes, weights = (nodes + 1) / 2, weights / 2  # from [-1, 1] to [0, 1]
    maps = []
    for sample in range(len(inputs)):
        difference = inputs.values[sample] - baseline
        steps = nodes.reshape(-1, *[1] * difference.ndim)
        line = inputs.repeated(sample, (baseline + steps * difference).astype(np.float32))
        gradients = input_gradients(live, target, line, logits.take([sample] * points)).gradients
        maps.append(difference * np.tensordot(weights, gradients, axes=1))
    return np.asarray(maps, dtype=np.float32)


def logits_at(live: LiveModel, target: GradientTarget, inputs: SampleInputs, logits: ClassLogits) -> np.ndarray:
    """Return the chosen logit of every input, (n,) float32, without gradients; see `feature_gradients`."""
    captured: dict[str, Any] = {}
    found = []
    for batch in inputs.batches(live.batch):
        with failures_named(), capturing(live, target, captured):
            output = first_tensor(live.model(batch.packed(), training=False))
        found.append(np.asarray(captured.get("logits", output), dtype=np.float32).reshape(len(batch), -1))
    chosen = np.concatenate(found)[np.arange(len(inputs)), logits.columns]
    return np.asarray(chosen * logits.signs, dtype=np.float32)
