"""Samples: the chosen images, what the model says about each, and whether it is right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import AnalysisContext, EvaluatedSamples, Skip
from reportgen.measures.tiles import pictures_of
from reportgen.models.outputs import class_scores
from reportgen.results import Finding, ImageGrid, SamplesSummary, Severity
from reportgen.rules import Limits, Rule

TOP = 5
"""How many classes are listed for each sample."""

RANGE = Rule(
    code="input-range",
    meaning="the samples span another range than the model's own rescaling expects",
    severity=Severity.PROBLEM,
    threshold=8.0,
    unit="factor by which the inputs are wider or narrower than expected",
    source="the model's rescaling layer, read backwards from [-1, 1] or [0, 1]",
)
UNSCALED = Rule(
    code="unscaled-input",
    meaning="the samples look like bytes that nobody scaled",
    severity=Severity.WARNING,
    threshold=16.0,
    unit="largest input, where none is negative and the model has no rescaling layer",
    source="inputs scaled to [0, 1], [-1, 1] or unit variance stay within a few units of zero",
)

_PICTURE_PIXELS = 128 * 128


@dataclass(frozen=True)
class ClassProbability:
    """One class and the model's score for it, in [0, 1]."""

    name: str
    probability: float


@dataclass(frozen=True)
class ShownSample:
    """One chosen sample.

    Attributes:
        index: in the source.
        name: of the sample in the source.
        picture: a grid of one tile, or None for inputs that are not images.
        label: name of its class, or None without labels.
        top: the classes with the highest scores, falling; empty where the output is not one score for each class.
        correct: whether the highest score is the label's; None without either.
        output: the output itself where `top` is empty and it is short, otherwise None.
    """

    index: int
    name: str
    picture: ImageGrid | None
    label: str | None
    top: tuple[ClassProbability, ...]
    correct: bool | None
    output: tuple[float, ...] | None


@dataclass(frozen=True)
class SamplePredictionsResult:
    """The chosen samples.

    Attributes:
        summary: where the samples come from and what was done to them.
        shown: in the order of the selection.
        rule: how scores were made from the output, or ''.
        reduction: factor by which the pictures are smaller than the samples.
        expected_range: of the inputs, by the model's own rescaling layer, or None.
        rescaled: whether the model rescales its input by itself, in whatever way.
    """

    summary: SamplesSummary
    shown: tuple[ShownSample, ...]
    rule: str
    reduction: int
    expected_range: tuple[float, float] | None
    rescaled: bool = False


class SamplePredictions:
    """Shows the chosen samples with the model's predictions."""

    name = "sample_predictions"
    title = "Samples"
    rules = (RANGE, UNSCALED)

    def run(self, context: AnalysisContext) -> SamplePredictionsResult | Skip:
        """Return the predictions; a skip without samples."""
        if context.samples is None:
            return Skip(context.no_samples_reason)
        samples = context.samples
        outputs = samples.activations.outputs
        scores = class_scores(outputs, head=context.head, labels=samples.all_labels)
        count = len(samples.names)
        pictures, reduction = _pictures(samples)
        shown = tuple(
            _shown(samples, position, pictures, None if scores is None else scores.values[position])
            for position in range(count)
        )
        rule = scores.rule if scores else _no_scores(outputs)
        return SamplePredictionsResult(
            samples.summary, shown, rule, reduction, samples.expected_range, samples.rescaled
        )

    def findings(self, result: SamplePredictionsResult, limits: Limits) -> Iterable[Finding]:
        """Return samples whose range is unlike what the model expects."""
        received = result.summary.input_range
        if result.expected_range is not None:
            yield from _unlike_rescaling(received, result.expected_range, limits[RANGE.code])
        elif not result.rescaled and received[0] >= 0 and received[1] > limits[UNSCALED.code]:
            yield _unscaled(received, limits[UNSCALED.code])


def _no_scores(outputs: np.ndarray) -> str:
    if not np.isfinite(outputs).all():
        return "The output is NaN or infinite for some samples, so no classes are named."
    return "The output is not one score for each class, so no classes are named."


def _shown(
    samples: EvaluatedSamples, position: int, pictures: list[ImageGrid | None], scores: np.ndarray | None
) -> ShownSample:
    label = None if samples.labels is None else int(samples.labels[position])
    output = samples.activations.outputs[position].ravel()
    best = [] if scores is None else np.argsort(-scores, kind="stable")[:TOP].tolist()
    return ShownSample(
        index=samples.summary.shown[position],
        name=samples.names[position],
        picture=pictures[position],
        label=None if label is None else samples.class_name(label),
        top=() if scores is None else tuple(ClassProbability(samples.class_name(c), float(scores[c])) for c in best),
        correct=None if scores is None or label is None else best[0] == label,
        output=tuple(float(value) for value in output) if scores is None and len(output) <= TOP else None,
    )


def _pictures(samples: EvaluatedSamples) -> tuple[list[ImageGrid | None], int]:
    """Return a one-tile grid for each chosen sample and the factor by which it was reduced."""
    drawn = pictures_of(samples.images, pixels=_PICTURE_PIXELS)
    if drawn is None:
        return [None] * len(samples.images), 1
    values, scale, palette, maxima = drawn.values, drawn.value_range, drawn.palette, drawn.maxima
    return [
        ImageGrid(values[i : i + 1], (str(samples.summary.shown[i]),), scale, 1, palette, 1, maxima[i : i + 1])
        for i in range(len(values))
    ], drawn.reduction


def _unlike_rescaling(received: tuple[float, float], expected: tuple[float, float], limit: float) -> Iterable[Finding]:
    ratio = (received[1] - received[0]) / (expected[1] - expected[0])
    if 1 / limit <= ratio <= limit:
        return
    yield RANGE.finding(
        "samples",
        f"inputs span {received[0]:.4g} to {received[1]:.4g}, but the model's own rescaling expects "
        f"{expected[0]:.4g} to {expected[1]:.4g} (limit: a factor of {limit:g})",
        evidence={"lowest": received[0], "highest": received[1], "ratio": ratio},
        threshold=limit,
    )


def _unscaled(received: tuple[float, float], limit: float) -> Finding:
    return UNSCALED.finding(
        "samples",
        f"inputs span {received[0]:.4g} to {received[1]:.4g}, never below zero, and the model has no rescaling "
        f"layer: they look like bytes that were not scaled (limit {limit:g})",
        evidence={"lowest": received[0], "highest": received[1]},
        threshold=limit,
    )
