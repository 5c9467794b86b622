"""How well the classes separate at every depth of the network, on samples that are spread over all evaluated ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import AnalysisContext
from reportgen.analyses.concepts.results import Ahead, Separation, Untrained
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
        samples: the evaluated samples, with what the pass pooled of them; nothing is measured without class labels or with fewer
            than 20, nor of a model that does not answer with classes, such as an autoencoder: it was not trained to tell them.
    """
    labels, pooled = samples.labels, samples.activations.pooled
    if not isinstance(labels, ClassLabels) or context.scores is None or len(pooled.positions) < _LEAST:
        return ()
    most = min(MOST_JUDGED, max(LEAST_JUDGED, _MOST_READ // math.prod(samples.images.shape[1:])))
    rows = spread_over(len(pooled.positions), most)
    rows = rows[several(labels.values[pooled.positions[rows]])]
    chosen = pooled.positions[rows]
    samples = samples.holding(chosen.tolist())  # their pixels are wanted here and by each untrained network
    known = labels.values[chosen]
    if len(np.unique(known)) < 2:
        return ()
    depths = {name: parts[rows] for name, parts in pooled.parts.items()}
    told = _told({"": _pixels(samples, chosen.tolist()), **depths}, known)
    answers = {one.name: (one.nearest, one.probed) for one in told if one.name}
    before = untrained_depths(context, samples, chosen, known, depths, answers)
    return tuple(_separation(told[place:], before.get(one.name)) for place, one in enumerate(told))


@dataclass(frozen=True)
class _Told:
    """What is measured at one depth.

    Attributes:
        name: name of the call; '' for the pixels.
        features: values of a sample that vary.
        nearest, probed: (n,) bool, which samples the nearest class mean and the linear probe tell right.
        rank: directions that the samples fill.
        similarity: linear CKA with the depth before; None for the first.
    """

    name: str
    features: int
    nearest: np.ndarray
    probed: np.ndarray
    rank: float
    similarity: float | None


def _told(features: dict[str, np.ndarray], labels: np.ndarray) -> list[_Told]:
    """Return what is measured at each depth; those at which no value varies are left out."""
    found: list[_Told] = []
    before: np.ndarray | None = None
    for name, own in features.items():
        values = standardised(own)
        if not values.shape[1]:
            continue
        products = values @ values.T / values.shape[1]
        nearest, probed = nearest_centroid(values, labels), linear_probe(products, labels)
        similarity = None if before is None else linear_cka(before, products)
        found.append(_Told(name, values.shape[1], nearest, probed, effective_rank(products), similarity))
        before = products
    return found


def _separation(depths: Sequence[_Told], untrained: Untrained | None) -> Separation:
    """Return what is said of the first of these depths, which the others follow."""
    one, names = depths[0], [depth.name for depth in depths]
    return Separation(
        name=one.name,
        features=one.features,
        centroid=measure(int(one.nearest.sum()), len(one.nearest)),
        probe=measure(int(one.probed.sum()), len(one.probed)),
        rank=one.rank,
        similarity=one.similarity,
        after_by_centroid=_ahead(names, [depth.nearest for depth in depths]),
        after_by_probe=_ahead(names, [depth.probed for depth in depths]),
        untrained=untrained,
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
    batches = (samples.scale(samples.read(positions[start : start + _AT_ONCE])) for start in starts)
    parts = [_small(samples.arrangement.apply(inputs)) for inputs in batches]
    return np.concatenate([part.reshape(len(part), -1) for part in parts])


def _small(inputs: np.ndarray) -> np.ndarray:
    """Return pictures as means of blocks, at most 32 pixels along each side; anything else as it is."""
    if inputs.ndim != 4:
        return inputs
    return block_means(inputs, -(-max(inputs.shape[1:3]) // _SIDE))
