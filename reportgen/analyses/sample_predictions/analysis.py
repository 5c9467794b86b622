"""Samples: the chosen images, what the model says about each, and whether it is right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.sample_predictions.results import ClassProbability, SamplePredictionsResult, ShownSample
from reportgen.analyses.sample_predictions.rules import (
    RULES,
    findings,
    not_run,
    spreads_of,
    variation_of,
    without_numbers,
)
from reportgen.measures.picture_outputs import PictureOutputs, are_pictures, of_each_picture, picture_outputs
from reportgen.measures.segmentation import masks_of
from reportgen.measures.tiles import drawn_samples
from reportgen.messages import say
from reportgen.models.graphs import Head
from reportgen.results import Finding, ImageGrid, Limits
from reportgen.run import ClassScores, EvaluatedSamples, right_answers
from reportgen.samples import LabelSets, PictureTargets, Targets, targets_of

TOP = 5
"""How many classes are listed for each sample."""

_TIE = 0.999
"""Share of the highest score from which another one is tied with it: a twentieth of a point at 50%. Our choice."""

_PICTURE_PIXELS = 128 * 128


class SamplePredictions:
    """Shows the chosen samples with the model's predictions."""

    name = "sample_predictions"
    title = say("Samples")
    rules = RULES

    def run(self, context: AnalysisContext) -> SamplePredictionsResult | Skip:
        """Return the predictions; a skip without samples."""
        if context.samples is None:
            return Skip(context.no_samples_reason, not_run(context.not_run, context.limits))
        samples = context.samples
        outputs = samples.activations.outputs
        numbers = isinstance(samples.labels, Targets)
        scores = None if numbers else context.scores
        count = len(samples.names)
        pictures, reduction = _pictures(samples)
        known = None if samples.classes is None else samples.classes.take(slice(count))
        chosen = None if scores is None else replace(scores, values=scores.values[:count])
        right = None if chosen is None or known is None else right_answers(chosen, known)
        shown = tuple(_shown(samples, position, pictures, scores, right) for position in range(count))
        pictured = _pictured(samples, context.head)
        spreads = () if scores else spreads_of(outputs, targets_of(samples.labels))
        rule = scores.rule if scores else "" if pictured or numbers else _no_scores(outputs)
        return SamplePredictionsResult(
            samples.summary,
            shown,
            rule,
            reduction,
            samples.expected_range,
            samples.rescaled,
            without_numbers(outputs),
            _most(spreads) if scores is None else variation_of(scores.values),
            len(samples.class_names or ()) if samples.classes_by_position else 0,
            samples.repeat_change,
            samples.unsteady_layer,
            pictured,
            spreads,
        )

    def findings(self, result: SamplePredictionsResult, limits: Limits) -> Iterable[Finding]:
        """Return outputs without numbers, and samples whose range is unlike what the model expects."""
        return findings(result, limits)


def _pictured(samples: EvaluatedSamples, head: Head) -> PictureOutputs | None:
    """Return the outputs of the chosen samples as pictures, the worst first; None where they are no images.

    Several channels behind a softmax are classes of pixels.
    """
    count, outputs, labels = len(samples.names), samples.activations.outputs, samples.labels
    if not are_pictures(outputs):
        return None
    targets, classes = (labels.values[:count], labels.classes) if isinstance(labels, PictureTargets) else (None, 0)
    classes = classes or (outputs.shape[-1] if head.activation == "softmax" and outputs.shape[-1] > 1 else 0)
    said = (masks_of(outputs) if classes else outputs)[:count]
    values = None if targets is None else of_each_picture(said, targets, classes)
    order = np.arange(count) if values is None else np.argsort(values if classes else -values, kind="stable")
    return picture_outputs(
        [samples.summary.shown[place] for place in order],
        samples.images[order],
        said[order],
        None if targets is None else targets[order],
        None if values is None else values[order],
        classes=classes,
    )


def _most(spreads: tuple[float, ...]) -> float | None:
    """Return the largest spread; None where there is none or one of them is not known."""
    return max(spreads) if spreads and np.isfinite(spreads).all() else None


def _no_scores(outputs: np.ndarray) -> str:
    if not np.isfinite(outputs).all():
        return say("Some outputs are NaN or infinite, so no class is predicted.")
    return say("The output is not one score per class, so no class is predicted.")


def _shown(
    samples: EvaluatedSamples,
    position: int,
    pictures: list[ImageGrid | None],
    given: ClassScores | None,
    right: np.ndarray | None,
) -> ShownSample:
    scores = None if given is None else given.values[position]
    labels = samples.labels
    output = samples.activations.outputs[position].ravel()
    best = [] if scores is None else np.argsort(-scores, kind="stable")[:TOP].tolist()
    return ShownSample(
        index=samples.summary.shown[position],
        name=samples.names[position],
        picture=pictures[position],
        label=samples.label_name(position),
        top=() if scores is None else tuple(ClassProbability(samples.class_name(c), float(scores[c]), c) for c in best),
        correct=None if right is None else bool(right[position]),
        output=tuple(float(value) for value in output) if scores is None and len(output) <= TOP else None,
        classes=samples.set_names(position),
        predicted=_names(samples, scores > 0.5) if isinstance(labels, LabelSets) and scores is not None else None,
        target=_target(labels.values[position]) if isinstance(labels, Targets) else None,
        tied=1 if scores is None else _tied(scores),
    )


def _tied(scores: np.ndarray) -> int:
    """Return how many scores are as high as the highest one, which counts."""
    highest = float(scores.max())
    return int((scores >= _TIE * highest).sum()) if highest > 0 else 1


def _target(values: np.ndarray) -> tuple[float, ...] | None:
    """Return what the output of a sample should be, where that is short."""
    return tuple(float(value) for value in values.ravel()) if values.size <= TOP else None


def _names(samples: EvaluatedSamples, chosen: np.ndarray) -> tuple[str, ...]:
    return tuple(samples.class_name(index) for index in np.flatnonzero(chosen).tolist())


def _pictures(samples: EvaluatedSamples) -> tuple[list[ImageGrid | None], int]:
    """Return a one-tile grid for each chosen sample and the factor by which it was reduced."""
    drawn = drawn_samples(samples.images, pixels=_PICTURE_PIXELS)
    if drawn is None:
        return [None] * len(samples.images), 1
    values, scale, palette, maxima = drawn.values, drawn.value_range, drawn.palette, drawn.maxima
    return [
        ImageGrid(values[i : i + 1], (str(samples.summary.shown[i]),), scale, 1, palette, 1, maxima[i : i + 1])
        for i in range(len(values))
    ], drawn.reduction
