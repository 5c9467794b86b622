"""Filters: the kernels of the convolutions as pictures, trained beside untrained, and filters that add nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from reportgen.analyses.base import NO_WEIGHTS, AnalysisContext, Skip
from reportgen.analyses.filter_grids.results import (
    LEAST_COSINE,
    LEAST_WEIGHTS,
    FilterGrid,
    FilterGridsResult,
    FilterStrength,
)
from reportgen.analyses.filter_grids.rules import RULES, decided, findings
from reportgen.measures.distributions import histogram_of
from reportgen.measures.page_plan import MOST_INPUTS
from reportgen.measures.tiles import KERNEL_PERCENTILE, central_slices, percentile_end, strongest
from reportgen.messages import say
from reportgen.models.weights import LayerKernel, draw_initial, initial_deviation
from reportgen.options import ReportOptions
from reportgen.results import Finding, Histogram, ImageGrid, Limits, Palette

_NEXT_TO_ZERO = 1e-8  # norm of a filter that no later layer can bring back
_OF_FRESH = 1e-5  # of the norm of a fresh draw's filter
_LEAST_VARIANCE = 1e-3  # of the median over a normalisation's channels: what is under its epsilon is taken for that
_IN_A_ROW = 8  # tiles, which leave room for a second grid and a histogram beside them
_VOLUMES_IN_A_ROW = 4  # of three slices each, so that single weights can be seen
_MOST_ROWS = 32  # of a one-dimensional kernel's channels
_FRESH_BINS = 10  # as matplotlib's histogram has: with six times as many a flat distribution looks ragged


class FilterGrids:
    """Shows the filters of the chosen convolutions and checks those of all."""

    name = "filter_grids"
    title = say("Filters")
    rules = RULES

    def run(self, context: AnalysisContext) -> FilterGridsResult | Skip:
        """Return the grids; a skip when the model has no convolution."""
        kernels = [kernel for kernel in context.kernels if kernel.is_spatial]
        if not kernels:
            if not context.has_weights:
                return Skip(NO_WEIGHTS)
            if not context.listed:
                return Skip(say("No array in this weights file is known to be a convolution kernel."))
            return Skip(say("The model has no convolution, so there are no filters to show."))
        options = context.options
        shown = min(options.max_tiles, context.plan.tiles)
        grids = tuple(
            _grid(kernel, options, shown) for path in context.shown for kernel in kernels if kernel.path == path
        )
        strengths = tuple(_strength(kernel, context) for kernel in kernels)
        return decided(FilterGridsResult(grids, strengths, options.seed), context.limits)

    def findings(self, result: FilterGridsResult, limits: Limits) -> Iterable[Finding]:
        """Return layers with weak or near-duplicate filters."""
        return findings(result, limits)


def _grid(kernel: LayerKernel, options: ReportOptions, tiles_shown: int) -> FilterGrid:
    trained = kernel.by_filter(kernel.values())
    drawn = draw_initial(kernel, seed=options.seed)
    untrained = None if drawn is None else kernel.by_filter(drawn)
    norms = filter_norms(trained)
    shown = strongest(norms, tiles_shown)
    layout, tiles, channels = filter_tiles(trained[list(shown)])
    untrained_tiles = None if untrained is None else filter_tiles(untrained[list(shown)])[1]
    # in colour all three channels are seen, so that all must fit the scale
    seen = [values[list(shown)] for values in (trained, untrained) if values is not None]
    if not is_rgb(kernel, trained):
        seen = [values for values in (tiles, untrained_tiles) if values is not None]
    limit = options.kernel_range or percentile_end(KERNEL_PERCENTILE, *seen)
    if layout == "time":
        tiles = _tall(tiles)
        untrained_tiles = None if untrained_tiles is None else _tall(untrained_tiles)
    grid = ImageGrid(
        images=tiles,
        labels=tuple(map(str, shown)),
        value_range=(-limit, limit),
        total=len(trained),
        palette=Palette.DIVERGING,
        columns={"strip": 1, "slices": min(len(shown), _VOLUMES_IN_A_ROW)}.get(layout, min(len(shown), _IN_A_ROW)),
        maxima=largest_values(tiles),
        of_weights=True,
    )
    return FilterGrid(
        label=kernel.label,
        window=trained.shape[1:-1],
        input_channels=trained.shape[-1],
        trained=grid,
        untrained=None if untrained_tiles is None else _with_images(grid, untrained_tiles),
        colour=_colour(kernel, trained, untrained, grid),
        shown_channels=channels,
        norms=norms[list(shown)],
        clipped=sum(int(np.count_nonzero(np.abs(values) > limit)) for values in seen),
        layout=layout,
        histogram=_histogram(trained, drawn, options.bins),
        fresh=None if drawn is None else histogram_of({say("untrained"): drawn.ravel()}, _FRESH_BINS),
    )


def _histogram(trained: np.ndarray, untrained: np.ndarray | None, bins: int) -> Histogram:
    both: dict[str, np.ndarray] = {say("trained"): trained[np.isfinite(trained)]}
    if untrained is not None:
        both[say("untrained")] = untrained.ravel()
    return histogram_of(both, bins)


def filter_tiles(filters: np.ndarray) -> tuple[str, np.ndarray, tuple[int, ...] | None]:
    """Return the layout, the pictures (N, H, W) and the input channel of each, None where all are shown.

    Args:
        filters: (N, *window, input_channels).
    """
    channels = filters.shape[-1]
    if max(filters.shape[1:-1]) == 1:
        rows = filters.reshape(len(filters), 1, channels)
        if channels > MOST_INPUTS:
            strongest_inputs = np.sqrt(np.square(rows.astype(np.float64)).sum(axis=(0, 1)))
            rows = rows[..., list(strongest(np.nan_to_num(strongest_inputs, nan=np.inf), MOST_INPUTS))]
        return "strip", rows, None
    if filters.ndim == 3 and channels <= _MOST_ROWS:
        return "time", np.moveaxis(filters, -1, 1), None
    strengths = np.sqrt(np.square(filters.astype(np.float64)).sum(axis=tuple(range(1, filters.ndim - 1))))
    chosen = np.nan_to_num(strengths, nan=np.inf).argmax(axis=1)
    planes = filters[np.arange(len(filters)), ..., chosen]
    indices = tuple(int(channel) for channel in chosen)
    if planes.ndim == 2:
        return "time", planes[:, None, :], indices
    return ("slices", central_slices(planes), indices) if planes.ndim == 4 else ("window", planes, indices)


def _tall(rows: np.ndarray) -> np.ndarray:
    """Return kernels along time, (N, channels, length), with rows that are repeated until few of them can be seen."""
    return rows.repeat(max(1, rows.shape[2] // (2 * rows.shape[1])), axis=1)


def largest_values(images: np.ndarray) -> np.ndarray:
    """Return the largest value of each picture, (N,), of pictures (N, ...); NaN counts for nothing."""
    return np.asarray(np.fmax.reduce(images.reshape(len(images), -1), axis=1))


def is_rgb(kernel: LayerKernel, filters: np.ndarray) -> bool:
    """Return whether a convolution's filters, (N, *window, input_channels), read three channels in two dimensions."""
    window, channels = filters.shape[1:-1], filters.shape[-1]
    return kernel.kind == "convolution" and len(window) == 2 and max(window) > 1 and channels == 3


def _with_images(grid: ImageGrid, images: np.ndarray) -> ImageGrid:
    return replace(grid, images=images, maxima=largest_values(images))


def _colour(
    kernel: LayerKernel, trained: np.ndarray, untrained: np.ndarray | None, grid: ImageGrid
) -> tuple[ImageGrid, ImageGrid | None] | None:
    """Return the kernels on RGB as colours, grey for zero; None for other kernels."""
    if not is_rgb(kernel, trained):
        return None
    shown = [int(label) for label in grid.labels]
    coloured = replace(_with_images(grid, trained[shown]), palette=Palette.COLOUR)
    return coloured, None if untrained is None else _with_images(coloured, untrained[shown])


def filter_norms(filters: np.ndarray) -> np.ndarray:
    """Return the L2 norm of each filter, (N,) float64, of filters (N, ...)."""
    return np.asarray(np.linalg.norm(filters.reshape(len(filters), -1).astype(np.float64), axis=1))


def _scales(kernel: LayerKernel, context: AnalysisContext) -> tuple[np.ndarray | None, str]:
    """Return by how much the batch normalisation behind a kernel scales each filter, and its path; None and '' without one."""
    behind = context.normalised.get(kernel.path)
    for layer in context.normalizations:
        if layer.path == behind and kernel.kind != "depthwise":
            gamma = np.ones_like(layer.variance) if layer.gamma is None else np.abs(layer.gamma)
            variance = np.maximum(layer.variance, 0)
            # a channel that was constant would be scaled by the epsilon alone, and make all others look weak
            usual = _LEAST_VARIANCE * np.median(variance)
            variance = np.where(variance < layer.epsilon, np.maximum(variance, usual), variance)
            return gamma / np.sqrt(variance + layer.epsilon), layer.path
    return None, ""


def _floor(kernel: LayerKernel, weights: int) -> float:
    """Return the norm up to which a filter is dead: a hundred-thousandth of a fresh draw's, and at least 1e-8."""
    deviation = initial_deviation(kernel)
    return max(_NEXT_TO_ZERO, 0.0 if deviation is None else _OF_FRESH * deviation * math.sqrt(weights))


def _strength(kernel: LayerKernel, context: AnalysisContext) -> FilterStrength:
    """Return the strength of a kernel's filters, of which none is called weak or a duplicate yet."""
    scales, behind = _scales(kernel, context)
    filters = kernel.by_filter(kernel.values())
    norms = filter_norms(filters)
    folded = scales is not None and len(scales) == len(norms)
    if scales is not None and folded:
        norms = norms * scales
    weights = int(np.prod(filters.shape[1:]))
    compared = kernel.kind != "depthwise" and kernel.groups == 1 and weights >= LEAST_WEIGHTS
    return FilterStrength(
        label=kernel.label,
        filters=len(filters),
        weights=weights,
        median_norm=float(np.median(norms)),
        smallest_norm=float(norms.min()),
        weak=(),
        compared=compared,
        duplicates=(),
        norms=norms,
        pairs=similar_pairs(filters if compared else filters[:0]),
        # a normalisation takes the scale of all filters away, so that a fresh draw's says nothing
        floor=_NEXT_TO_ZERO if kernel.path in context.normalised else _floor(kernel, weights),
        folded=behind if folded else "",
    )


def similar_pairs(filters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return first and second index and cosine of each pair of filters with a cosine over `LEAST_COSINE`, three of (M,).

    Args:
        filters: (N, ...) float32; filters of norm zero or with non-finite weights are in no pair.
    """
    flat = filters.reshape(len(filters), math.prod(filters.shape[1:]))
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    usable = np.isfinite(norms) & (norms > 0)
    unit = np.where(usable, flat / np.where(usable, norms, 1), 0)
    cosines = unit @ unit.T
    first, second = np.nonzero(cosines > LEAST_COSINE)
    above = first < second
    first, second = first[above], second[above]
    return first, second, cosines[first, second]
