"""Samples that are changed and run again, all by one traced pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.models.passes import LiveModel
from reportgen.run.evaluation import EvaluatedSamples

_WAYS = 10
"""In so many ways and more is each sample changed where samples are."""


def run_changed(live: LiveModel, samples: EvaluatedSamples, stored: np.ndarray, positions: Sequence[int]) -> np.ndarray:
    """Return the model's outputs for changed samples, (n, ...) float32.

    Args:
        live: the running model.
        samples: those that they were made of: how they are scaled, and what the model's other inputs receive.
        stored: (n, *shape) as stored, n at least 1.
        positions: the position among the evaluated samples that each was made of.

    Raises:
        ForwardError: a layer failed.
        MemoryError: the memory does not suffice for a single sample.
    """
    planned = live.repeated.over(len(stored) * _WAYS)
    size = planned.size
    return planned.run(
        samples.pack(samples.scale(stored[start : start + size]), positions[start : start + size])
        for start in range(0, len(stored), size)
    )
