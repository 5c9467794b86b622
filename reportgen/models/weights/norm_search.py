"""The largest norm among a convolution's frequencies, searched for with products of matrices alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reportgen.models.weights.kernel_statistics import spectral_norm

_GRID = 12  # frequencies along an axis of the coarse grid, for windows of 3
_ALL = 4 / 3  # an axis with up to so many times that number has all its frequencies looked at
_STEPS, _FEWEST_STEPS = 24, 14
_SETTLED = 2e-5  # of the largest eigenvalue, from one step to the next
_KEPT = {5: (0.72, 75), 9: (0.86, 44), 13: (0.92, 20)}
"""After so many steps: the frequencies whose norm is so near the largest one, and so many of them at the most."""
_STARTS = 8  # frequencies from which the search climbs
_NEAR_THE_BEST = 0.99  # of the largest norm: places that are climbed from and looked at to the end
_STEPS_CLIMBING, _STEPS_AT_LAST = 8, 40
_CONVERGED = 1e-7
_VECTORS = 2  # of each frequency, of so many of its largest eigenvalues


def searched_convolution_norm(values: np.ndarray, size: tuple[int, ...]) -> float:
    """Return what `convolution_norm` does, within a relative error of 1e-4, from a few frequencies.

    A kernel's Fourier transform is a trigonometric polynomial of its window's degree, and so is smooth: the largest singular
    values on a coarse grid (12 x 7 frequencies for 3 x 3 taps) tell where the largest of all are. All by Lanczos' iteration in
    single precision, on all frequencies at once, which needs products of the taps with vectors and no matrix of any frequency.
    From the best places the search climbs: among the vectors known around a place the transform is a small matrix, whose largest
    eigenvalue is known for every frequency and never too large. Where it foresees a better place that is looked at, elsewhere
    the neighbours, until none is better. A window of one place has the same matrix at every frequency.

    Args:
        values: kernel in Keras' axis order, (*window, input_channels, filters) of finite numbers.
        size: the input's size along each axis of the window.

    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 10.1 (Lanczos); Sedghi et al., arXiv 1805.10408; Aliyev,
        Benner, Mengi, Schwerdtner and Voigt, SIAM J. Matrix Anal. Appl. 38 (2017) 1496 (greedy subspaces).
    """
    if math.prod(values.shape[:-2]) == 1:
        return spectral_norm(np.asarray(values, np.float32).reshape(values.shape[-2:]))
    largest = float(np.abs(values).max(initial=0.0))
    if not largest > 0:
        return 0.0
    symbol = Symbol.of(values / values.dtype.type(largest), size)
    grid = _coarse_grid(values.shape[:-2], size)
    start = np.random.default_rng(0).normal(size=(symbol.side, len(grid), 2)).astype(np.float32)
    found = _lanczos(
        symbol, grid, start.view(np.complex64)[:, :, 0], fewest=_FEWEST_STEPS, most=_STEPS, settled=_SETTLED, kept=_KEPT
    )
    best = np.argsort(-found.eigenvalues, kind="stable")[:_STARTS]
    peaks = [
        _Peak(tuple(grid[place].tolist()), float(eigenvalue), vectors[0], list(vectors))
        for place, eigenvalue, vectors in zip(
            found.places[best], found.eigenvalues[best], found.vectors[best], strict=True
        )
    ]
    reach = [-(-length // (2 * _along(window))) for window, length in zip(values.shape, size, strict=False)]
    _climb(symbol, peaks, reach)
    tops = _near_the_best(peaks, peaks)
    vectors = np.stack([peak.vector for peak in tops], axis=1)
    places = np.array([peak.place for peak in tops])
    end = _lanczos(symbol, places, vectors, fewest=_STEPS_CLIMBING, most=_STEPS_AT_LAST, settled=_CONVERGED)
    return largest * math.sqrt(float(end.eigenvalues.max()))


def search_entries(shape: tuple[int, ...], size: tuple[int, ...]) -> int:
    """Return what `searched_convolution_norm` costs: the numbers in the matrices of its coarse grid's frequencies.

    Where all frequencies of an axis are looked at, up to a third more than the grid's, the grid's are counted.

    Args:
        shape: the kernel's shape in Keras' axis order.
        size: the input's size along each axis of the window.
    """
    if math.prod(shape[:-2]) == 1:
        return shape[-2] * shape[-1]
    counts = [min(_along(window), length) for window, length in zip(shape, size, strict=False)]
    return math.prod(counts[:-1]) * (counts[-1] // 2 + 1) * shape[-2] * shape[-1]


@dataclass(frozen=True)
class Symbol:
    """A convolution's matrices at all frequencies, M(w) = sum over taps t of exp(-i w t) K_t, of which none is made.

    Attributes:
        taps: places of the window, (T, axes) int.
        size: the input's size along each axis of the window, (axes,) int.
        rows: the taps' matrices K_t below one another, (T * side, longer side) float32, side being the shorter one.
        side: rows of each.
    """

    taps: np.ndarray
    size: np.ndarray
    rows: np.ndarray
    side: int

    @classmethod
    def of(cls, values: np.ndarray, size: Sequence[int]) -> Symbol:
        """Return that of a kernel in Keras' axis order, on an input of a size."""
        flat = values.reshape(-1, *values.shape[-2:]).astype(np.float32, copy=False)
        wide = flat if flat.shape[1] <= flat.shape[2] else flat.transpose(0, 2, 1)
        taps = np.indices(values.shape[: len(size)]).reshape(len(size), -1).T
        rows = np.ascontiguousarray(wide).reshape(-1, wide.shape[2])
        return cls(taps, np.array(size), rows, wide.shape[1])

    def waves(self, places: np.ndarray) -> np.ndarray:
        """Return exp(-i w t) of places of frequencies on the grid, (F, axes) of int, for each tap: (T, F) complex64."""
        return np.asarray(np.exp(-2j * np.pi * (self.taps @ (places / self.size).T)), np.complex64)

    def image(self, waves: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return M M* v at each of some frequencies, (side, F) complex64, and |M* v|^2, (F,) float32.

        Args:
            waves: what `waves` gives, (T, F).
            vectors: one for each of the frequencies, (side, F) complex64.
        """
        shifted = (waves.conj()[:, None] * vectors).reshape(len(self.rows), -1)
        # real and imaginary parts beside one another: a product of real matrices
        inner = self.rows.T @ shifted.view(np.float32)
        outer = (self.rows @ inner).view(np.complex64).reshape(len(waves), self.side, -1)
        outer *= waves[:, None]
        return outer.sum(axis=0), _squares(inner.view(np.complex64))

    @cached_property
    def _lags(self) -> tuple[np.ndarray, np.ndarray]:
        """The different distances of two taps, (L, axes) int, and which of the pairs have each, (L, T * T) of 0 and 1."""
        apart = (self.taps[:, None] - self.taps).reshape(-1, self.taps.shape[1])
        lags, which = np.unique(apart, axis=0, return_inverse=True)
        return lags, (np.arange(len(lags))[:, None] == which.reshape(-1)).astype(np.float64)

    def small(self, bases: np.ndarray) -> np.ndarray:
        """Return the parts of V* M M* V for each of P bases V, of which `eigenvalues` are known everywhere, (P, L, r, r).

        Args:
            bases: orthonormal columns, (P, side, r) complex64.
        """
        count, side, width = bases.shape
        columns = np.ascontiguousarray(bases.conj().transpose(1, 0, 2)).reshape(side, -1)
        of_taps = self.rows.reshape(len(self.taps), side, -1).transpose(0, 2, 1) @ columns.view(np.float32)
        inner = of_taps.view(np.complex64).reshape(len(self.taps), -1, count, width).transpose(2, 0, 3, 1)
        inner = inner.reshape(count, len(self.taps) * width, -1)
        pairs = (inner @ inner.conj().transpose(0, 2, 1)).reshape(count, len(self.taps), width, len(self.taps), width)
        flat = pairs.transpose(0, 1, 3, 2, 4).reshape(count, len(self.taps) ** 2, width * width)
        return np.asarray(self._lags[1] @ flat).reshape(count, -1, width, width)

    def small_at(self, parts: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return V* M M* V at k places for each of P bases, (P, k, r, r) complex128.

        Args:
            parts: what `small` gives.
            places: (P, k, axes) int.
        """
        waves = np.exp(-2j * np.pi * ((places / self.size) @ self._lags[0].T))
        return np.asarray(waves @ parts.reshape(*parts.shape[:2], -1)).reshape(*places.shape[:2], *parts.shape[2:])


@dataclass(eq=False)
class _Peak:
    """A place that the search has climbed to, its eigenvalue and vector, and the vectors of all places kept on the way."""

    place: tuple[int, ...]
    eigenvalue: float
    vector: np.ndarray
    basis: list[np.ndarray]


@dataclass(frozen=True)
class _Found:
    """What Lanczos' iteration found.

    Attributes:
        places: which of the frequencies stayed, (F,) int.
        eigenvalues: the largest of each, (F,) float64.
        vectors: those of the two largest, (F, 2, side) complex64; one alone after a single step.
    """

    places: np.ndarray
    eigenvalues: np.ndarray
    vectors: np.ndarray


_Place = tuple[_Peak, tuple[int, ...], np.ndarray]  # to be looked at for a peak, beginning with a vector


def _climb(symbol: Symbol, peaks: Sequence[_Peak], reach: Sequence[int]) -> None:
    """Move the peaks to better places until the best of them have no better neighbour.

    Args:
        symbol: the convolution.
        peaks: where to begin; all bases of one length.
        reach: distance of the first places that are foreseen, along each axis.
    """
    tried = {peak.place for peak in peaks}
    ways = _ways(len(symbol.size))
    climbing = list(peaks)
    while climbing:
        ahead = _untried(_foreseen(symbol, climbing, reach), tried)
        _look(symbol, ahead, keep=True)
        went_ahead = {peak for peak, *_ in ahead}
        climbing = _near_the_best(climbing, peaks)
        beside = [
            (peak, tuple(place.tolist()), peak.vector)
            for peak in climbing
            if peak not in went_ahead
            for place in (peak.place + ways) % symbol.size
        ]
        better = _look(symbol, _untried(beside, tried), keep=False)
        climbing = [peak for peak in climbing if peak in went_ahead | better]


def _near_the_best(some: Iterable[_Peak], peaks: Sequence[_Peak]) -> list[_Peak]:
    best = max(peak.eigenvalue for peak in peaks)
    return [peak for peak in some if peak.eigenvalue >= _NEAR_THE_BEST**2 * best]


def _untried(places: Iterable[_Place], tried: set[tuple[int, ...]]) -> list[_Place]:
    """Return those that were not tried before, each once, and note them."""
    new = []
    for one in places:
        if one[1] not in tried:
            tried.add(one[1])
            new.append(one)
    return new


def _look(symbol: Symbol, places: Sequence[_Place], *, keep: bool) -> set[_Peak]:
    """Look at places and return the peaks that moved to a higher one; `keep` also the vectors of places that are no higher."""
    if not places:
        return set()
    vectors = np.stack([vector for *_, vector in places], axis=1)
    found = _lanczos(
        symbol, np.array([place for _, place, _ in places]), vectors, fewest=_STEPS_CLIMBING, most=_STEPS_CLIMBING
    )
    moved = set()
    for (peak, place, _), eigenvalue, (vector, *_) in zip(
        places, found.eigenvalues.tolist(), found.vectors, strict=True
    ):
        if eigenvalue > peak.eigenvalue * (1 + _CONVERGED):
            peak.place, peak.eigenvalue, peak.vector = place, eigenvalue, vector
            moved.add(peak)
        if keep:
            peak.basis.append(vector)
    if not keep:
        for peak in moved:
            peak.basis.append(peak.vector)
    return moved


def _foreseen(symbol: Symbol, peaks: Sequence[_Peak], reach: Sequence[int]) -> Iterable[_Place]:
    """Return the best place around each peak as far as its vectors tell, with the vector that they give for it."""
    bases, _ = np.linalg.qr(np.stack([np.stack(peak.basis, axis=1) for peak in peaks]))
    parts = symbol.small(bases.astype(np.complex64))
    ways = np.concatenate([np.zeros((1, len(reach)), int), _ways(len(reach))])
    places, distance = np.array([peak.place for peak in peaks]), np.array(reach)
    while distance.any():
        around = (places[:, None] + ways * distance) % symbol.size
        largest = np.linalg.eigvalsh(symbol.small_at(parts, around))[..., -1]
        best = largest.argmax(axis=1)
        rises = largest.max(axis=1) > largest[:, 0] * (1 + _CONVERGED)
        places[rises] = around[rises, best[rises]]
        if not rises.any():
            distance //= 2
    _, weights = np.linalg.eigh(symbol.small_at(parts, places[:, None])[:, 0])
    vectors = (bases @ weights[:, :, -1:])[:, :, 0].astype(np.complex64)
    return zip(peaks, map(tuple, places.tolist()), vectors, strict=True)


def _ways(axes: int) -> np.ndarray:
    """Return the steps to all neighbours of a place, (3**axes - 1, axes)."""
    return np.array([way for way in itertools.product((-1, 0, 1), repeat=axes) if any(way)])


def _lanczos(
    symbol: Symbol,
    places: np.ndarray,
    start: np.ndarray,
    *,
    fewest: int,
    most: int,
    settled: float = 0.0,
    kept: Mapping[int, tuple[float, int]] | None = None,
) -> _Found:
    """Return the largest eigenvalues of M M* at places, by Lanczos' iteration on all at once.

    Nothing is made orthogonal again: what is lost with that comes after the largest eigenvalue was found.

    Args:
        symbol: the convolution.
        places: (F, axes) int.
        start: the vector that each begins with, (side, F) complex64.
        fewest, most: steps of the iteration.
        settled: share of the largest eigenvalue of all; it ends when this grows no more in a step.
        kept: after so many steps, the frequencies whose norm is such a share of the largest, and their largest number.

    Source: Paige, Linear Algebra and its Applications 34 (1980) 235: eigenvalues are found more than once then, and not moved.
    """
    stay, waves = np.arange(len(places)), symbol.waves(places)
    vector = start / np.sqrt(_squares(start))
    basis: list[np.ndarray] = [vector]
    diagonal: list[np.ndarray] = []
    beside: list[np.ndarray] = []
    largest = 0.0
    for step in range(1, min(most, symbol.side) + 1):
        image, square = symbol.image(waves, vector)
        diagonal.append(square)
        if step >= fewest or step in (kept or {}):
            found = np.linalg.eigvalsh(_tridiagonal(diagonal, beside))[:, -1]
            before, largest = largest, float(found.max())
            if step >= fewest and largest - before <= settled * largest:
                break
        if step == min(most, symbol.side):
            break
        image -= vector * square
        if step > 1:
            image -= basis[-2] * beside[-1]
        length = np.sqrt(_squares(image))
        vector = image / np.maximum(length, np.finfo(np.float32).tiny)
        basis.append(vector)
        beside.append(length)
        if kept and step in kept:
            share, number = kept[step]
            chosen = np.flatnonzero(found >= max(share**2 * largest, np.sort(found)[-number:][0]))
            waves, vector, *rest = (
                np.take(each, chosen, axis=-1) for each in (waves, vector, *basis, *diagonal, *beside)
            )
            basis, diagonal, beside = rest[: step + 1], rest[step + 1 : 2 * step + 1], rest[2 * step + 1 :]
            stay = stay[chosen]
    eigenvalues, weights = np.linalg.eigh(_tridiagonal(diagonal, beside))
    vectors = np.einsum("smf,fsk->fkm", np.stack(basis), weights[:, :, : -1 - _VECTORS : -1].astype(np.complex64))
    return _Found(stay, eigenvalues[:, -1], vectors)


def _squares(vectors: np.ndarray) -> np.ndarray:
    """Return the squared length of each column, (F,) float32, of (side, F) complex64."""
    return np.asarray((vectors.real**2 + vectors.imag**2).sum(axis=0))


def _tridiagonal(diagonal: Sequence[np.ndarray], beside: Sequence[np.ndarray]) -> np.ndarray:
    """Return matrices (F, s, s) float64 of s numbers on the diagonal and s - 1 on each side of it, each of them (F,)."""
    steps = np.arange(len(diagonal))
    matrices = np.zeros((len(diagonal[0]), len(steps), len(steps)))
    matrices[:, steps, steps] = np.stack(diagonal, axis=1)
    if len(steps) > 1:
        sides = np.stack(beside[: len(steps) - 1], axis=1)
        matrices[:, steps[1:], steps[:-1]] = matrices[:, steps[:-1], steps[1:]] = sides
    return matrices


def _along(window: int) -> int:
    """Return how many frequencies the coarse grid has along an axis of many."""
    return max(_GRID, _GRID // 2 * (window - 1))


def _coarse_grid(window: Sequence[int], size: Sequence[int]) -> np.ndarray:
    """Return places of frequencies on the whole grid, (frequencies, axes) of int; of two conjugate ones, one."""
    axes = []
    for count, length in zip(map(_along, window), size, strict=True):
        axes.append(np.arange(length) if length <= _ALL * count else np.arange(count) * length // count)
    axes[-1] = axes[-1][axes[-1] <= size[-1] // 2]
    return np.array(list(itertools.product(*axes)))
