"""Distributions of weights: histograms on shared bins, and how far two are apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reportgen.messages import say
from reportgen.results import Histogram

_TAIL = 0.005  # of the values beyond either end
_WIDE = 0.75  # of the whole range: tails are cut where that leaves less
_MOST_SORTED = 200_000  # values that a quantile is taken of
_IN_CACHE = 2**15  # values that are sorted into bins together


def histogram_of(
    values: Mapping[str, np.ndarray], bins: int, *, stands_for: Mapping[str, int] | None = None
) -> Histogram:
    """Return a histogram of several sets of weights on shared bins.

    Where 99 % of all values take less than three quarters of their range, the tails are cut there: one weight far away would
    else press all others into a few bins.

    Args:
        values: finite values of each set, (N,), by its name; a set may be empty.
        bins: number of bins.
        stands_for: number of weights that a set is a part of, by its name: its counts are scaled to these.
    """
    finite = [each for each in values.values() if len(each)]
    low, high = (min(v.min() for v in finite), max(v.max() for v in finite)) if finite else (0.0, 0.0)
    inner = _inner_range(np.concatenate([_spread(each) for each in finite])) if finite else (low, high)
    if inner[1] - inner[0] < _WIDE * (float(high) - float(low)) and inner[1] > inner[0]:
        low, high = inner
    edges = np.histogram_bin_edges(np.empty(0), bins=bins, range=(float(low), float(high)))
    within = (float(edges[0]), float(edges[-1]))
    counts = {name: _counts(each, bins, within) for name, each in values.items()}
    scales = {name: (stands_for or {}).get(name, len(each)) / max(len(each), 1) for name, each in values.items()}
    cut = sum(round((len(each) - int(counts[name].sum())) * scales[name]) for name, each in values.items())
    counts = {name: np.rint(each * scales[name]).astype(np.int64) for name, each in counts.items()}
    return Histogram(edges=edges, counts=counts, value_label=say("weight"), cut=cut)


def _counts(values: np.ndarray, bins: int, within: tuple[float, float]) -> np.ndarray:
    """Return how many values lie in each of some bins of equal width, the last one with both its ends, (bins,) int64.

    As `np.histogram` does in a third of its time: a value within rounding of an edge may be counted beside it.
    """
    low, high = within
    found = np.zeros(bins, np.int64)
    for start in range(0, len(values), _IN_CACHE):
        places = values[start : start + _IN_CACHE].astype(np.float64)
        places = places[(places >= low) & (places <= high)]
        places -= low
        places *= bins / (high - low)
        found += np.bincount(np.minimum(places.astype(np.intp), bins - 1), minlength=bins)
    return found


def _inner_range(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, (_TAIL, 1 - _TAIL))
    return float(low), float(high)


def _spread(values: np.ndarray) -> np.ndarray:
    """Return at most so many of the values, evenly spread."""
    return values[:: -(-len(values) // _MOST_SORTED)]


def ks_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the largest difference between two samples' empirical distribution functions, in [0, 1].

    Source: two-sample Kolmogorov-Smirnov statistic; Smirnov 1948.
    """
    first, second = np.sort(first), np.sort(second)
    return max(_highest_above(first, second), _highest_above(second, first))


def _highest_above(first: np.ndarray, second: np.ndarray) -> float:
    """Return how far the first's distribution function rises above the second's, which it does where it steps up itself."""
    own = np.arange(1, len(first) + 1) / len(first)
    return float((own - np.searchsorted(second, first, side="right") / len(second)).max(initial=0.0))
