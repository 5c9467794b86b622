"""Samples that are changed and run again, all by one traced pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.models.passes import LiveModel
from reportgen.run.evaluation import EvaluatedSamples

_BATCH = 50
"""Samples run at once: changed sets of any size are run in batches of this one, so that nothing is traced twice."""


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
    size = min(live.batch, _BATCH)
    # the last batch is filled up with the first samples once more
    places = np.resize(np.arange(len(stored)), -(-len(stored) // size) * size)
    found = []
    for start in range(0, len(places), size):
        part = places[start : start + size]
        scaled = samples.scale(stored[part])
        found.append(live.repeated.run(samples.pack(scaled, [positions[place] for place in part])))
    return np.concatenate(found)[: len(stored)]
