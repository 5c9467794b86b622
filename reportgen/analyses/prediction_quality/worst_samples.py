"""The samples that a model predicts worst: which they are, and what is said of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reportgen.analyses.prediction_quality.results import WorstSample
from reportgen.measures.picture_outputs import PictureOutputs, of_each_picture, picture_outputs
from reportgen.measures.segmentation import masks_of
from reportgen.messages import joined, say
from reportgen.results import ImageGrid
from reportgen.run import EvaluatedSamples, side_by_side
from reportgen.samples import PictureTargets

WORST = 8
"""How many samples are shown."""

NO_CLASS = say("none")
"""Of a sample without a class."""

_NUMBERS = 5  # of several outputs that are listed


@dataclass(frozen=True)
class WorstSamples:
    """Samples to show, with their pictures, and how many of them are there for being confidently wrong."""

    samples: tuple[WorstSample, ...]
    pictures: ImageGrid | None
    confidently: int = 0


def worst_by_label(
    samples: EvaluatedSamples, values: np.ndarray, labels: np.ndarray, names: tuple[str, ...]
) -> WorstSamples:
    """Return wrong answers by falling probability, half of all, then the samples whose label has the lowest probability.

    Args:
        samples: the evaluated samples.
        values: (N, K) float64 scores.
        labels: (N,) int64.
        names: names of the K classes.
    """
    positions, confidently = _positions_by_label(values, labels)
    predicted = values.argmax(axis=1)
    entries = tuple(
        WorstSample(
            index=samples.index(position),
            name=samples.name_of(position),
            label=names[labels[position]],
            predicted=names[predicted[position]],
            probability=float(values[position].max()),
            label_probability=float(values[position, labels[position]]),
            right=bool(predicted[position] == labels[position]),
        )
        for position in positions
    )
    return WorstSamples(entries, side_by_side(samples, positions), confidently)


def _positions_by_label(values: np.ndarray, labels: np.ndarray) -> tuple[list[int], int]:
    confidence = values.max(axis=1)
    wrong = np.flatnonzero(values.argmax(axis=1) != labels)
    sure = wrong[np.argsort(-confidence[wrong], kind="stable")][: WORST // 2].tolist()
    hardest = np.argsort(values[np.arange(len(labels)), labels], kind="stable").tolist()
    rest = [position for position in hardest[: 2 * WORST] if position not in sure]
    return [*sure, *rest[: WORST - len(sure)]], len(sure)


def worst_by_loss(
    samples: EvaluatedSamples, losses: np.ndarray, said: np.ndarray, sets: np.ndarray, names: tuple[str, ...]
) -> WorstSamples:
    """Return the samples with the largest losses, falling.

    Args:
        samples: the evaluated samples.
        losses: (N,) in nats.
        said: (N, K) bool, the classes predicted.
        sets: (N, K) bool, the classes of each sample.
        names: names of the K classes.
    """
    positions = np.argsort(-losses, kind="stable")[:WORST].tolist()
    entries = tuple(
        WorstSample(
            index=samples.index(position),
            name=samples.name_of(position),
            label=_listed(names[index] for index in np.flatnonzero(sets[position])),
            predicted=_listed(names[index] for index in np.flatnonzero(said[position])),
            probability=None,
            label_probability=None,
            right=bool((said[position] == sets[position]).all()),
            loss=float(losses[position]),
        )
        for position in positions
    )
    return WorstSamples(entries, side_by_side(samples, positions))


def worst_by_error(samples: EvaluatedSamples, outputs: np.ndarray, targets: np.ndarray) -> WorstSamples:
    """Return the samples with the largest errors, falling.

    Args:
        samples: the evaluated samples.
        outputs: (N,) float64.
        targets: (N,) numbers.
    """
    positions = np.argsort(-np.abs(outputs - targets), kind="stable")[:WORST].tolist()
    entries = tuple(
        WorstSample(
            index=samples.index(position),
            name=samples.name_of(position),
            label=f"{targets[position]:g}",
            predicted=f"{outputs[position]:.4g}",
            probability=None,
            label_probability=None,
            right=None,
        )
        for position in positions
    )
    return WorstSamples(entries, side_by_side(samples, positions))


def worst_by_errors(samples: EvaluatedSamples, outputs: np.ndarray, targets: np.ndarray) -> WorstSamples:
    """Return the samples with the largest errors of several numbers, falling, each in standard deviations of its targets.

    Args:
        samples: the evaluated samples.
        outputs, targets: (N, M) numbers.
    """
    spread = targets.std(axis=0)
    errors = np.sqrt((((outputs - targets) / np.where(spread > 0, spread, 1)) ** 2).mean(axis=1))
    positions = np.argsort(-errors, kind="stable")[:WORST].tolist()
    entries = tuple(
        _entry(
            samples,
            position,
            float(errors[position]),
            label=_numbers(targets[position]),
            predicted=_numbers(outputs[position]),
        )
        for position in positions
    )
    return WorstSamples(entries, side_by_side(samples, positions))


def worst_pictures(samples: EvaluatedSamples, labels: PictureTargets) -> tuple[WorstSamples, PictureOutputs]:
    """Return the masks with the smallest overlaps, or the images with the largest errors, with their pictures."""
    outputs, classes = samples.activations.outputs, labels.classes
    said = masks_of(outputs) if classes else outputs
    values = of_each_picture(said, labels.values, classes)
    positions = np.argsort(values if classes else -values, kind="stable")[:WORST].tolist()
    entries = tuple(_entry(samples, position, float(values[position])) for position in positions)
    pictured = picture_outputs(
        [samples.index(position) for position in positions],
        samples.read(positions),
        said[positions],
        labels.values[positions],
        values[positions],
        classes=classes,
    )
    return WorstSamples(entries, None), pictured


def _entry(
    samples: EvaluatedSamples, position: int, loss: float, *, label: str = "", predicted: str = ""
) -> WorstSample:
    return WorstSample(
        index=samples.index(position),
        name=samples.name_of(position),
        label=label,
        predicted=predicted,
        probability=None,
        label_probability=None,
        right=None,
        loss=loss,
    )


def _numbers(values: np.ndarray) -> str:
    shown = ", ".join(f"{value:.4g}" for value in values[:_NUMBERS])
    return f"{shown}, …" if len(values) > _NUMBERS else shown


def _listed(names: Iterable[str]) -> str:
    classes = tuple(names)
    return joined(classes) if classes else NO_CLASS
