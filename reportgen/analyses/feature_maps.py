"""Feature maps: what convolutions at several depths make of each chosen sample."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.measures.page_plan import PagePlan
from reportgen.measures.tiles import (
    MAP_PERCENTILE,
    block_means,
    central_slices,
    columns_for,
    drawn_samples,
    percentile_end,
    strongest,
)
from reportgen.messages import say
from reportgen.models.graphs import layer_path
from reportgen.results import Finding, ImageGrid, Limits, Palette
from reportgen.run import EvaluatedSamples

_SIGNED = 0.5  # of the largest value: SiLU and ELU of usual inputs stay above it, what no activation cut falls below
_PICTURE_PIXELS = 42 * 42  # of a sample beside its maps, shown at 168 CSS pixels


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

    @property
    def silent_tiles(self) -> tuple[int, ...]:
        """The places of the silent channels among the tiles."""
        silent = set(map(str, self.silent))
        return tuple(place for place, label in enumerate(self.grid.labels) if label in silent)

    def strengths(self, largest: float) -> tuple[float, ...]:
        """Return the largest value of each map as a share of the layer's, in [0, 1]; that of a strip has no room for a bar."""
        if self.grid.columns == 1 < len(self.grid.labels) or not largest > 0:
            return ()
        return tuple(float(share) for share in np.clip(np.nan_to_num(self.grid.maxima / largest), 0, 1))


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
        value_range: from 0, or the smallest value where that is negative, to the largest.
        end: where the colours of the shared scale end: the 99.5th percentile of the magnitudes that are not zero.
        clipped: number of shown values beyond it, which have the last colour.
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
    end: float
    clipped: int
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
        own_scale: whether each map is seen on a scale of its own at first (--map-scale map).
        pictures: the chosen samples; empty where they are no pictures.
        convolutions: number of convolutions that the model has.
        chosen: whether --layers chose the layers.
        plan: to what maps were cut so that the page keeps within its size; None where nothing was.
    """

    layers: tuple[LayerMaps, ...]
    own_scale: bool
    pictures: tuple[ImageGrid, ...] = ()
    convolutions: int = 0
    chosen: bool = False
    plan: PagePlan | None = None


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
        shown = min(context.plan.tiles, context.options.max_tiles)
        layers = tuple(
            replace(
                _layer_maps(
                    name, maps[: context.plan.samples], samples, context.plan, shown, _is_rectified(name, context)
                ),
                source=samples.activations.sources.get(name),
                activation=context.activations.get(layer_path(name), "linear"),
            )
            for name, maps in kept.items()
        )
        return FeatureMapsResult(
            layers,
            own_scale=context.options.map_scale == "map",
            pictures=_sample_pictures(samples)[: context.plan.samples],
            convolutions=len({kernel.path for kernel in context.kernels if kernel.is_spatial}),
            chosen=bool(context.options.layers),
            plan=context.plan if context.plan.cut else None,
        )

    def findings(self, result: FeatureMapsResult, limits: Limits) -> Iterable[Finding]:
        """Return nothing: the maps are for the reader's eye."""
        del result, limits
        return ()


def _no_maps(context: AnalysisContext) -> str:
    spatial = any(len(layer.output_shape or ()) in (2, 3, 4) for layer in context.layers)
    if not spatial:
        return say("No layer of this model has a spatial output, so there are no feature maps.")
    return say("No layer that was run has a spatial output; --layers NAME chooses one that has.")


def _is_rectified(name: str, context: AnalysisContext) -> bool:
    return layer_path(name) in context.rectifiers


def _layer_maps(
    name: str, maps: np.ndarray, samples: EvaluatedSamples, plan: PagePlan, tiles_shown: int, rectified: bool
) -> LayerMaps:
    layout, pictures = _pictures(maps)
    maxima = maps.max(axis=tuple(range(1, maps.ndim - 1)))
    shown = strongest(maps.mean(axis=tuple(range(maps.ndim - 1)), dtype=np.float64), tiles_shown)
    pictures = pictures[:, list(shown)]
    count, tiles, height, width = pictures.shape
    reduction = 1 if layout == "strip" else max(1, math.ceil(max(height, width) / plan.side))
    small = block_means(pictures.reshape(-1, height, width), reduction).reshape(
        count, tiles, *_reduced(height, width, reduction)
    )
    low, high = _scale(pictures)
    signed = low < -_SIGNED * high
    end = percentile_end(MAP_PERCENTILE, pictures if signed else np.maximum(pictures, 0))
    grid = ImageGrid(
        images=small[0],
        labels=tuple(map(str, shown)),
        value_range=(-end if signed else 0.0, end),
        total=maps.shape[-1],
        palette=Palette.DIVERGING if signed else Palette.SEQUENTIAL,
        columns=1 if layout == "strip" else columns_for(tiles),
        maxima=maxima[0, list(shown)],
        root=True,
    )
    return LayerMaps(
        name=name,
        size=maps.shape[1:-1],
        channels=shown,
        total=maps.shape[-1],
        rectified=rectified,
        reduction=reduction,
        value_range=(low, high),
        end=end,
        clipped=int(np.count_nonzero((np.abs(small) if signed else small) > end)),
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
    low, high = float(maps.min()), float(maps.max())
    if not np.isfinite([low, high]).all():
        finite = maps[np.isfinite(maps)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    low = min(0.0, low)
    return (low, high) if high > low else (low, low + 1.0)


def _sample_pictures(samples: EvaluatedSamples) -> tuple[ImageGrid, ...]:
    """Return each chosen sample as a grid of one tile; none for samples that are no pictures."""
    drawn = drawn_samples(samples.images, pixels=_PICTURE_PIXELS)
    if drawn is None:
        return ()
    return tuple(
        ImageGrid(image[None], ("",), drawn.value_range, 1, drawn.palette, 1, drawn.maxima[i : i + 1])
        for i, image in enumerate(drawn.values)
    )
