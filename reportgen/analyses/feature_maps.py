"""Feature maps: what the first two convolutions make of each chosen sample."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.measures.tiles import block_means, central_slices, columns_for, reduction_for, strongest
from reportgen.messages import say
from reportgen.models.graphs import layer_path
from reportgen.options import ReportOptions
from reportgen.results import Finding, ImageGrid, Limits, Palette
from reportgen.run import EvaluatedSamples

_SIGNED = 0.5  # of the largest value: SiLU and ELU of usual inputs stay above it, what no activation cut falls below
_PIXELS = 560_000  # of all maps together, which keeps the page near a megabyte at the most


@dataclass(frozen=True)
class SampleMaps:
    """The maps of one layer for one sample.

    Attributes:
        name: the sample's name.
        index: the sample's number in the source.
        label: name of its class, or None without labels.
        grid: its maps.
        silent: shown channels of a rectified layer without a positive value in this sample.
    """

    name: str
    index: int
    label: str | None
    grid: ImageGrid
    silent: tuple[int, ...]

    @property
    def maxima(self) -> tuple[float | None, ...]:
        """The largest value of each map; None for a silent channel's."""
        silent = set(map(str, self.silent))
        pairs = zip(self.grid.labels, self.grid.maxima.tolist(), strict=True)
        return tuple(None if label in silent else value for label, value in pairs)


@dataclass(frozen=True)
class LayerMaps:
    """The maps of one layer for all chosen samples.

    Attributes:
        name: name of the call whose output is shown.
        source: call of the convolution before it, where the activation is a layer of its own, else None.
        activation: the activation that the maps went through, as Keras names it; 'linear' for none.
        signed: whether values under zero matter, so that the scale has zero in the middle.
        size: size of a map, height and width, or one or three sizes.
        channels: indices of those shown: all, or those with the highest mean over all chosen samples.
        total: number of channels.
        rectified: whether the layer ends in a rectifier, so that a silent channel can be told.
        reduction: factor by which the pictures are smaller than the maps.
        value_range: ends of the shared scale: from 0, or the smallest value where that is negative, to the largest.
        samples: the chosen samples, in the order of the selection.
        layout: 'map', 'strip' for one-dimensional maps, or 'slices' for three-dimensional ones.
    """

    name: str
    size: tuple[int, ...]
    channels: tuple[int, ...]
    total: int
    rectified: bool
    reduction: int
    value_range: tuple[float, float]
    samples: tuple[SampleMaps, ...]
    layout: str
    source: str | None = None
    activation: str = "linear"
    signed: bool = False


@dataclass(frozen=True)
class FeatureMapsResult:
    """Maps of the chosen layers.

    Attributes:
        layers: whose maps are shown.
        own_scale: whether each map has a scale of its own (--map-scale map).
    """

    layers: tuple[LayerMaps, ...]
    own_scale: bool


class FeatureMaps:
    """Shows the recorded outputs of the chosen layers."""

    name = "feature_maps"
    title = say("Feature maps")
    rules = ()
    looks_inside = True

    def run(self, context: AnalysisContext) -> FeatureMapsResult | Skip:
        """Return the maps; a skip without samples or without a layer whose output has a spatial axis."""
        if context.samples is None:
            return Skip(context.no_samples_reason)
        samples = context.samples
        kept = {name: maps for name, maps in samples.activations.kept.items() if maps.ndim in (3, 4, 5)}
        if not kept:
            return Skip(_no_maps(context))
        layers = tuple(
            replace(
                _layer_maps(name, maps, samples, context.options, _PIXELS // len(kept), _is_rectified(name, context)),
                source=samples.activations.sources.get(name),
                activation=context.activations.get(layer_path(name), "linear"),
            )
            for name, maps in kept.items()
        )
        return FeatureMapsResult(layers, context.options.map_scale == "map")

    def findings(self, result: FeatureMapsResult, limits: Limits) -> Iterable[Finding]:
        """Return nothing: the maps are for the reader's eye."""
        del result, limits
        return ()


def _no_maps(context: AnalysisContext) -> str:
    spatial = any(len(layer.output_shape or ()) in (2, 3, 4) for layer in context.layers)
    if not spatial:
        return say("No layer of this model has an output with a spatial axis, so there are no feature maps.")
    return say("No layer that was run has feature maps; --layers NAME chooses one whose output has a spatial axis.")


def _is_rectified(name: str, context: AnalysisContext) -> bool:
    return layer_path(name) in context.rectifiers


def _layer_maps(
    name: str, maps: np.ndarray, samples: EvaluatedSamples, options: ReportOptions, pixels: int, rectified: bool
) -> LayerMaps:
    layout, pictures = _pictures(maps)
    maxima = maps.max(axis=tuple(range(1, maps.ndim - 1)))
    shown = strongest(maps.mean(axis=tuple(range(maps.ndim - 1)), dtype=np.float64), options.max_tiles)
    pictures = pictures[:, list(shown)]
    count, tiles, height, width = pictures.shape
    reduction = reduction_for(count * tiles, height, width, pixels)
    small = block_means(pictures.reshape(-1, height, width), reduction).reshape(
        count, tiles, *_reduced(height, width, reduction)
    )
    low, high = _scale(pictures)
    signed = options.map_scale != "map" and low < -_SIGNED * high
    if signed:
        high = max(-low, high)
        low = -high
    if options.map_scale == "map":
        small, low, high = _each_by_itself(small), 0.0, 1.0
    grid = ImageGrid(
        images=small[0],
        labels=tuple(map(str, shown)),
        value_range=(low, high),
        total=maps.shape[-1],
        palette=Palette.DIVERGING if signed else Palette.SEQUENTIAL,
        columns=1 if layout == "strip" else columns_for(tiles),
        maxima=maxima[0, list(shown)],
    )
    return LayerMaps(
        name=name,
        size=maps.shape[1:-1],
        channels=shown,
        total=maps.shape[-1],
        rectified=rectified,
        reduction=reduction,
        value_range=_scale(pictures),
        samples=tuple(
            SampleMaps(
                name=samples.names[i],
                index=samples.summary.shown[i],
                label=samples.label_name(i),
                grid=replace(grid, images=small[i], maxima=maxima[i, list(shown)]),
                silent=tuple(channel for channel in shown if rectified and maxima[i, channel] <= 0),
            )
            for i in range(count)
        ),
        layout=layout,
        signed=signed,
    )


def _pictures(maps: np.ndarray) -> tuple[str, np.ndarray]:
    """Return the layout and the pictures (n, channels, H, W) of maps (n, *size, channels)."""
    first = np.moveaxis(maps, -1, 1)
    if first.ndim == 3:
        return "strip", first[:, :, None, :]
    if first.ndim == 5:
        slices = central_slices(first.reshape(-1, *first.shape[2:]))
        return "slices", slices.reshape(*first.shape[:2], *slices.shape[1:])
    return "map", first


def _reduced(height: int, width: int, factor: int) -> tuple[int, int]:
    return -(-height // factor), -(-width // factor)


def _scale(maps: np.ndarray) -> tuple[float, float]:
    """Return the range of a shared scale: from zero, or the smallest value where it is negative, to the largest."""
    finite = maps[np.isfinite(maps)]
    low, high = (min(0.0, float(finite.min())), float(finite.max())) if finite.size else (0.0, 1.0)
    return (low, high) if high > low else (low, low + 1.0)


def _each_by_itself(maps: np.ndarray) -> np.ndarray:
    low, high = (bound.reduce(maps, axis=(2, 3), keepdims=True) for bound in (np.fmin, np.fmax))  # as if without NaN
    return np.asarray((maps - low) / np.where(high > low, high - low, 1))
