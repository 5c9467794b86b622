"""Test data: copies among the samples, the same sample under several labels, and samples that show nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.data_quality.labels import judged_labels
from reportgen.analyses.data_quality.results import CopiedSample, DataQualityResult, TrainingComparison
from reportgen.analyses.data_quality.rules import RULES, findings
from reportgen.errors import ForwardError
from reportgen.measures.duplicates import Copy, Fingerprints, copies_among, copies_within, fingerprints
from reportgen.measures.effort import effort_of
from reportgen.measures.intervals import Rate, measure, rate_difference
from reportgen.measures.moved_copies import moved_copies
from reportgen.measures.tiles import pictures_of
from reportgen.messages import joined as listed
from reportgen.messages import say
from reportgen.models.passes import only_input
from reportgen.results import FEWEST_SAMPLES, Finding, Limits, Panel, PanelGrid
from reportgen.run import EvaluatedSamples, right_answers, run_changed
from reportgen.samples import ClassLabels, LabelSets, SampleSource, classes_of

_SEVERAL = say("The model has several inputs, so samples that are alike in one of them may differ in another.")
MOST_TRAINING = 100_000
"""Training samples that the evaluated ones are looked for among, the first ones: 60,000 pictures take about two seconds."""

_AT_ONCE = 64
_SHOWN = 6
_INDICES = 20
_PICTURE_PIXELS = 56 * 56


class DataQuality:
    """Compares the evaluated samples with one another; no pass of the model is needed."""

    name = "data_quality"
    title = say("Test data")
    rules = RULES

    def run(self, context: AnalysisContext) -> DataQualityResult | Skip:
        """Return what the samples are worth as a test; a skip without samples."""
        samples = context.samples
        if samples is None:
            return Skip(context.no_samples_reason)
        if samples.pack is not only_input:
            return Skip(_SEVERAL)
        assert context.pixels is not None
        found = context.pixels.fingerprints
        embedded, layer = _embedded(samples, found)
        copies = _all_copies(samples, found, embedded)
        exact = [copy for copy in copies if copy.exact]
        conflicting = [copy for copy in exact if _labels(samples, copy) is not None]
        # contradictions are looked at first, then exact copies, then near ones
        shown = list(dict.fromkeys((*conflicting, *exact, *copies)))[:_SHOWN]
        accuracy, distinct = _accuracies(context, samples, len(found), copies)
        counts = np.bincount(samples.labels.values) if isinstance(samples.labels, ClassLabels) else np.zeros(0, int)
        occurring = counts[counts > 0]
        blank = np.flatnonzero(found.blank)
        return DataQualityResult(
            evaluated=samples.evaluated,
            compared=len(found),
            exact=len(exact),
            near=sum(not copy.exact and not copy.moved for copy in copies),
            conflicting=len(conflicting),
            blank=len(blank),
            blank_indices=tuple(samples.index(position) for position in blank[:_INDICES].tolist()),
            sequences=len(samples.summary.shape) < 3,
            accuracy=accuracy,
            distinct=distinct,
            largest=int(occurring.max()) if occurring.size else None,
            smallest=int(occurring.min()) if occurring.size else None,
            copies=tuple(_copied(samples, copy) for copy in shown),
            pictures=_pictures(samples, shown, samples.read, samples.index, total=len(copies)),
            training=None if context.train is None else _against_training(context, context.train, found, accuracy),
            labelled=isinstance(samples.labels, ClassLabels | LabelSets),
            labels=judged_labels(context, samples),
            moved=sum(copy.moved for copy in copies),
            embedded=len(embedded),
            layer=layer,
        )

    def findings(self, result: DataQualityResult, limits: Limits) -> Iterable[Finding]:
        """Return what makes the test say less than it seems to."""
        return findings(result, limits)


def _embedded(samples: EvaluatedSamples, found: Fingerprints) -> tuple[np.ndarray, str]:
    """Return the positions of the pictures whose last hidden layer is known, blank ones left out, and that layer's name."""
    pooled = samples.activations.pooled
    if not pooled.last or not found.pictures.shape[1]:
        return np.zeros(0, int), ""
    inside = pooled.positions[pooled.positions < len(found)]
    return inside[~found.blank[inside]], pooled.last


def _all_copies(samples: EvaluatedSamples, found: Fingerprints, embedded: np.ndarray) -> tuple[Copy, ...]:
    """Return exact and near copies, and of the others those that are moved or mirrored, in the order of the samples."""
    copies = copies_within(found)
    if len(embedded) < 2:
        return copies
    pooled = samples.activations.pooled
    rows = np.searchsorted(pooled.positions, embedded)
    moved = moved_copies(found.pictures[embedded].reshape(-1, *found.size), pooled.means[pooled.last][rows])
    known = {copy.position for copy in copies}
    others = [
        replace(copy, position=int(embedded[copy.position]), of=int(embedded[copy.of]))
        for copy in moved
        if int(embedded[copy.position]) not in known
    ]
    return tuple(sorted((*copies, *others), key=lambda copy: copy.position))


def _labels(samples: EvaluatedSamples, copy: Copy) -> tuple[str, str] | None:
    """Return the labels of a copy and of its original where they name other classes; None elsewhere."""
    if isinstance(samples.labels, ClassLabels):
        one, other = (int(samples.labels.values[place]) for place in (copy.position, copy.of))
        return None if one == other else (samples.class_name(one), samples.class_name(other))
    if isinstance(samples.labels, LabelSets):
        sets = [samples.labels.values[place] for place in (copy.position, copy.of)]
        if np.array_equal(*sets):
            return None
        names = [
            listed([samples.class_name(index) for index in np.flatnonzero(one).tolist()]) or say("none") for one in sets
        ]
        return names[0], names[1]
    return None


def _copied(samples: EvaluatedSamples, copy: Copy) -> CopiedSample:
    index, of = samples.index(copy.position), samples.index(copy.of)
    return CopiedSample(index, of, copy.similarity, copy.exact, _labels(samples, copy), copy.moved)


def _accuracies(
    context: AnalysisContext, samples: EvaluatedSamples, count: int, copies: Sequence[Copy]
) -> tuple[Rate | None, Rate | None]:
    """Return the accuracy of the first samples, and that of those that are no copies; None without classes."""
    labels = samples.classes
    if labels is None:
        return None, None
    scores = context.scores
    if scores is None:
        return None, None
    right = right_answers(scores, labels)[:count]
    first = np.ones(count, bool)
    first[[copy.position for copy in copies]] = False
    return measure(int(right.sum()), count), measure(int(right[first].sum()), int(first.sum()))


def _against_training(
    context: AnalysisContext, train: SampleSource, found: Fingerprints, accuracy: Rate | None
) -> TrainingComparison:
    """Return which of the samples are among the training samples, and how well the model does on these."""
    samples = context.samples
    assert samples is not None
    count = min(train.count, MOST_TRAINING)
    starts = range(0, count, _AT_ONCE)
    batches = (fingerprints(train.read(range(start, min(start + _AT_ONCE, count)))) for start in starts)
    copies = sorted(copies_among(found, batches), key=lambda copy: not copy.exact)
    shown = copies[:_SHOWN]
    trained = _training_accuracy(context, samples, train)
    low, high = (None, None) if trained is None or accuracy is None else rate_difference(trained, accuracy)
    return TrainingComparison(
        count=train.count,
        compared=count,
        exact=sum(copy.exact for copy in copies),
        near=sum(not copy.exact for copy in copies),
        checked=trained.trials if trained else 0,
        accuracy=trained,
        low=low,
        high=high,
        copies=tuple(
            CopiedSample(samples.index(copy.position), copy.of, copy.similarity, copy.exact, None) for copy in shown
        ),
        pictures=_pictures(samples, shown, train.read, int, total=len(copies)),
    )


def _training_accuracy(context: AnalysisContext, samples: EvaluatedSamples, train: SampleSource) -> Rate | None:
    """Return the accuracy on training samples drawn by the seed, as many as there are test samples and the effort pays for."""
    labels, live = classes_of(train.labels), context.live
    scores = context.scores
    effort = effort_of(context.options.effort, context.layers)
    count = effort.changed(min(train.count, samples.evaluated))
    if (
        labels is None
        or live is None
        or scores is None
        or count < FEWEST_SAMPLES
        or train.shape != samples.summary.shape
    ):
        return None
    order = np.sort(np.random.default_rng(context.options.seed).permutation(train.count)[:count]).tolist()
    parts = [order[start : start + _AT_ONCE] for start in range(0, count, _AT_ONCE)]
    try:
        outputs = np.concatenate([run_changed(live, samples, train.read(part), part) for part in parts])
    except ForwardError:
        return None
    return measure(int(right_answers(scores.like(outputs), labels.take(np.array(order))).sum()), count)


def _pictures(
    samples: EvaluatedSamples,
    shown: Sequence[Copy],
    read: Callable[[Sequence[int]], np.ndarray],
    number: Callable[[int], int],
    *,
    total: int,
) -> PanelGrid | None:
    """Return each copy beside what it is a copy of; None without copies and for what is no picture.

    Args:
        samples: those that the copies are of.
        shown: the copies.
        read: reads what they are copies of, by position.
        number: the number of such a position in its source.
        total: number of all copies.
    """
    if not shown or len(samples.summary.shape) != 3:
        return None
    sides = samples.read([copy.position for copy in shown]), read([copy.of for copy in shown])
    drawn = [pictures_of(side, pixels=_PICTURE_PIXELS) for side in sides]
    return PanelGrid(
        panels=tuple(Panel(one.values, one.value_range, one.palette) for one in drawn if one is not None),
        labels=tuple(f"{samples.index(copy.position)} = {number(copy.of)}" for copy in shown),
        columns=min(len(shown), 3),
        total=total,
    )
