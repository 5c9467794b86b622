"""Which channels of a layer do nothing: silent, dormant, constant or saturated ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.models.graphs import ACTIVATION_ENDS, RECTIFIERS
from reportgen.models.passes import ChannelStatistics

DORMANT_LEVELS = (0.0, 0.025, 0.1)
"""Levels at which Sokar et al., arXiv 2302.12902, and experiments after theirs report networks."""

DORMANT_LEVEL = 0.025
"""The level that decides which channels are called dormant; of their levels the middle one is our choice."""

CONSTANT_SHARE = 1e-3
"""A channel is constant when its values span less than this share of the span of its layer's most varied channel: less than
a step of half precision."""

SATURATED_SHARE = 0.95
"""A channel is saturated when so many of its values stand at an end of its activation. Source: convention of reportgen after
Rakitianskaia and Engelbrecht, Measuring saturation in neural networks, IEEE SSCI 2015."""


@dataclass(frozen=True)
class IdleChannels:
    """Which of the C channels of one call do nothing.

    Attributes:
        kind: 'rectified', 'bounded', 'smooth' or 'linear'.
        scores: mean magnitude of each channel over that of the layer, (C,) float64; 0 for all where all are zero.
        silent: channels of a rectified layer that were never above zero.
        dormant: channels of a rectified or smooth layer with a score of at most 0.025 that are not silent.
        dormant_counts: channels with a score of at most 0, 0.025 and 0.1, silent ones included.
        constant: channels that do not vary, apart from silent ones.
        saturated: channels of a bounded layer that stand at an end of their activation, apart from constant ones.
        non_finite: channels with a value that is NaN or infinite; they are none of the others, and their score is NaN.
    """

    kind: str
    scores: np.ndarray
    silent: tuple[int, ...]
    dormant: tuple[int, ...]
    dormant_counts: tuple[int, ...]
    constant: tuple[int, ...]
    saturated: tuple[int, ...]
    non_finite: tuple[int, ...] = ()


def activation_kind(activation: str) -> str:
    """Return how channels of an activation are judged: 'rectified', 'bounded', 'smooth' or 'linear'."""
    if activation in RECTIFIERS:
        return "rectified"
    if activation in ACTIVATION_ENDS:
        return "bounded"
    return "linear" if activation == "linear" else "smooth"


def idle_channels(statistics: ChannelStatistics, activation: str) -> IdleChannels:
    """Return the channels that do nothing.

    Args:
        statistics: the channels' statistics over all samples.
        activation: the activation that the values went through, as Keras names it.

    Source: silent: average percentage of zeros of 100 %, Hu et al., arXiv 1607.03250, equation 1. Dormant: Sokar et al.,
        arXiv 2302.12902, definition 3.1, with the channels of a convolution as neurons.
    """
    kind = activation_kind(activation)
    # sums of values near the largest that float32 holds, which pooling makes of NaN, are infinite too
    known = (statistics.non_finite == 0) & np.isfinite(statistics.magnitude)
    scores = np.full(len(known), np.nan)
    scores[known] = dormancy_scores(statistics.magnitude[known])
    nothing = np.zeros(len(scores), bool)
    silent = known & (statistics.maximum <= 0) if kind == "rectified" else nothing
    quiet = known & (scores <= DORMANT_LEVEL) if kind in ("rectified", "smooth") else nothing
    spans = np.zeros(len(known))
    spans[known] = statistics.maximum[known].astype(np.float64) - statistics.minimum[known]
    constant = known & (spans <= CONSTANT_SHARE * spans.max(initial=0.0)) & ~silent
    saturated = known & (statistics.at_ends >= SATURATED_SHARE) & ~constant if kind == "bounded" else nothing
    return IdleChannels(
        kind=kind,
        scores=scores,
        silent=_indices(silent),
        dormant=_indices(quiet & ~silent),
        dormant_counts=tuple(int((scores <= level).sum()) for level in DORMANT_LEVELS),
        constant=_indices(constant),
        saturated=_indices(saturated),
        non_finite=_indices(~known),
    )


def dormancy_scores(magnitude: np.ndarray) -> np.ndarray:
    """Return each channel's mean magnitude over the mean of all, (C,) float64; zeros where all are zero.

    Args:
        magnitude: mean absolute value of each channel, (C,).

    Source: Sokar et al., arXiv 2302.12902, equation 1.
    """
    mean = float(np.mean(magnitude)) if len(magnitude) else 0.0
    return np.asarray(magnitude / mean if mean > 0 else np.zeros(len(magnitude)), np.float64)


def _indices(chosen: np.ndarray) -> tuple[int, ...]:
    return tuple(int(index) for index in np.flatnonzero(chosen))
