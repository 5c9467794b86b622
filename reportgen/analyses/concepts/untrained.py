"""The same depths of the network as it was before its training: what separates there owes nothing to the training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from reportgen.analyses.base import AnalysisContext
from reportgen.analyses.concepts.results import AgainstUntrained, Untrained
from reportgen.errors import ForwardError
from reportgen.measures.effort import effort_of
from reportgen.measures.intervals import measure
from reportgen.measures.paired import gained_and_lost
from reportgen.measures.separation import linear_probe, nearest_centroid, several, standardised
from reportgen.models.passes import pooled_untrained, spread_over
from reportgen.run import EvaluatedSamples

DRAWS = 3
"""Untrained networks of which the best counts at each depth: one alone differs from the next by up to 9 points."""

FEWEST_COMPARED = 100
"""Samples under which no pass is made: the bound of a gain lies 9 points above it."""


def untrained_depths(
    context: AnalysisContext,
    samples: EvaluatedSamples,
    chosen: np.ndarray,
    labels: np.ndarray,
    features: Mapping[str, np.ndarray],
    told: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> dict[str, Untrained]:
    """Return how each depth separates the classes beside the same depth of untrained networks, by the name of its call.

    Nothing is returned where the effort does not pay for it, a kernel has no initialiser, or the layers cannot be run by
    themselves.

    Args:
        context: what the report knows of the model.
        samples: the evaluated samples.
        chosen: positions of those that the separation is measured on, (n,).
        labels: their classes, (n,).
        features: what each call gave of them, (n, parts x C).
        told: which of them are told right at each depth to compare, as `told_right` has it, (n,) bool each.
    """
    live = context.live
    paid = effort_of(context.options.effort, context.layers).changed(DRAWS * len(chosen)) // DRAWS
    rows = spread_over(len(chosen), paid)
    rows = rows[several(labels[rows])] if len(rows) else rows
    if live is None or live.no_gradients or len(rows) < FEWEST_COMPARED or len(np.unique(labels[rows])) < 2:
        return {}
    positions, names, known = chosen[rows], tuple(told), labels[rows]
    answers: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in names}
    for draw in range(DRAWS):
        try:
            drawn = pooled_untrained(
                live,
                context.kernels,
                samples.packed(positions.tolist(), live.batch),
                names,
                seed=context.options.seed + draw,
            )
        except ForwardError:
            return {}
        if drawn is None:
            return {}
        for name, parts in drawn.items():
            answers[name].append(told_right(parts, known))
    majority = float(np.unique(known, return_counts=True)[1].max() / len(known))
    if len(rows) < len(chosen):
        told = {name: told_right(features[name][rows], known) for name in names}
    return {name: _against(told[name], answers[name], majority) for name in names}


def told_right(features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which samples the nearest class mean and the linear probe tell right, (n,) bool each; none without differences."""
    values = standardised(features)
    if not values.shape[1]:
        return np.zeros(len(labels), bool), np.zeros(len(labels), bool)
    return nearest_centroid(values, labels), linear_probe(values @ values.T / values.shape[1], labels)


def _against(
    trained: tuple[np.ndarray, np.ndarray], draws: Sequence[tuple[np.ndarray, np.ndarray]], majority: float
) -> Untrained:
    def against(reading: int) -> AgainstUntrained:
        """Return the depth's own reading beside that of the draw that tells most samples right."""
        own, best = trained[reading], max((draw[reading] for draw in draws), key=np.count_nonzero)
        gained, lost = gained_and_lost(best, own)
        return AgainstUntrained(
            trained=measure(int(own.sum()), len(own)),
            untrained=measure(int(best.sum()), len(best)),
            gained=gained,
            lost=lost,
        )

    return Untrained(len(draws), majority, centroid=against(0), probe=against(1))
