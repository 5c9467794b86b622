"""What both models say of the same samples: who is right more often, which samples are fixed and which are broken."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from reportgen.analyses.base import Skip
from reportgen.comparison.changed_samples import MOST, ChangedSample
from reportgen.comparison.sides import Side, both_scores
from reportgen.measures.intervals import Rate, measure
from reportgen.measures.paired import PairedMeans, PairedRates, paired_means, paired_rates
from reportgen.measures.segmentation import masks_of
from reportgen.messages import joined, say
from reportgen.results import Becomes, ImageGrid, Kept, redactable
from reportgen.run import ClassScores, EvaluatedSamples, right_answers, side_by_side
from reportgen.samples import Classes, LabelSets, PictureTargets, Targets, Unused

_MEAN_ERROR = say("mean absolute error")
_WRONG_PIXELS = say("share of wrong pixels")


@redactable
@dataclass(frozen=True)
class OutputDifferences:
    """How far the outputs of two models are apart; of classes their scores.

    Attributes:
        largest: largest difference; NaN where no output is finite.
        mean: mean difference.
        spread: standard deviation of the outputs of both, by which a difference is large or small.
        equal: whether every output is the same to the last bit.
    """

    largest: float
    mean: float
    spread: float
    equal: bool


@redactable
@dataclass(frozen=True)
class ShownSamples:
    """Samples on which two models differ.

    Attributes:
        samples: the samples.
        pictures: a tile for each; None where there are none, and for samples that are no images.
    """

    samples: tuple[ChangedSample, ...] = ()
    pictures: Annotated[ImageGrid | None, Becomes(None)] = None


@redactable
@dataclass(frozen=True)
class AnswersResult:
    """The answers of two models.

    Attributes:
        evaluated: number of samples that both were run on.
        total: number of samples in the source.
        unlabelled: why answers are not compared with labels, one sentence; '' where they are.
        rates: how often each is right; None where the answers are no classes or there are no labels.
        errors: how far each is off where the answers are numbers, masks or images; None elsewhere.
        measure: what `errors` are.
        agreement: share of the samples to which both give the same class or classes; None where the answers are no classes.
        outputs: how far the outputs are apart.
        fixed: samples that the new model alone has right, or on which its error fell most, the largest change first.
        broken: samples that the base alone has right, or on which the error rose most.
        differing: samples whose outputs differ most, where `fixed` and `broken` are not known.
    """

    evaluated: int
    total: int
    unlabelled: Kept[str]
    rates: PairedRates | None
    errors: PairedMeans | None
    measure: Kept[str]
    agreement: Rate | None
    outputs: OutputDifferences
    fixed: ShownSamples = ShownSamples()
    broken: ShownSamples = ShownSamples()
    differing: ShownSamples = ShownSamples()


class Answers:
    """Compares the answers of two models."""

    name = "answers"
    title = say("Answers")

    def compare(self, base: Side, new: Side) -> AnswersResult | Skip:
        """Return the comparison; a skip where one of the models was not run."""
        for side in (new, base):
            if side.samples is None:
                return Skip(side.context.no_samples_reason)
        first, second = both_scores(base, new)
        numbers = isinstance(_ran(new).labels, Targets | PictureTargets)
        if not numbers and first is not None and second is not None and first.values.shape == second.values.shape:
            return _of_classes(base, new, first, second)
        return _of_numbers(base, new)


def _of_classes(base: Side, new: Side, first: ClassScores, second: ClassScores) -> AnswersResult:
    samples = _ran(new)
    labels = samples.classes
    both = (first, second)
    said = [_said(scores, labels) for scores in both]
    distances = np.abs(second.values - first.values).max(axis=1)
    same = (said[0] == said[1]).all(axis=1)
    rates = None
    chosen: dict[str, np.ndarray] = {}
    if labels is not None:
        right = [right_answers(scores, labels) for scores in both]
        rates = paired_rates(*right)
        chosen["fixed"], chosen["broken"] = right[1] & ~right[0], right[0] & ~right[1]
    if rates is None or not rates.fixed + rates.broken:
        chosen["differing"] = ~same if not same.all() else distances > 0

    def entry(position: int) -> ChangedSample:
        answers = [_names(samples, each[position]) for each in said]
        sure = [_sureness(each.values[position], one[position]) for each, one in zip(both, said, strict=True)]
        label = _label(samples, labels, position)
        return ChangedSample(
            samples.index(position), samples.name_of(position), label, (answers[0], answers[1]), (sure[0], sure[1])
        )

    shown = {name: _ranked(distances, which) for name, which in chosen.items()}
    return AnswersResult(
        evaluated=samples.evaluated,
        total=samples.summary.total,
        unlabelled="" if labels is not None else samples.no_labels_reason,
        rates=rates,
        errors=None,
        measure="",
        agreement=measure(int(same.sum()), len(same)),
        outputs=_differences(base, new, first.values, second.values),
        **_shown(samples, shown, entry),
    )


def _of_numbers(base: Side, new: Side) -> AnswersResult | Skip:
    samples = _ran(new)
    first, second = (_ran(side).activations.outputs.astype(np.float64) for side in (base, new))
    if first.shape != second.shape:
        return Skip(
            say(
                "The answers cannot be compared: the base gives {base} numbers a sample and the new model {new}.",
                base=" x ".join(map(str, first.shape[1:])) or "1",
                new=" x ".join(map(str, second.shape[1:])) or "1",
            )
        )
    measured = _errors(samples, first, second)
    distances = np.abs(second - first).reshape(len(first), -1).max(axis=1)
    distances = np.where(np.isfinite(distances), distances, np.inf)
    errors = None
    chosen = {"differing": _ranked(distances, distances > 0)}
    values = [each.reshape(len(first), -1) for each in (first, second)]
    if measured is not None and all(np.isfinite(each).all() for each in measured[:2]):
        values = [each[:, None] for each in measured[:2]]
        errors = paired_means(*measured[:2])
        change = measured[1] - measured[0]
        chosen = {"fixed": _ranked(-change, change < 0), "broken": _ranked(change, change > 0)}
    furthest = np.nan_to_num(np.abs(values[1] - values[0]), nan=np.inf).argmax(axis=1)

    def entry(position: int) -> ChangedSample:
        place = int(furthest[position])
        numbers = samples.labels.values[position] if isinstance(samples.labels, Targets) else None
        answers = [_listed(each[position]) for each in (first, second)]
        told = [float(each[position, place]) for each in values]
        label = "" if numbers is None else _listed(numbers)
        return ChangedSample(
            samples.index(position), samples.name_of(position), label, (answers[0], answers[1]), (told[0], told[1])
        )

    return AnswersResult(
        evaluated=samples.evaluated,
        total=samples.summary.total,
        unlabelled="" if errors is not None else _why_unlabelled(samples),
        rates=None,
        errors=errors,
        measure=measured[2] if measured is not None and errors is not None else "",
        agreement=None,
        outputs=_differences(base, new, first, second),
        **_shown(samples, chosen, entry),
    )


def _entry(
    samples: EvaluatedSamples, position: int, label: str, answers: list[str], values: list[float]
) -> ChangedSample:
    index, name = samples.index(position), samples.name_of(position)
    return ChangedSample(index, name, label, (answers[0], answers[1]), (values[0], values[1]))


def _ran(side: Side) -> EvaluatedSamples:
    assert side.samples is not None
    return side.samples


def _errors(
    samples: EvaluatedSamples, first: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, np.ndarray, str] | None:
    """Return the error of each sample by both models, (N,) float64, and what it is; None without numbers to compare with."""
    labels = samples.labels
    if isinstance(labels, PictureTargets) and labels.classes:
        wrong = [(masks_of(each) != labels.values).reshape(len(each), -1).mean(axis=1) for each in (first, second)]
        return wrong[0], wrong[1], _WRONG_PIXELS
    if not isinstance(labels, PictureTargets | Targets):
        return None
    targets = labels.values.reshape(len(first), -1)
    flat = [each.reshape(len(first), -1) for each in (first, second)]
    if targets.shape != flat[0].shape:
        return None
    off = [np.abs(each - targets).mean(axis=1) for each in flat]
    return off[0], off[1], _MEAN_ERROR


def _why_unlabelled(samples: EvaluatedSamples) -> str:
    if samples.labels is None or isinstance(samples.labels, Unused):
        return samples.no_labels_reason
    return say("The outputs of both models cannot be held against these labels.")


def _differences(base: Side, new: Side, first: np.ndarray, second: np.ndarray) -> OutputDifferences:
    distances = np.abs(second - first)
    known = distances[np.isfinite(distances)]
    once, again = (_ran(side).activations.outputs for side in (base, new))
    return OutputDifferences(
        largest=float(known.max()) if known.size else math.nan,
        mean=float(known.mean()) if known.size else math.nan,
        spread=float(np.nanstd(np.concatenate([first, second]))) if known.size else math.nan,
        equal=bool(np.array_equal(once, again, equal_nan=True)),
    )


def _said(scores: ClassScores, labels: Classes | None) -> np.ndarray:
    """Return the classes of each answer, (N, K) bool: that of the highest score, or all with a score over 0.5; none of NaN."""
    known = np.isfinite(scores.values).all(axis=1, keepdims=True)
    values = np.nan_to_num(scores.values)
    if isinstance(labels, LabelSets) or (labels is None and scores.independent):
        return np.asarray(known & (values > 0.5))
    best = values.argmax(axis=1)[:, None] == np.arange(values.shape[1])
    return np.asarray(known & best)


def _sureness(values: np.ndarray, said: np.ndarray) -> float:
    """Return the score of an answer: of one class its own, of several the least sure one of all classes'."""
    if said.sum() == 1:
        return float(values[said][0])
    return float(np.where(said, values, 1 - values).min())


def _label(samples: EvaluatedSamples, labels: Classes | None, position: int) -> str:
    if labels is None:
        return ""
    if isinstance(labels, LabelSets):
        return joined(samples.set_names(position) or ()) or say("none")
    return samples.class_name(int(labels.values[position]))


def _names(samples: EvaluatedSamples, said: np.ndarray) -> str:
    return joined(samples.class_name(index) for index in np.flatnonzero(said).tolist()) or say("none")


def _listed(values: np.ndarray) -> str:
    flat = np.asarray(values).ravel()
    return ", ".join(f"{value:.4g}" for value in flat) if flat.size <= 5 else ""


def _ranked(sizes: np.ndarray, which: np.ndarray) -> list[int]:
    """Return the positions of some samples, those with the largest sizes first, as many as are shown."""
    places = np.flatnonzero(which)
    return [int(place) for place in places[np.argsort(-sizes[places], kind="stable")][:MOST]]


def _shown(
    samples: EvaluatedSamples, chosen: dict[str, list[int]], entry: Callable[[int], ChangedSample]
) -> dict[str, ShownSamples]:
    """Return the fields of the result that show samples."""
    return {
        name: ShownSamples(tuple(map(entry, positions)), side_by_side(samples, positions))
        for name, positions in chosen.items()
    }
