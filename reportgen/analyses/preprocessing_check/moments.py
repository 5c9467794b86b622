"""How well the inputs of the first batch normalisation fit the moments that it stored in training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from reportgen.models.graphs import BatchNormalizationLayer, layer_path
from reportgen.models.passes import ChannelMoments


@dataclass(frozen=True)
class MomentFit:
    """How far observed moments are from stored ones, over the channels of a layer.

    Attributes:
        distance: median Kullback-Leibler divergence of the observed from the stored normal distribution, in nats, at least 0.
        ratio: median of observed over stored variance, over 0.
        shift: median distance of the means, in stored standard deviations.
    """

    distance: float
    ratio: float
    shift: float


def first_normalization(
    normalizations: Iterable[BatchNormalizationLayer], moments: Mapping[str, ChannelMoments]
) -> tuple[str, BatchNormalizationLayer] | None:
    """Return the first call of a batch normalisation, in the order of the calls, and its layer; None without one that can tell.

    One with the statistics that it began with tells nothing, nor does one whose statistics are no numbers or no variances.

    Args:
        normalizations: those of the model.
        moments: observed ones by the names of the calls, in the order of the calls.
    """
    layers = {layer.path: layer for layer in normalizations}
    for name in moments:
        layer = layers.get(layer_path(name))
        if layer is None:
            continue
        known = np.isfinite(layer.mean).all() and np.isfinite(layer.variance).all() and (layer.variance >= 0).all()
        return (name, layer) if known and not layer.never_updated else None
    return None


def fit_of(layer: BatchNormalizationLayer, moments: ChannelMoments) -> MomentFit:
    """Return how well observed moments fit the stored ones, over the channels that varied in training, if any did.

    A channel with a stored variance under the layer's epsilon was constant, as of a dead filter, and fits inputs in any scale.

    Args:
        layer: with the stored moments of C channels.
        moments: the observed ones.

    Source: Kullback and Leibler, Annals of Mathematical Statistics 22 (1951) 79, for two normal distributions:
        (r + d ** 2 - 1 - ln r) / 2 with the ratio r of the variances and the distance d of the means. The layer's epsilon is
        added to variances, as it computes.
    """
    stored, observed = layer.variance + layer.epsilon, moments.variance + layer.epsilon
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = observed / stored
        shift = np.abs(moments.mean - layer.mean) / np.sqrt(stored)
        distance = (ratio + shift**2 - 1 - np.log(ratio)) / 2
    distance = np.where(np.isfinite(distance), distance, np.inf)
    varied = layer.variance >= layer.epsilon
    chosen = varied if varied.any() else np.ones_like(varied)
    return MomentFit(*(float(np.median(values[chosen])) for values in (distance, ratio, shift)))
