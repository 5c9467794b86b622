"""Where it looks: attribution maps of the predicted class, each with its own tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analyses.attribution.passes import CheckedMaps, Explained, explain
from reportgen.analyses.attribution.results import (
    DELETION,
    RANDOMISED_WEIGHTS,
    AttributionResult,
    MethodMaps,
    SampleAttribution,
)
from reportgen.analyses.attribution.rules import RULES, failed_tests, findings, undecided_tests
from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.errors import ForwardError
from reportgen.measures.attribution_maps import METHODS
from reportgen.measures.deletion import DELETED
from reportgen.measures.tiles import (
    SIGNAL_LENGTH,
    Pictures,
    block_means,
    drawn_samples,
    enlarged,
    pictures_of,
    reduction_for,
    slices_through,
    value_range,
)
from reportgen.messages import say
from reportgen.results import Finding, Inconclusive, Limits, Palette, Panel, PanelGrid
from reportgen.run import EvaluatedSamples
from reportgen.samples import ClassLabels

MOST_SAMPLES = 10
"""Samples that are explained: one of each of ten classes; each costs a pass of 18 masked copies, and up to 320 near the limit."""

_PICTURE_PIXELS = 84 * 84
_SLICES = 3  # of a volume, side by side


class Attribution:
    """Shows and tests attribution maps of the chosen samples."""

    name = "attribution"
    title = say("Where it looks")
    rules = RULES

    def run(self, context: AnalysisContext) -> AttributionResult | Skip:
        """Return the maps; a skip without samples, convolution or class scores."""
        if context.samples is None or context.live is None:
            return Skip(context.no_samples_reason)
        if context.live.no_gradients:
            return Skip(context.live.no_gradients)
        if not context.options.attribution_methods:
            return Skip(say("Attribution is switched off; --attribution hirescam switches it on."))
        samples = context.samples
        if samples.not_repeatable:
            return Skip(samples.not_repeatable)
        images = samples.images[:MOST_SAMPLES]
        if images.ndim not in (3, 4, 5):
            return Skip(say("Attribution maps are made of images, sequences and volumes, and not of numbers."))
        try:
            explained = explain(context, samples, MOST_SAMPLES)
        except ForwardError as error:
            return Skip(say("The gradients could not be computed. Received: {error}", error=str(error)))
        if isinstance(explained, str):
            return Skip(explained)
        laid = [_laid_over(maps.evidence, images) for maps in explained.maps]
        return AttributionResult(
            methods=tuple(
                _method(maps, explained, samples, over, context.limits)
                for maps, over in zip(explained.maps, laid, strict=True)
            ),
            explained=explained.target.rule,
            chosen=len(samples.names),
            kernels=explained.kernels,
            deleted=DELETED,
            reduction=laid[0].pictures.reduction,
            seed=context.options.seed,
            other_inputs=explained.other_inputs,
            effort=explained.effort.name,
            budget=explained.effort.budget,
            cost=explained.effort.cost,
        )

    def findings(self, result: AttributionResult, limits: Limits) -> Iterable[Finding | Inconclusive]:
        """Return the methods whose maps fail a test at these thresholds, and those of whose maps too few were tested."""
        return findings(result, limits)


@dataclass(frozen=True)
class _LaidOver:
    """The positive part of n maps, (n, h, w), what each is laid over, its largest value (n,), and where a volume is cut."""

    maps: np.ndarray
    pictures: Pictures
    largest: np.ndarray
    voxels: tuple[tuple[int, ...], ...]


def _laid_over(maps: np.ndarray, images: np.ndarray) -> _LaidOver:
    """Return maps, none of them negative, and their samples as they are drawn: volumes cut where their map is largest.

    Args:
        maps: (n, h, w) float32, a single row along time, or (n, d, h, w).
        images: the samples as stored.
    """
    largest = maps.max(axis=tuple(range(1, maps.ndim)))
    if images.ndim < 5:
        drawn = drawn_samples(images, pixels=_PICTURE_PIXELS)
        assert drawn is not None
        return _LaidOver(maps, drawn, largest, ())
    size = images.shape[1:-1]
    voxels = np.array([_largest_voxel(one, size) for one in maps])
    cut = slices_through(images.mean(axis=-1, dtype=np.float32), voxels)
    drawn = pictures_of(cut[..., None], pixels=_SLICES * _PICTURE_PIXELS)
    assert drawn is not None
    over = np.concatenate([slices_through(enlarged(one[None], size), voxels[n : n + 1]) for n, one in enumerate(maps)])
    told = tuple(tuple(map(int, voxel)) for voxel in voxels)
    return _LaidOver(block_means(over, drawn.reduction), replace(drawn, value_range=value_range(images)), largest, told)


def _largest_voxel(values: np.ndarray, size: tuple[int, ...]) -> tuple[int, ...]:
    """Return the middle voxel of a volume of this size below the largest value of its map; the volume's own of a blank one."""
    if not np.nan_to_num(values).any():
        return tuple(length // 2 for length in size)
    cells = np.unravel_index(int(np.nan_to_num(values).argmax()), values.shape)
    starts = [
        [-(-(int(cell) + edge) * length // count) for edge in (0, 1)]
        for cell, length, count in zip(cells, size, values.shape, strict=True)
    ]
    return tuple((first + after - 1) // 2 for first, after in starts)


def _method(
    maps: CheckedMaps, explained: Explained, samples: EvaluatedSamples, over: _LaidOver, limits: Limits
) -> MethodMaps:
    shown = tuple(_sample(maps, explained, samples, limits, position, over) for position in range(len(maps.values)))
    labels = tuple(f"{sample.index} {sample.sign}".rstrip() for sample in shown)
    figure = attribution_figure(over.maps, over.pictures, labels, total=len(samples.names), large=bool(over.voxels))
    subject = say("input") if maps.key == "integrated-gradients" else explained.target.features
    size = maps.values.shape[2:] if samples.images.ndim == 3 else maps.values.shape[1:]
    return MethodMaps(maps.key, METHODS[maps.key], subject, size, figure, maps.points, shown)


def _sample(
    maps: CheckedMaps,
    explained: Explained,
    samples: EvaluatedSamples,
    limits: Limits,
    position: int,
    over: _LaidOver,
) -> SampleAttribution:
    largest = float(over.largest[position])
    completeness = None if maps.completeness is None else float(maps.completeness[position])
    similarity, deletion = float(maps.similarity[position]), maps.deletion[position]
    labels = samples.labels
    sample = SampleAttribution(
        index=samples.summary.shown[position],
        label=samples.class_name(int(labels.values[position])) if isinstance(labels, ClassLabels) else None,
        target=samples.class_name(int(explained.classes[position])),
        logit=float(explained.logits[position]),
        largest=largest if largest > 0 else None,
        completeness=completeness,
        similarity=similarity if np.isfinite(similarity) else None,
        deletion=deletion.distance if np.isfinite(deletion.distance) else None,
        failed=(),
        classes=samples.set_names(position),
        orders=deletion.orders,
        as_good=deletion.as_good,
        untested=_untested(maps, position),
        voxel=over.voxels[position] if over.voxels else None,
    )
    return replace(sample, failed=failed_tests(sample, limits), undecided=undecided_tests(sample, limits))


def _untested(maps: CheckedMaps, position: int) -> tuple[str, ...]:
    has_order = bool(maps.evidence[position].any())
    made = {
        RANDOMISED_WEIGHTS: position < maps.randomised,
        DELETION: maps.deletion[position].orders > 0 or not has_order,
    }
    return tuple(test for test, is_made in made.items() if not is_made)


def attribution_figure(
    maps: np.ndarray, pictures: Pictures, labels: tuple[str, ...], *, total: int, large: bool = False
) -> PanelGrid:
    """Return each sample and the map that is laid over it.

    Args:
        maps: (N, H, W) float32 of the first N samples, none of it negative; a single row along time.
        pictures: pictures of at least N samples.
        labels: labels of the N tiles.
        total: number of chosen samples.
        large: whether the pictures are slices of volumes, several side by side.
    """
    if maps.shape[1] == 1:  # a strip, which may be as long as a recording
        maps = block_means(maps, reduction_for(1, 1, maps.shape[2], SIGNAL_LENGTH))
    top = float(maps.max(initial=0, where=np.isfinite(maps))) or 1.0
    return PanelGrid(
        panels=(
            Panel(pictures.values[: len(labels)], pictures.value_range, pictures.palette),
            Panel(maps, (0.0, top), Palette.SEQUENTIAL),
        ),
        labels=labels,
        columns=1,
        total=total,
        large=large,
    )
