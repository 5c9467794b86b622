"""Distributions of weights: histograms on shared bins, and how far two are apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reportgen.messages import say
from reportgen.results import Histogram

_TAIL = 0.005  # of the values beyond either end
_WIDE = 0.75  # of the whole range: tails are cut where that leaves less
_MOST_SORTED = 200_000  # values that a quantile is taken of
_IN_CACHE = 2**15  # values that are sorted into bins together
_FEW = 2**13  # values that are sorted faster than they are looked through
_LOOKED_AT, _LOOKED_TAIL = 4096, 0.015  # so many values tell beyond which ones a tail lies, with room
_BINS = 4096  # in which distribution functions are compared first


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
    tails_cut = inner[1] - inner[0] < _WIDE * (float(high) - float(low)) and inner[1] > inner[0]
    if tails_cut:
        low, high = inner
    edges = np.histogram_bin_edges(np.empty(0), bins=bins, range=(float(low), float(high)))
    within = (float(edges[0]), float(edges[-1]))
    counts = {name: _counts(each, bins, within, cut=tails_cut) for name, each in values.items()}
    scales = {name: (stands_for or {}).get(name, len(each)) / max(len(each), 1) for name, each in values.items()}
    cut = sum(round((len(each) - int(counts[name].sum())) * scales[name]) for name, each in values.items())
    counts = {name: np.rint(each * scales[name]).astype(np.int64) for name, each in counts.items()}
    return Histogram(edges=edges, counts=counts, value_label=say("weight"), cut=cut)


def _counts(values: np.ndarray, bins: int, within: tuple[float, float], *, cut: bool) -> np.ndarray:
    """Return how many values lie in each of some bins of equal width, the last one with both its ends, (bins,) int64.

    As `np.histogram` does in a third of its time: a value within rounding of an edge may be counted beside it. Values beyond the
    bins, which are looked for only where tails were `cut`, are left out.
    """
    low, high = within
    found = np.zeros(bins, np.int64)
    for start in range(0, len(values), _IN_CACHE):
        places = values[start : start + _IN_CACHE].astype(np.float64)
        if cut:
            places = places[(places >= low) & (places <= high)]
        places -= low
        places *= bins / (high - low)
        found += np.bincount(np.minimum(places.astype(np.intp), bins - 1), minlength=bins)
    return found


def _inner_range(values: np.ndarray) -> tuple[float, float]:
    """Return the quantiles between which all but the tails lie, bit by bit as `np.quantile` gives them."""
    if len(values) > _FEW:
        some = np.sort(values[:: len(values) // _LOOKED_AT])
        tail = round(_LOOKED_TAIL * len(some))
        low = values[values <= some[tail]]
        high = values[values >= some[-1 - tail]]
        if min(len(low), len(high)) > _TAIL * len(values) + 1:
            below = len(values) - len(high)
            return _quantile(low, len(values), _TAIL), _quantile(high, len(values), 1 - _TAIL, below=below)
    low, high = np.quantile(values, (_TAIL, 1 - _TAIL))
    return float(low), float(high)


def _quantile(part: np.ndarray, count: int, share: float, *, below: int = 0) -> float:
    """Return the quantile of so many values from the part of them that it lies in, which has `below` of them below itself."""
    place = (count - 1) * share
    first = math.floor(place)
    lower, upper = np.partition(part, (first - below, first + 1 - below))[first - below : first + 2 - below]
    step, way = float(upper - lower), place - first
    return float(lower) + step * way if way < 0.5 else float(upper) - step * (1 - way)


def _spread(values: np.ndarray) -> np.ndarray:
    """Return at most so many of the values, evenly spread."""
    return values[:: -(-len(values) // _MOST_SORTED)]


def ks_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the largest difference between two samples' empirical distribution functions, in [0, 1].

    Many values are counted into bins first: the largest difference can lie in few of them, whose values alone are sorted.

    Source: two-sample Kolmogorov-Smirnov statistic; Smirnov 1948.
    """
    low, high = min(first.min(), second.min()), max(first.max(), second.max())
    if low == high:
        return 0.0
    sets = [np.asarray(values, np.float64) for values in (first, second)]
    few = len(first) + len(second) <= _FEW
    places = [_places(values, float(low), float(high), 1 if few else _BINS) for values in sets]
    counts = [np.bincount(each, minlength=_BINS) for each in places]
    until = [np.cumsum(each) for each in counts]
    after = [each / len(values) for each, values in zip(until, sets, strict=True)]
    before = [(each - own) / len(values) for each, own, values in zip(until, counts, sets, strict=True)]
    known = float(np.abs(after[0] - after[1]).max())
    looked_at = np.maximum(after[0] - before[1], after[1] - before[0]) > known
    missing = [np.cumsum(np.where(looked_at, 0, each)) for each in counts]
    parts = [_Part.of(*each, looked_at) for each in zip(sets, places, missing, strict=True)]
    return max(known, _highest_above(*parts), _highest_above(*reversed(parts)))


def _places(values: np.ndarray, low: float, high: float, bins: int) -> np.ndarray:
    return np.minimum(((values - low) / (high - low) * bins).astype(np.intp), bins - 1)


@dataclass(frozen=True)
class _Part:
    """Some values of a sample, sorted, and how many of those that were left out lie before each bin.

    Attributes:
        values: the values that lie in the bins that are looked at, (n,) float64.
        places: the bin of each, (n,) int.
        missing: how many values in other bins lie before each bin, (bins,) int.
        count: number of values of the whole sample.
    """

    values: np.ndarray
    places: np.ndarray
    missing: np.ndarray
    count: int

    @classmethod
    def of(cls, values: np.ndarray, places: np.ndarray, missing: np.ndarray, looked_at: np.ndarray) -> _Part:
        """Return the values in the bins that are looked at."""
        chosen = looked_at[places]
        return cls(np.sort(values[chosen]), np.sort(places[chosen]), missing, len(values))


def _highest_above(first: _Part, second: _Part) -> float:
    """Return how far the first's distribution function rises above the second's, which it does where it steps up itself."""
    own = np.arange(1, len(first.values) + 1) + first.missing[first.places]
    others = np.searchsorted(second.values, first.values, side="right") + second.missing[first.places]
    return float((own / first.count - others / second.count).max(initial=0.0))
