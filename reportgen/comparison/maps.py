"""Feature maps of the same samples in both models, and their difference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from reportgen.analyses.base import Skip
from reportgen.comparison.sides import ANSWERS_ALONE, Side
from reportgen.comparison.weights import WeightPair
from reportgen.measures.matching import cosine
from reportgen.measures.tiles import MAP_PERCENTILE, block_means, drawn_samples, percentile_end
from reportgen.messages import say
from reportgen.models.graphs import layer_path
from reportgen.results import Becomes, ImageGrid, Kept, Palette, Panel, PanelGrid, redactable

MOST_SAMPLES, MOST_CHANNELS = 4, 8
_SIDE = 48  # pixels of a map at the most
_PICTURE_PIXELS = 56 * 56


@redactable
@dataclass(frozen=True)
class ChangedMaps:
    """The maps of a layer in both models.

    Attributes:
        name: the layer's call.
        size: height and width of a map.
        distance: norm of the difference of all maps, as a share of the root mean square norm of both, in [0, 2].
        cosine: cosine between all maps of the shown samples as vectors, in [-1, 1].
        channels: those that are drawn, whose maps changed most; their numbers in the base.
        total: number of channels.
        panels: for each shown sample the map of the base, that of the new model and their difference, of these channels.
    """

    name: Kept[str]
    size: tuple[int, ...]
    distance: float
    cosine: float
    channels: tuple[int, ...]
    total: int
    panels: Annotated[tuple[PanelGrid, ...], Becomes(())]


@redactable
@dataclass(frozen=True)
class MapChangesResult:
    """Feature maps of both models.

    Attributes:
        layers: the layers that both models have, whose maps have the same size.
        samples: numbers of the samples whose maps are drawn.
        names: what they are called.
        pictures: the samples; empty where they are no images.
        left_out: names of the shown layers that are not compared, as the base has none of their size.
    """

    layers: tuple[ChangedMaps, ...]
    samples: Annotated[tuple[int, ...], Becomes(())]
    names: Annotated[tuple[str, ...], Becomes(())]
    pictures: Annotated[tuple[ImageGrid, ...], Becomes(())]
    left_out: Kept[tuple[str, ...]]


def map_changes(base: Side, new: Side, pair: WeightPair) -> MapChangesResult | Skip:
    """Return the maps of the shown layers; a skip where the models were not both run, or share no layer with maps.

    Args:
        base, new: the models, whose samples are the same.
        pair: their weights, with the order of the channels.
    """
    if base.deployed or new.deployed:
        return Skip(ANSWERS_ALONE)
    for side in (new, base):
        if side.samples is None or side.context.outputs_only:
            return Skip(side.context.no_samples_reason)
    assert base.samples is not None
    assert new.samples is not None
    maps = {name: values for name, values in new.samples.activations.kept.items() if values.ndim == 4}
    kept = base.samples.activations.kept
    first = {name: kept[own] for name in maps if (own := _own_name(name, pair)) in kept}
    alike = [name for name in maps if name in first and first[name].shape == maps[name].shape]
    if not alike:
        return Skip(say("The two models have no shown layer of the same name whose maps have the same size."))
    count = min(MOST_SAMPLES, len(maps[alike[0]]))
    layers = tuple(
        _changed(name, first[name], pair.orders.of_channels(layer_path(name), maps[name]), count) for name in alike
    )
    drawn = drawn_samples(new.samples.images[:count], pixels=_PICTURE_PIXELS)
    return MapChangesResult(
        layers=layers,
        samples=new.samples.summary.shown[:count],
        names=tuple(_name(new, position) for position in range(count)),
        pictures=()
        if drawn is None
        else tuple(
            ImageGrid(values[None], ("",), drawn.value_range, 1, drawn.palette, 1, drawn.maxima[i : i + 1])
            for i, values in enumerate(drawn.values)
        ),
        left_out=tuple(name for name in maps if name not in alike),
    )


def _own_name(name: str, pair: WeightPair) -> str:
    """Return what the base calls a call of the new model."""
    path = layer_path(name)
    return pair.path(path) + name.removeprefix(path)


def _name(side: Side, position: int) -> str:
    assert side.samples is not None
    index, label = side.samples.summary.shown[position], side.samples.label_name(position)
    if label is None:
        return say("Sample {index:d}", index=index)
    return say("{index:d}, {label}", index=index, label=label)


def _changed(name: str, base: np.ndarray, new: np.ndarray, count: int) -> ChangedMaps:
    base, new = np.nan_to_num(base), np.nan_to_num(new)
    apart = new - base
    norms = [float(np.linalg.norm(each.astype(np.float64))) for each in (base, new, apart)]
    scale = math.sqrt((norms[0] ** 2 + norms[1] ** 2) / 2)
    changes = np.square(apart.astype(np.float64)).sum(axis=(0, 1, 2))
    channels = np.argsort(-changes, kind="stable")[:MOST_CHANNELS]
    factor = max(1, math.ceil(max(base.shape[1:3]) / _SIDE))
    tiles = [
        np.stack([block_means(np.moveaxis(maps[..., channels], -1, 0), factor) for maps in each[:count]])
        for each in (base, new, apart)
    ]
    end = percentile_end(MAP_PERCENTILE, *tiles)
    panels = tuple(
        PanelGrid(
            panels=tuple(Panel(each[i], (-end, end), Palette.DIVERGING) for each in tiles),
            labels=tuple(map(str, channels.tolist())),
            columns=min(len(channels), 4),
            total=base.shape[-1],
        )
        for i in range(count)
    )
    return ChangedMaps(
        name=name,
        size=base.shape[1:3],
        distance=norms[2] / scale if scale else 0.0,
        cosine=cosine(base, new) if norms[0] or norms[1] else 1.0,
        channels=tuple(channels.tolist()),
        total=base.shape[-1],
        panels=panels,
    )
