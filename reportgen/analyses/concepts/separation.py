"""How well the classes separate at every depth of the network, on samples that are spread over all evaluated ones."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from reportgen.analyses.base import AnalysisContext
from reportgen.analyses.concepts.results import Ahead, Separation
from reportgen.analyses.concepts.untrained import untrained_depths
from reportgen.measures.intervals import measure
from reportgen.measures.paired import gained_and_lost
from reportgen.measures.separation import (
    effective_rank,
    linear_cka,
    linear_probe,
    nearest_centroid,
    several,
    standardised,
)
from reportgen.measures.tiles import block_means
from reportgen.models.passes import spread_over
from reportgen.run import EvaluatedSamples
from reportgen.samples import ClassLabels

MOST_JUDGED = 500
"""Samples that the separation is measured on: an interval of 9 points at the widest."""

LEAST_JUDGED = 200
"""As many are read again however large they are, for their pixels: an interval of 14 points at the widest."""

_MOST_READ = 2**22  # numbers in the samples that are read again
_LEAST = 20  # samples: with fewer an interval says nothing
_SIDE = 32  # pixels of a picture along its longer side
_AT_ONCE = 32  # pictures


def separations(context: AnalysisContext, samples: EvaluatedSamples) -> tuple[Separation, ...]:
    """Return how the classes separate by the pixels, whose name is '', and by each pooled call's channels, in order.

    A map is averaged over 4 x 4 parts, or as many as it has positions.

    Args:
        context: what the report knows of the model, for the same depths before training.
        samples: the evaluated samples, with what the pass pooled of them; without class labels, and with fewer than 20, nothing
            is measured.
    """
    labels, pooled = samples.labels, samples.activations.pooled
    if not isinstance(labels, ClassLabels) or len(pooled.positions) < _LEAST:
        return ()
    most = min(MOST_JUDGED, max(LEAST_JUDGED, _MOST_READ // math.prod(samples.images.shape[1:])))
    rows = spread_over(len(pooled.positions), most)
    rows = rows[several(labels.values[pooled.positions[rows]])]
    chosen = pooled.positions[rows]
    known = labels.values[chosen]
    if len(np.unique(known)) < 2:
        return ()
    depths = {name: parts[rows] for name, parts in pooled.parts.items()}
    found = _measured({"": _pixels(samples, chosen.tolist()), **depths}, known)
    names = [one.name for one in found if one.name]
    before = untrained_depths(context, samples, chosen, known, {name: depths[name] for name in names})
    return tuple(replace(one, untrained=before.get(one.name)) for one in found)


def _measured(features: dict[str, np.ndarray], labels: np.ndarray) -> tuple[Separation, ...]:
    found: list[tuple[str, int, float, float | None]] = []
    before: np.ndarray | None = None
    by_centroid, by_probe = [], []
    for name, own in features.items():
        values = standardised(own)
        if not values.shape[1]:
            continue
        products = values @ values.T / values.shape[1]
        by_centroid.append(nearest_centroid(values, labels))
        by_probe.append(linear_probe(products, labels))
        similarity = None if before is None else linear_cka(before, products)
        found.append((name, values.shape[1], effective_rank(products), similarity))
        before = products
    names = [name for name, *_ in found]
    return tuple(
        Separation(
            name=name,
            features=count,
            centroid=measure(int(nearest.sum()), len(labels)),
            probe=measure(int(probed.sum()), len(labels)),
            rank=rank,
            similarity=similarity,
            after_by_centroid=_ahead(names[place:], by_centroid[place:]),
            after_by_probe=_ahead(names[place:], by_probe[place:]),
        )
        for place, ((name, count, rank, similarity), nearest, probed) in enumerate(
            zip(found, by_centroid, by_probe, strict=True)
        )
    )


def _ahead(names: list[str], right: list[np.ndarray]) -> Ahead | None:
    """Return what becomes of the first depth's answers at the best of the others; None without others."""
    if len(names) < 2:
        return None
    best = max(range(1, len(names)), key=lambda place: int(right[place].sum()))
    return Ahead(names[best], *gained_and_lost(right[0], right[best]))


def _pixels(samples: EvaluatedSamples, positions: list[int]) -> np.ndarray:
    """Return samples as the model receives them, pictures as means of blocks, one row for each."""
    starts = range(0, len(positions), _AT_ONCE)
    parts = [_small(samples.scale(samples.read(positions[start : start + _AT_ONCE]))) for start in starts]
    return np.concatenate([part.reshape(len(part), -1) for part in parts])


def _small(inputs: np.ndarray) -> np.ndarray:
    """Return pictures as means of blocks, at most 32 pixels along each side; anything else as it is."""
    if inputs.ndim != 4:
        return inputs
    return block_means(inputs, -(-max(inputs.shape[1:3]) // _SIDE))
