"""Test data: copies among the samples, the same sample under several labels, and samples that show nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.data_quality.results import CopiedSample, DataQualityResult
from reportgen.analyses.data_quality.rules import RULES, findings
from reportgen.measures.duplicates import Copy, Fingerprints, copies_within, fingerprints, joined
from reportgen.measures.intervals import Rate, measure
from reportgen.measures.tiles import pictures_of
from reportgen.messages import joined as listed
from reportgen.messages import say
from reportgen.models.passes import only_input
from reportgen.results import Finding, Limits, Panel, PanelGrid
from reportgen.run import EvaluatedSamples, class_scores, right_answers
from reportgen.samples import ClassLabels, LabelSets

MOST_COMPARED = 5_000
"""Samples that are compared with one another, the first ones: every pair of them is, in some seconds at the most."""

_SEVERAL = say("The model has several inputs, so samples that are alike in one of them may differ in another.")
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
        found = _fingerprints(samples)
        copies = copies_within(found)
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
            near=len(copies) - len(exact),
            conflicting=len(conflicting),
            blank=len(blank),
            blank_indices=tuple(samples.index(position) for position in blank[:_INDICES].tolist()),
            sequences=len(samples.summary.shape) < 3,
            accuracy=accuracy,
            distinct=distinct,
            largest=int(occurring.max()) if occurring.size else None,
            smallest=int(occurring.min()) if occurring.size else None,
            copies=tuple(_copied(samples, copy) for copy in shown),
            pictures=_pictures(samples, shown, total=len(copies)),
        )

    def findings(self, result: DataQualityResult, limits: Limits) -> Iterable[Finding]:
        """Return what makes the test say less than it seems to."""
        return findings(result, limits)


def _fingerprints(samples: EvaluatedSamples) -> Fingerprints:
    count = min(samples.evaluated, MOST_COMPARED)
    starts = range(0, count, _AT_ONCE)
    return joined([fingerprints(samples.read(range(start, min(start + _AT_ONCE, count)))) for start in starts])


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
    return CopiedSample(index, of, copy.similarity, copy.exact, _labels(samples, copy))


def _accuracies(
    context: AnalysisContext, samples: EvaluatedSamples, count: int, copies: Sequence[Copy]
) -> tuple[Rate | None, Rate | None]:
    """Return the accuracy of the first samples, and that of those that are no copies; None without classes."""
    labels = samples.classes
    if labels is None:
        return None, None
    scores = class_scores(samples.activations.outputs, head=context.head, labels=labels)
    if scores is None:
        return None, None
    right = right_answers(scores, labels)[:count]
    first = np.ones(count, bool)
    first[[copy.position for copy in copies]] = False
    return measure(int(right.sum()), count), measure(int(right[first].sum()), int(first.sum()))


def _pictures(samples: EvaluatedSamples, shown: Sequence[Copy], *, total: int) -> PanelGrid | None:
    """Return each copy beside what it is a copy of; None without copies and for what is no picture."""
    if not shown:
        return None
    places = [copy.position for copy in shown] + [copy.of for copy in shown]
    drawn = pictures_of(samples.read(places), pixels=_PICTURE_PIXELS) if len(samples.summary.shape) == 3 else None
    if drawn is None:
        return None
    halves = drawn.values[: len(shown)], drawn.values[len(shown) :]
    return PanelGrid(
        panels=tuple(Panel(half, drawn.value_range, drawn.palette) for half in halves),
        labels=tuple(f"{samples.index(copy.position)} = {samples.index(copy.of)}" for copy in shown),
        columns=min(len(shown), 3),
        total=total,
    )
