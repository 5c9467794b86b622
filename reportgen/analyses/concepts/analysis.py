"""From pixels to concepts: what a sample excites at several depths, and how well the classes separate there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.concepts.results import (
    ConceptsResult,
    Depth,
    Ending,
    Score,
    StrongestMaps,
    followed_samples,
)
from reportgen.analyses.concepts.rules import RULES, findings
from reportgen.analyses.concepts.separation import separations
from reportgen.errors import ForwardError
from reportgen.measures.tiles import (
    MAP_PERCENTILE,
    block_means,
    central_slices,
    drawn_samples,
    map_reduction,
    percentile_end,
)
from reportgen.messages import say
from reportgen.models.graphs import layer_path
from reportgen.models.passes import Placement, spread_over
from reportgen.results import Finding, ImageGrid, Limits, Palette, Rule
from reportgen.run import ClassScores, EvaluatedSamples, cut_patches
from reportgen.samples import ClassLabels, Targets

CHANNELS = 6
"""Maps of a sample at each depth: the strongest."""
PATCHES = 2
"""Patches of each of their channels."""
MOST_DEPTHS = 6
SCORES = 3

_MAP_AXES = (3, 4, 5)  # of outputs with one to three spatial axes
_MAP_PIXELS = 90_000  # of all maps of the section
_PICTURE_PIXELS = 42 * 42
_FEW = 8  # values of an output that are told


class Concepts:
    """Follows each shown sample through the recorded layers to the output."""

    name = "concepts"
    title = say("From pixels to concepts")
    rules: tuple[Rule, ...] = RULES
    looks_inside = True

    def run(self, context: AnalysisContext) -> ConceptsResult | Skip:
        """Return the way of each shown sample; a skip without samples or without a layer whose output has a spatial axis."""
        samples, live = context.samples, context.live
        if samples is None or live is None:
            return Skip(context.no_samples_reason)
        kept = {name: maps for name, maps in samples.activations.kept.items() if maps.ndim in _MAP_AXES}
        if not kept:
            return Skip(say("No layer that was run has maps, so there is no way to show from pixels to the output."))
        pooled = samples.activations.pooled.parts
        every = tuple(name for name in kept if name in pooled) or tuple(kept)
        names = tuple(every[place] for place in spread_over(len(every), MOST_DEPTHS).tolist())
        placed = _placements(context, samples)
        followed = followed_samples(len(names))
        depths = tuple(_depth(name, kept[name][:followed], placed.get(name), context, len(names)) for name in names)
        return ConceptsResult(
            depths, _endings(context, samples)[:followed], separations(context, samples), samples.summary.shape[:-1]
        )

    def findings(self, result: ConceptsResult, limits: Limits) -> Iterable[Finding]:
        """Return that training has not helped, and the first depth that loses what tells classes apart or that gains nothing."""
        return findings(result, limits)


def _placements(context: AnalysisContext, samples: EvaluatedSamples) -> Mapping[str, Placement]:
    """Return where the layers' values look; none for samples that are no pictures and where it cannot be followed."""
    if samples.images.ndim not in (4, 5):
        return {}
    try:
        return context.placements
    except ForwardError:
        return {}


def _depth(
    name: str,
    maps: np.ndarray,
    placed: Placement | None,
    context: AnalysisContext,
    depths: int,
) -> Depth:
    samples = context.samples
    path = layer_path(name)
    rectified = path in context.rectifiers
    pictures = np.moveaxis(maps, -1, 1)
    largest = np.nan_to_num(np.abs(maps) if _is_signed(maps) else maps, nan=-np.inf).max(
        axis=tuple(range(1, maps.ndim - 1))
    )
    if maps.ndim == 3:
        pictures = pictures[:, :, None, :]
    elif maps.ndim == 5:
        slices = central_slices(pictures.reshape(-1, *pictures.shape[2:]))
        pictures = slices.reshape(*pictures.shape[:2], *slices.shape[1:])
    shown = [_strongest(row) for row in largest]
    count = sum(map(len, shown)) or 1
    factor = map_reduction(count, pictures.shape[2], pictures.shape[3], _MAP_PIXELS // depths)
    palette = Palette.DIVERGING if _is_signed(maps) else Palette.SEQUENTIAL
    # of a separate activation, where the convolution before it answers most
    traced = name if samples is None else samples.activations.sources.get(name, name)
    top = samples.activations.top.get(traced) if samples is not None else None
    found = []
    for channels, own, values in zip(shown, pictures, largest, strict=True):
        small = block_means(own[list(channels)], factor)
        end = percentile_end(MAP_PERCENTILE, small)
        patches = None
        if top is not None and placed is not None and samples is not None and len(top.size) == len(placed.size):
            patches = _patches(
                samples, traced, placed, channels, context.plan.patch_pixels // (2 * depths * len(shown))
            )
        grid = ImageGrid(
            images=small,
            labels=tuple(map(str, channels)),
            value_range=(-end if palette is Palette.DIVERGING else 0.0, end),
            total=maps.shape[-1],
            palette=palette,
            columns=1 if small.shape[1] == 1 else len(channels),  # signals along one axis of time
            maxima=values[list(channels)],
            root=True,
        )
        found.append(StrongestMaps(channels, grid, patches))
    field = next((layer.receptive_field for layer in context.layers if layer.path == path), None)
    return Depth(
        name=name,
        activation=context.activations.get(path, "linear"),
        field=field,
        channels=maps.shape[-1],
        active=float((largest > 0).mean()) if rectified else None,
        samples=tuple(found),
        per_channel=PATCHES,
    )


def _is_signed(maps: np.ndarray) -> bool:
    finite = maps[np.isfinite(maps)]
    return bool(finite.size) and float(finite.min()) < -0.5 * float(finite.max())


def _strongest(values: np.ndarray) -> tuple[int, ...]:
    """Return the channels with the largest values, falling; ties go to the lower index."""
    return tuple(int(channel) for channel in np.argsort(-values, kind="stable")[:CHANNELS])


def _patches(
    samples: EvaluatedSamples,
    name: str,
    placed: Placement,
    channels: tuple[int, ...],
    pixels: int,
) -> ImageGrid:
    """Return the patches that excite these channels most, as a grid of one row."""
    patches, palette, value_range = cut_patches(
        samples.activations.top[name], placed, channels, samples, pixels=pixels, most=PATCHES
    )
    flat = patches.reshape(-1, *patches.shape[2:])
    none = np.full(len(flat), np.nan)
    return ImageGrid(flat, tuple(map(str, range(len(flat)))), value_range, len(flat), palette, len(flat), none)


def _endings(context: AnalysisContext, samples: EvaluatedSamples) -> tuple[Ending, ...]:
    outputs = samples.activations.outputs
    scores = context.scores
    drawn = drawn_samples(samples.images, pixels=_PICTURE_PIXELS)
    endings = []
    for position in range(len(samples.names)):
        picture = None
        if drawn is not None:
            one = slice(position, position + 1)
            picture = ImageGrid(drawn.values[one], ("",), drawn.value_range, 1, drawn.palette, 1, drawn.maxima[one])
        values = outputs[position].ravel()
        told = scores is None and values.size <= _FEW
        target = samples.labels.values[position] if isinstance(samples.labels, Targets) else None
        endings.append(
            Ending(
                index=samples.summary.shown[position],
                label=samples.label_name(position),
                picture=picture,
                scores=() if scores is None else _scores(scores, samples, position),
                values=tuple(map(float, values)) if told else None,
                target=tuple(map(float, np.ravel(target))) if target is not None and np.size(target) <= _FEW else None,
            )
        )
    return tuple(endings)


def _scores(scores: ClassScores, samples: EvaluatedSamples, position: int) -> tuple[Score, ...]:
    own = scores.values[position]
    label = int(samples.labels.values[position]) if isinstance(samples.labels, ClassLabels) else -1
    best = np.argsort(-np.nan_to_num(own, nan=-np.inf), kind="stable")[:SCORES]
    return tuple(Score(samples.class_name(int(one)), float(own[one]), int(one) == label) for one in best)
