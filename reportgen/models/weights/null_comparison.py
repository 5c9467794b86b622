"""The kernels of a model against fresh draws of their own initialisers, and how far chance alone reaches."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from reportgen.measures.intervals import student_quantile
from reportgen.messages import say
from reportgen.models.weights.kernel_statistics import (
    NEAR_ZERO_SHARE,
    NORM,
    RANK,
    SIZE,
    STATISTICS,
    as_matrix,
    energy_outside,
    gram,
    hill_exponent,
    kernel_statistics,
    statistics_of_draws,
)
from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.laws import Law, law_of
from reportgen.models.weights.moments import weight_moments
from reportgen.models.weights.null_moments import has_known_null, null_moments
from reportgen.models.weights.redraws import MOST_COMPARED, ComparedPart, compared_part, redraw
from reportgen.models.weights.supports import SINGLE_PRECISION, stored_rounding
from reportgen.progress import counted_off
from reportgen.results import Kept, redactable

MOST_REDRAWS = 200
"""Draws of a kernel near its initialiser, at the most. From 20 draws the bound on chance lies anywhere from 3.6 to 7.7 null
deviations, from 200 between 3.1 and 3.6 (5 kernels of 40 to 250 weights, 3 initialisers, 200 seeds each)."""

_MOST_DRAWN = 4_000_000  # weights of all draws of one kernel near its initialiser
_FAR = 3.0  # times chance in the first draws: more of them would change nothing

MOST_EIGENVALUES = 512
"""A tail exponent is fitted up to so many eigenvalues: all of 512 take 30 ms, all of 2,048 two seconds."""

MARGIN = 1.5
"""How much further out than chance a kernel must stand to have learned. The bound itself would call one untrained model in
twenty learned; with the margin it is one in a hundred. What lies between the two is not decided."""

LEADING = 0.05
"""Share of a kernel's directions that lead; what lies outside them is all that a kernel of few directions lacks."""

_SKEWNESS = 0.29346  # of Tracy and Widom's law of order 1
_DEAD = 1e-3  # of the largest norm of a filter
_ROUNDING = 1e-6  # relative; single precision's errors in sums
_OF_SIZE = [SIZE, NORM, RANK]  # statistics that rounding changes by up to its own relative error


@redactable
@dataclass(frozen=True)
class NullComparison:
    """One kernel's statistics, in the order of `STATISTICS`, and those of fresh draws: of K of them, or by their law.

    Attributes:
        compared: number of weights compared; fewer than the kernel has where it is large and has to be drawn.
        value: the kernel's own statistics, (6,) float64; NaN for what it does not have, and where it is not finite.
        mean, spread: mean and standard deviation of the draws, (6,) float64; NaN where there are none.
        percentile: share of draws below the kernel's value, ties half, in percent, (6,) float64; by the normal distribution where
            the draws' law is known.
        distance: how many spreads the value lies from the mean, (6,) float64; chance alone reaches 3 to 8.
        reason: why there are no draws, or ''.
        exponent: the exponent of the spectrum's tail, or None.
        redraws: K; 0 where there are no draws.
        outside: part of the squared weights of the filters that are not dead outside the leading twentieth of their directions,
            in [0, 1]; None where it costs too much to know.
        by_law: whether mean and spread follow from the law of the draws, so that none was made.
    """

    compared: int
    value: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    percentile: np.ndarray
    distance: np.ndarray
    reason: Kept[str]
    exponent: float | None
    redraws: int = 0
    outside: float | None = None
    by_law: bool = False


@dataclass(frozen=True)
class ComparedKernel:
    """A kernel beside its draws, and how far chance alone puts a draw from the others.

    Attributes:
        comparison: the kernel's statistics and those of the draws.
        by_chance: distance of each draw from the others, (K, 6) float64; (0, 6) without draws, and where their law is known.
    """

    comparison: NullComparison
    by_chance: np.ndarray

    @property
    def tested(self) -> int:
        """How many of the statistics the kernel has; 0 where it is not compared."""
        if self.comparison.by_law:
            return int(np.isfinite(self.comparison.distance).sum())
        return int(np.isfinite(self.by_chance[0]).sum()) if len(self.by_chance) else 0

    @property
    def furthest(self) -> float:
        """The largest distance of any statistic; infinite without draws."""
        distances = np.abs(self.comparison.distance)
        return math.inf if np.isnan(distances).all() else float(np.nanmax(distances))


class _Compared:
    """A kernel that is compared with fresh draws from its own initialiser, of which more can be made.

    Where each weight is drawn by itself and there are enough of them, mean and spread follow from the law of the draws, and all
    weights are compared. Other kernels are drawn, a large one in part.

    Args:
        kernel: the kernel.
        seed: the report's seed.
        most: number of draws that can be made.
    """

    def __init__(self, kernel: LayerKernel, *, seed: int, most: int) -> None:
        law = law_of(kernel.initializer, kernel.shape)
        self._law = law if law is not None and has_known_null(kernel, law) else None
        self._part = part = compared_part(kernel, seed=seed, most=None if self._law else MOST_COMPARED)
        moments = kernel.moments if part.values.size == part.whole else weight_moments(part.values)
        self._draws: Iterator[np.ndarray] | None = None
        self._drawn = np.empty((0, len(STATISTICS)))
        self._reason = ""
        if moments.non_finite or not moments.count:
            self._value, self._spectrum = np.full(len(STATISTICS), math.nan), _Spectrum()
            self._reason = say("it holds NaN or infinite weights")
            return
        spectrum = _spectrum(part)
        if spectrum.eigenvalues is None and self._law is not None:
            spectrum = _Spectrum(outside=_spectrum(compared_part(kernel, seed=seed)).outside)
        self._value = kernel_statistics(part.kernel, part.values, eigenvalues=spectrum.eigenvalues, moments=moments)
        self._spectrum = spectrum
        if self._law is not None:
            return
        self._draws = redraw(kernel, part, most, seed=seed)
        if self._draws is None:
            name = kernel.initializer_name
            self._reason = (
                say("no initialiser is known") if name is None else say("a part of {name} cannot be redrawn", name=name)
            )

    def with_draws(self, count: int) -> ComparedKernel:
        """Return the kernel beside so many draws, 3 or more and no fewer than before; beside their law where that is known."""
        if self._law is not None and not self._reason:
            return _compared_with_law(self._part, self._value, self._spectrum, self._law)
        if self._draws is None:
            return _without_draws(self._part, self._value, self._reason, self._spectrum)
        more = itertools.islice(self._draws, count - len(self._drawn))
        self._drawn = np.concatenate([self._drawn, statistics_of_draws(self._part.kernel, more)])
        return _compared_with_draws(self._part, self._value, self._spectrum, self._drawn)


def _compared_with_law(part: ComparedPart, value: np.ndarray, spectrum: _Spectrum, law: Law) -> ComparedKernel:
    weights = part.values.size
    mean, spread = null_moments(part.kernel, law)
    spread = _least_spread(mean, spread, weights, rounding=stored_rounding(part.values).relative)
    distance = _distance(value, mean, spread)
    comparison = NullComparison(
        compared=weights,
        value=value,
        mean=mean,
        spread=spread,
        percentile=np.array([100 * math.erfc(-each / math.sqrt(2)) / 2 for each in distance]),
        distance=distance,
        reason="",
        exponent=spectrum.exponent,
        outside=spectrum.outside,
        by_law=True,
    )
    return ComparedKernel(comparison, np.empty((0, len(STATISTICS))))


def _compared_with_draws(
    part: ComparedPart, value: np.ndarray, spectrum: _Spectrum, drawn: np.ndarray
) -> ComparedKernel:
    weights = part.values.size
    rounding = stored_rounding(part.values).relative
    mean, spread = null_spread(drawn, weights, rounding=rounding)
    below = (drawn < value).mean(axis=0) + (drawn == value).mean(axis=0) / 2
    comparison = NullComparison(
        compared=weights,
        value=value,
        mean=mean,
        spread=spread,
        percentile=np.where(np.isnan(value) | np.isnan(mean), math.nan, 100 * below),
        distance=_distance(value, mean, spread),
        reason="",
        exponent=spectrum.exponent,
        redraws=len(drawn),
        outside=spectrum.outside,
    )
    return ComparedKernel(comparison, draws_distances(drawn, weights))


@dataclass(frozen=True)
class _Spectrum:
    """A kernel's tail exponent, what lies outside its leading directions, and its eigenvalues; None for what is not known."""

    exponent: float | None = None
    outside: float | None = None
    eigenvalues: np.ndarray | None = None


def _without_draws(part: ComparedPart, value: np.ndarray, reason: str, spectrum: _Spectrum) -> ComparedKernel:
    nothing = np.full(len(STATISTICS), math.nan)
    comparison = NullComparison(
        part.values.size, value, nothing, nothing, nothing, nothing, reason, spectrum.exponent, outside=spectrum.outside
    )
    return ComparedKernel(comparison, np.empty((0, len(STATISTICS))))


def _spectrum(part: ComparedPart) -> _Spectrum:
    matrix = as_matrix(part.kernel, part.values)
    if min(matrix.shape) > MOST_EIGENVALUES:
        return _Spectrum()
    eigenvalues = np.linalg.eigvalsh(gram(matrix).astype(np.float64))
    norms = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))
    # filters that are dead are another matter than directions that are lost
    alive = matrix[norms > _DEAD * norms.max()]
    among = eigenvalues if len(alive) == len(matrix) else np.linalg.eigvalsh(gram(alive).astype(np.float64))
    whole = part.values.size == part.whole
    return _Spectrum(
        hill_exponent(eigenvalues) if whole else None,
        energy_outside(among, LEADING) if len(alive) > 1 else None,
        eigenvalues,
    )


def null_spread(
    draws: np.ndarray, weights: int, *, rounding: float = SINGLE_PRECISION
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of statistics over fresh draws.

    The spread of the share near zero is at least that of a Poisson count one higher, as a handful of draws often has no
    such weight at all. A spread under single precision's rounding counts as none. Weights that are stored more coarsely have
    the spread of their rounding at least, in what measures size.

    Args:
        draws: (..., K, 6) float64, K at least 2.
        weights: number of weights of one draw.
        rounding: largest relative error of a stored weight.

    Returns:
        Two of (..., 6) float64; a standard deviation of 0 where all draws agree.
    """
    mean, spread = draws.mean(axis=-2), draws.std(axis=-2, ddof=1)
    return mean, _least_spread(mean, spread, weights, rounding=rounding)


def _least_spread(mean: np.ndarray, spread: np.ndarray, weights: int, *, rounding: float) -> np.ndarray:
    spread = np.where(spread > _ROUNDING * np.abs(mean), spread, 0.0)
    if rounding > SINGLE_PRECISION:
        spread[..., _OF_SIZE] = np.fmax(spread[..., _OF_SIZE], rounding * np.abs(mean[..., _OF_SIZE]))
    share = NEAR_ZERO_SHARE
    spread[..., share] = np.maximum(spread[..., share], np.sqrt(mean[..., share] * weights + 1) / weights)
    return spread


def null_distance(
    value: np.ndarray, draws: np.ndarray, weights: int, *, rounding: float = SINGLE_PRECISION
) -> np.ndarray:
    """Return how far statistics stand from those of fresh draws, in the draws' standard deviations, (..., 6) float64.

    Infinite where all draws agree on another value; NaN for what the kernel does not have.

    Args:
        value: (..., 6) float64, of the kernel.
        draws: (..., K, 6) float64, of fresh draws.
        weights: number of weights of one draw.
        rounding: largest relative error of a stored weight.
    """
    return _distance(value, *null_spread(draws, weights, rounding=rounding))


def _distance(value: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    difference = value - mean
    difference = np.where(np.abs(difference) > _ROUNDING * np.abs(mean), difference, 0 * difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(difference == 0, 0 * difference, difference / spread))


def draws_distances(draws: np.ndarray, weights: int) -> np.ndarray:
    """Return the distance of every draw from the others, (K, 6) float64: what distances chance alone gives.

    Mean and variance of the others follow from those of all draws: with d a draw's distance from the mean of all K, leaving it
    out moves the mean by d / (K - 1) and lowers the sum of squares by d² K / (K - 1).

    Args:
        draws: (K, 6) float64, K at least 3.
        weights: number of weights of one draw.
    """
    others = len(draws) - 1
    apart = draws - draws.mean(axis=0)
    mean = draws - apart * (1 + 1 / others)
    squares = np.square(apart).sum(axis=0) - np.square(apart) * (1 + 1 / others)
    spread = np.sqrt(np.maximum(squares, 0.0) / (others - 1))
    return _distance(draws, mean, _least_spread(mean, spread, weights, rounding=SINGLE_PRECISION))


def largest_distances(distances: Sequence[np.ndarray], redraws: int) -> np.ndarray:
    """Return the largest distance of any statistic of any kernel in each draw, sorted, (K,) float64.

    Args:
        distances: what `draws_distances` gives for each kernel, (K, 6) float64.
        redraws: number of draws, K.
    """
    largest = np.zeros(redraws)
    for values in distances:
        largest = np.maximum(largest, np.where(np.isfinite(values), np.abs(values), 0.0).max(axis=1))
    return np.sort(largest)


def chance_bound(largest: np.ndarray, *, tested: int, error: float) -> float:
    """Return the distance up to which chance alone explains a statistic: the larger of two bounds on what it gives.

    For the first, each draw is judged by the largest distance of any statistic of any kernel, and a share of `error` of the
    draws exceeds the bound: with 200 draws and 5 %, the ten furthest ones. The trained model takes its place in a row with
    the draws, whatever the distribution of the statistics and however they depend on one another; with fewer than 1 / error
    draws the bound is the largest of all. The second is Student's bound for the mean of K normal values, shared out over all
    statistics (Bonferroni), so that a lucky row of draws makes no strict rule.

    Args:
        largest: what `largest_distances` gives, (K,) float64.
        tested: number of statistics of all kernels of the model.
        error: chance that any of the model's kernels stands beyond although none has learned.

    Source: Westfall and Young, Resampling-Based Multiple Testing (1993), section 2.5 (single-step maxT); prediction
        interval of a further normal observation, t * sqrt(1 + 1 / K).
    """
    redraws = len(largest)
    student = student_quantile(1 - error / (2 * max(tested, 1)), redraws - 1) * math.sqrt(1 + 1 / redraws)
    place = min(math.ceil((1 - error) * (redraws + 1)), redraws)
    return max(student, float(largest[place - 1]))


def law_bound(*, tested: int, error: float) -> float:
    """Return the distance up to which chance alone explains a statistic whose mean and spread are known.

    The normal quantile for the error shared out over all statistics (Bonferroni), widened by the first term of Cornish and
    Fisher's expansion for the skewness of Tracy and Widom's law, 0.29; that of no other statistic is larger.

    Args:
        tested: number of statistics of all kernels of the model.
        error: chance that any of them stands beyond although none has learned.

    Source: Cornish and Fisher, Revue de l'Institut International de Statistique 5 (1938) 307; the skewness from Bornemann,
        Markov Processes and Related Fields 16 (2010) 803, table 2.

    Example:
        >>> round(law_bound(tested=300, error=0.05), 2)
        4.41
    """
    quantile = NormalDist().inv_cdf(1 - error / (2 * max(tested, 1)))
    return quantile + _SKEWNESS / 6 * (quantile**2 - 1)


@redactable
@dataclass(frozen=True)
class NullDraws:
    """What chance alone gives, from K draws of several kernels.

    Attributes:
        largest: the largest distance of any statistic in each draw, sorted, (K,) float64.
        tested: number of statistics of all kernels of the model.
    """

    largest: np.ndarray
    tested: int

    def bound(self, error: float) -> float:
        """Return the distance that these kernels, untrained, exceed with this chance."""
        return chance_bound(self.largest, tested=self.tested, error=error)


@redactable
@dataclass(frozen=True)
class ChanceAlone:
    """What says how far chance alone reaches, at any error that is allowed: draws, and laws where they are known.

    Attributes:
        near: draws of the kernels near their initialiser, one entry for each number of draws.
        first: the first draws of all kernels.
        nearest_far: the largest distance of any statistic of the nearest of the kernels that are far from their initialiser;
            infinite where there is none.
        by_law: number of statistics of all kernels of the model where the law of any kernel's draws is known, 0 otherwise.
    """

    near: tuple[NullDraws, ...]
    first: NullDraws
    nearest_far: float
    by_law: int = 0

    def reach(self, error: float) -> float:
        """Return the distance up to which chance explains every statistic of the model.

        Args:
            error: chance that any kernel stands beyond although none has learned.
        """
        # at an error so small that a kernel taken for far is near after all, its own draws count too
        others = bool(self.near or self.by_law)
        counts_first = not others or self.nearest_far <= _FAR * self.first.bound(error)
        draws = (*self.near, self.first) if counts_first else self.near
        share = error / (len(draws) + bool(self.by_law))
        bounds = [one.bound(share) for one in draws]
        return max([*bounds, law_bound(tested=self.by_law, error=share)] if self.by_law else bounds)


@dataclass(frozen=True)
class ModelComparison:
    """The kernels of a model among their draws.

    Attributes:
        kernels: the comparison of each kernel, in their order.
        alone: what chance alone gives.
    """

    kernels: tuple[NullComparison, ...]
    alone: ChanceAlone


def compare_kernels(kernels: Sequence[LayerKernel], redraws: int, *, seed: int, error: float) -> ModelComparison:
    """Compare all kernels of a model with fresh draws of their initialisers.

    Where the law of the draws is known none is made; other kernels near their initialiser are drawn up to 200 times, where this
    is cheap.

    Args:
        kernels: the kernels of one model.
        redraws: least number of draws of each kernel that is drawn, 3 or more.
        seed: the report's seed.
        error: chance that any kernel stands beyond chance although none has learned; it decides which ones are near.
    """
    first: list[ComparedKernel] = []
    drawn: dict[int, _Compared] = {}  # what can be drawn again; the others' weights are let go
    for place, kernel in enumerate(counted_off(kernels, len(kernels))):
        beside = _Compared(kernel, seed=seed, most=max(redraws, MOST_REDRAWS))
        first.append(beside.with_draws(redraws))
        if len(first[-1].by_chance):
            drawn[place] = beside
    first_draws = _draws(first, redraws, tested=sum(one.tested for one in first))
    reach = _FAR * first_draws.bound(error)
    near = [not one.comparison.by_law and one.furthest <= reach for one in first]
    compared = [
        drawn[place].with_draws(count)
        if again and place in drawn and (count := _redraws(one.comparison, redraws)) > redraws
        else one
        for place, (one, again) in enumerate(zip(first, near, strict=True))
    ]
    by_count: dict[int, list[ComparedKernel]] = {}
    for one in (one for one, again in zip(compared, near, strict=True) if again):
        by_count.setdefault(one.comparison.redraws, []).append(one)
    tested = sum(one.tested for one in compared)
    by_law = any(one.comparison.by_law for one in compared)
    drawn_far = [one.furthest for one, again in zip(first, near, strict=True) if not (again or one.comparison.by_law)]
    alone = ChanceAlone(
        near=tuple(_draws(alike, count, tested=tested) for count, alike in by_count.items()),
        first=first_draws,
        nearest_far=min(drawn_far, default=math.inf),
        by_law=tested if by_law else 0,
    )
    return ModelComparison(tuple(one.comparison for one in compared), alone)


def _redraws(comparison: NullComparison, least: int) -> int:
    return max(least, min(MOST_REDRAWS, _MOST_DRAWN // comparison.compared))


def _draws(compared: Sequence[ComparedKernel], count: int, *, tested: int) -> NullDraws:
    return NullDraws(largest_distances([one.by_chance for one in compared if len(one.by_chance)], count), tested)
