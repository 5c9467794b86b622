"""Measures of predictions that may name any number of classes. Pure: arrays in, numbers with their uncertainty out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from reportgen.measures.calibration import Calibration, Confidences, calibrate, calibration_error, confidences_of
from reportgen.measures.classification import Averages, ClassQuality, f1_rate, macro_averages
from reportgen.measures.intervals import Rate, measure
from reportgen.measures.skill import Skill, measure_skill
from reportgen.measures.temperature import Temperature, tempered
from reportgen.messages import say
from reportgen.results import UNWRITTEN, redactable


@redactable
@dataclass(frozen=True)
class LabelQuality(ClassQuality):
    """How well one class is told from its absence; the numbers of `ClassQuality`, and the four counts of the class.

    Attributes:
        true_positives, false_positives, false_negatives, true_negatives: samples that have the class and were said to, and so
            on; their sum is all samples.
        prevalence: share of the samples that have the class.
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    prevalence: Rate


@redactable
@dataclass(frozen=True)
class MultiLabelQuality:
    """How well sets of classes are predicted.

    Attributes:
        exact: samples whose classes are predicted exactly (subset accuracy).
        hamming: share of the N x K answers that are wrong (Hamming loss), in [0, 1].
        skill: share of the wrong answers avoided that always giving the more frequent answer for each class has.
        labels: mean number of classes that a sample has.
        predicted: mean number that it is said to have.
        loss: mean binary cross-entropy, in nats.
        total_classes: K.
        classes: all of them, in the model's order.
        micro: precision, recall and F1 of the pooled counts of all classes.
        macro: means over the classes for which they are defined.
        calibration: how far the probabilities of all classes together agree with their presence.
        confident: number of answers given with a probability of their own over the limit for confidence in this report,
            whether yes or no.
        confident_wrong: number of wrong ones among them.
        temperature: what the logits must be divided by to be as sure as they are right, one for all classes; None where that
            was not measured.
        fitted_error: calibration error that is left then, in [0, 1]; likewise.
        confidences: how sure the model is of each of the N x K answers, from which rules count at any limit; too long for the
            JSON.
    """

    exact: Rate
    hamming: float
    skill: Skill
    labels: float
    predicted: float
    loss: float
    total_classes: int
    classes: tuple[LabelQuality, ...]
    micro: Averages
    macro: Averages
    calibration: Calibration
    confident: int
    confident_wrong: int
    temperature: Temperature | None = None
    fitted_error: float | None = None
    confidences: Confidences = field(default_factory=Confidences, compare=False, metadata=UNWRITTEN)


def multi_label_quality(
    values: np.ndarray,
    sets: np.ndarray,
    losses: np.ndarray,
    names: tuple[str, ...],
    *,
    sure: float,
    seed: int,
    temperature: Temperature | None = None,
) -> MultiLabelQuality:
    """Return how well sets of classes are predicted; a class is predicted where its score is over 0.5.

    Args:
        values: (N, K) float64, the probability of each class, in [0, 1].
        sets: (N, K) bool, the classes of each sample.
        losses: (N,) binary cross-entropy of each sample, in nats.
        names: names of the K classes.
        sure: probability of an answer above which it counts as confident.
        seed: seed of the draws behind the calibration error.
        temperature: what the logits must be divided by, if that was measured.

    Source: Tsoumakas and Katakis 2007, Int. J. Data Warehousing and Mining 3(3), 1 (Hamming loss); Sorower 2010, A Literature
    Survey on Algorithms for Multi-label Learning, Oregon State University (exact match; micro and macro averages).
    """
    predicted = values > 0.5
    wrong = predicted != sets
    count, total = sets.shape
    usual = sets.mean(axis=0) > 0.5
    samples = np.repeat(np.arange(count), total)
    confidences = confidences_of(np.maximum(values, 1 - values).ravel(), ~wrong.ravel(), samples=samples)
    confident, confident_wrong = confidences.over(sure)
    hits, said, present = ((marks).sum(axis=0) for marks in (predicted & sets, predicted, sets))
    classes = tuple(
        _label_quality(index, name, int(hits[index]), int(said[index]), int(present[index]), count)
        for index, name in enumerate(names)
    )
    fitted_error = None
    if temperature is not None:
        fitted = tempered(values, temperature.value, independent=True)
        fitted_error = calibration_error(fitted.ravel(), sets.ravel())
    return MultiLabelQuality(
        exact=measure(int((~wrong.any(axis=1)).sum()), count),
        hamming=float(wrong.mean()),
        skill=measure_skill(wrong.sum(axis=1).astype(float), (usual != sets).sum(axis=1).astype(float)),
        labels=float(present.sum() / count),
        predicted=float(said.sum() / count),
        loss=float(losses.mean()),
        total_classes=total,
        classes=classes,
        micro=Averages(*(rate.value for rate in _rates(int(hits.sum()), int(said.sum()), int(present.sum())))),
        macro=macro_averages(classes),
        calibration=_pooled_calibration(values, sets, seed=seed),
        confident=confident,
        confident_wrong=confident_wrong,
        temperature=temperature,
        fitted_error=fitted_error,
        confidences=confidences,
    )


def _pooled_calibration(values: np.ndarray, sets: np.ndarray, *, seed: int) -> Calibration:
    """Return the calibration of the probabilities of all classes together against their presence."""
    count, total = sets.shape
    pooled = calibrate(values.ravel(), sets.ravel(), seed=seed, groups=np.repeat(np.arange(count), total))
    curve = replace(pooled.curve, x_label=say("probability"), y_label=say("share present"))
    return replace(pooled, curve=curve)


def _label_quality(index: int, name: str, hits: int, said: int, present: int, count: int) -> LabelQuality:
    precision, recall, f1 = _rates(hits, said, present)
    return LabelQuality(
        index=index,
        name=name,
        support=present,
        predicted=said,
        precision=precision,
        recall=recall,
        f1=f1,
        true_positives=hits,
        false_positives=said - hits,
        false_negatives=present - hits,
        true_negatives=count - said - present + hits,
        prevalence=measure(present, count),
    )


def _rates(hits: int, said: int, present: int) -> tuple[Rate, Rate, Rate]:
    return measure(hits, said), measure(hits, present), f1_rate(hits, said + present - hits)
