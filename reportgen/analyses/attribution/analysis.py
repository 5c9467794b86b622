"""Where it looks: attribution maps of the predicted class, each with its own tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

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
from reportgen.measures.tiles import SIGNAL_LENGTH, Pictures, block_means, drawn_samples, reduction_for
from reportgen.messages import say
from reportgen.results import Finding, Inconclusive, Limits, Palette, Panel, PanelGrid
from reportgen.run import EvaluatedSamples
from reportgen.samples import ClassLabels

MOST_SAMPLES = 10
"""Samples that are explained: one of each of ten classes; each costs a pass of 18 masked copies, and up to 320 near the limit."""

_PICTURE_PIXELS = 84 * 84
_ROUNDING = 1e-6


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
        pictures = drawn_samples(images, pixels=_PICTURE_PIXELS) if images.ndim in (3, 4) else None
        if pictures is None:
            return Skip(
                say("Attribution maps are made of images and sequences, and not of volumes, videos or numbers.")
            )
        try:
            explained = explain(context, samples, MOST_SAMPLES)
        except ForwardError as error:
            return Skip(say("The gradients could not be computed. Received: {error}", error=str(error)))
        if isinstance(explained, str):
            return Skip(explained)
        return AttributionResult(
            methods=tuple(_method(maps, explained, samples, pictures, context.limits) for maps in explained.maps),
            explained=explained.target.rule,
            chosen=len(samples.names),
            kernels=explained.kernels,
            deleted=DELETED,
            reduction=pictures.reduction,
            seed=context.options.seed,
            other_inputs=explained.other_inputs,
            effort=explained.effort.name,
            budget=explained.effort.budget,
            cost=explained.effort.cost,
        )

    def findings(self, result: AttributionResult, limits: Limits) -> Iterable[Finding | Inconclusive]:
        """Return the methods whose maps fail a test at these thresholds, and those of whose maps too few were tested."""
        return findings(result, limits)


def _method(
    maps: CheckedMaps, explained: Explained, samples: EvaluatedSamples, pictures: Pictures, limits: Limits
) -> MethodMaps:
    drawn = _above_rounding(maps.values, explained.logits)
    largest = drawn.max(axis=(1, 2))
    shown = tuple(
        _sample(maps, explained, samples, limits, position, float(largest[position])) for position in range(len(drawn))
    )
    labels = tuple(f"{sample.index} {sample.sign}".rstrip() for sample in shown)
    figure = attribution_figure(drawn, pictures, labels, total=len(samples.names))
    subject = say("input") if maps.key == "integrated-gradients" else explained.target.features
    size = maps.values.shape[1:] if samples.images.ndim == 4 else maps.values.shape[2:]
    return MethodMaps(maps.key, METHODS[maps.key], subject, size, figure, maps.points, shown)


def _sample(
    maps: CheckedMaps, explained: Explained, samples: EvaluatedSamples, limits: Limits, position: int, largest: float
) -> SampleAttribution:
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
    )
    return replace(sample, failed=failed_tests(sample, limits), undecided=undecided_tests(sample, limits))


def _untested(maps: CheckedMaps, position: int) -> tuple[str, ...]:
    made = {RANDOMISED_WEIGHTS: position < maps.randomised, DELETION: maps.deletion[position].orders > 0}
    return tuple(test for test, is_made in made.items() if not is_made)


def attribution_figure(maps: np.ndarray, pictures: Pictures, labels: tuple[str, ...], *, total: int) -> PanelGrid:
    """Return each sample and the map that is laid over it.

    Args:
        maps: (N, H, W) float32 of the first N samples, none of it negative; a single row along time.
        pictures: pictures of at least N samples.
        labels: labels of the N tiles.
        total: number of chosen samples.
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
    )


def _above_rounding(maps: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Return the positive part of maps (N, H, W); of a map whose positive values together are rounding, zeros.

    They are where their sum is at most a millionth of the logit, or of 1 where that is less: a class's score would not
    change by more than the millionth that the deletion test takes for noise.
    """
    positive = np.maximum(maps, 0)
    least = _ROUNDING * np.maximum(1.0, np.abs(logits))
    return np.where((positive.sum(axis=(1, 2), dtype=np.float64) > least)[:, None, None], positive, 0)
