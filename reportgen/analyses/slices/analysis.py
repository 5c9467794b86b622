"""Slices: how often the model is right on groups of samples, those of a table and those that their pictures make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.slices.results import Slice, SlicesResult
from reportgen.analyses.slices.rules import RULES, findings
from reportgen.measures.intervals import CONFIDENCE, Rate, measure, rate_difference
from reportgen.messages import say
from reportgen.models.passes import only_input
from reportgen.results import Finding, Limits
from reportgen.run import EvaluatedSamples, Pixels, right_answers
from reportgen.samples import ClassLabels, LabelSets, numbers_of

FEWEST_GROUPED = 10
"""Samples of a slice and of the others: with 10 all of which are wrong the rate is at most 28 %."""

MOST_VALUES = 20
"""Values of a column that are compared, the most frequent ones."""

_QUARTERS = 4
_FEW_NUMBERS = 8  # different numbers up to which each is a value
_SHOWN = 40


class Slices:
    """Compares right answers between groups of samples; no pass of the model is needed."""

    name = "slices"
    title = say("Slices")
    rules = RULES

    def run(self, context: AnalysisContext) -> SlicesResult | Skip:
        """Return how often answers are right in each group; a skip without class labels or without groups."""
        samples = context.samples
        if samples is None:
            return Skip(context.no_samples_reason)
        labels = samples.classes
        scores = context.scores
        if labels is None:
            return Skip(samples.no_labels_reason)
        if scores is None:
            return Skip(say("The output is not one score per class, so no answer can be compared."))
        right = right_answers(scores, labels)
        groups, left_out = _groups(context, samples)
        if not groups:
            return Skip(say("No two groups of {fewest} samples can be made of the samples.", fewest=FEWEST_GROUPED))
        known = labels.values if isinstance(labels, ClassLabels) else None
        # a slice and all others are one comparison, whichever of the two it is called by; each is looked at on one side
        compared = {min(inside.tobytes(), (~inside).tobytes()) for _, _, inside in groups}
        confidence = 1 - 2 * (1 - CONFIDENCE) / max(len(compared), 2)
        found = [_slice(column, value, inside, right, known, confidence=confidence) for column, value, inside in groups]
        return SlicesResult(
            accuracy=measure(int(right.sum()), len(right)),
            exact=isinstance(labels, LabelSets),
            judged=len(found),
            columns=len({column for column, _, _ in groups}),
            left_out=left_out,
            slices=tuple(sorted(found, key=lambda one: -one.low)[:_SHOWN]),
        )

    def findings(self, result: SlicesResult, limits: Limits) -> Iterable[Finding]:
        """Return the group of each column on which the model certainly does worst."""
        return findings(result, limits)


_Group = tuple[str, str, np.ndarray]
"""What samples are grouped by, what they have in common, and which they are, (N,) bool."""


def _groups(context: AnalysisContext, samples: EvaluatedSamples) -> tuple[list[_Group], tuple[str, ...]]:
    """Return the groups that are large enough, and the columns of the table that have none."""
    found, left_out = list[_Group](), []
    for column in context.slices:
        entries = tuple(column.entries[samples.index(position)] for position in range(samples.evaluated))
        own = [(column.name, *group) for group in _of_entries(entries)]
        found += own
        left_out += [] if own else [column.name]
    if samples.pack is only_input and context.pixels is not None:
        found += [(name, *group) for name, values in _of_pictures(context.pixels) for group in _quarters(values)]
    return found, tuple(left_out)


def _of_entries(entries: tuple[str, ...]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the groups of a column: quarters of many different numbers, elsewhere the samples of each value."""
    numbers = numbers_of(entries)
    if numbers is not None and len(set(entries)) > _FEW_NUMBERS:
        yield from _quarters(np.array(numbers))
        return
    values = np.array(entries, object)
    for value, _ in Counter(entry for entry in entries if entry).most_common(MOST_VALUES):
        inside = values == value
        if _is_judged(inside):
            yield value, inside


def _quarters(values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the samples in each quarter of a number's range of ranks; equal numbers stay together."""
    known = np.isfinite(values)
    ends = np.unique(np.quantile(values[known], np.linspace(0, 1, _QUARTERS + 1))) if known.any() else np.empty(0)
    for place, (low, high) in enumerate(pairwise(ends)):
        inside = known & (values <= high) & ((values > low) if place else (values >= low))
        if _is_judged(inside) and len(ends) > 2:
            yield say("{low} to {high}", low=_written(float(low)), high=_written(float(high))), inside


def _written(number: float) -> str:
    """Return a number as one would write it: whole ones in full, others with three digits.

    Example:
        >>> _written(2024.0), _written(12345.6), _written(0.12345)
        ('2024', '12346', '0.123')
    """
    return f"{number:.0f}" if number.is_integer() or abs(number) >= 1000 else f"{number:.3g}"


def _is_judged(inside: np.ndarray) -> bool:
    count = int(inside.sum())
    return min(count, len(inside) - count) >= FEWEST_GROUPED


def _of_pictures(pixels: Pixels) -> Iterator[tuple[str, np.ndarray]]:
    """Yield numbers of each picture and of each image file, (N,) each; none for samples that are neither."""
    if pixels.numbers is not None:
        yield say("brightness"), pixels.numbers.brightness
        yield say("contrast"), pixels.numbers.contrast
        yield say("share unlike the border"), pixels.numbers.unlike
    if pixels.areas is not None:
        yield say("image size before resizing"), np.sqrt(pixels.areas)


def _slice(
    column: str, value: str, inside: np.ndarray, right: np.ndarray, labels: np.ndarray | None, *, confidence: float
) -> Slice:
    own, rest = right[inside], right[~inside]

    def bounded(answers: np.ndarray, at: float = CONFIDENCE) -> Rate:
        return measure(int(answers.sum()), len(answers), confidence=at)

    corrected = bounded(own, confidence)
    low, high = rate_difference(bounded(rest, confidence), corrected)
    expected = None if labels is None else _expected(inside, right, labels)
    return Slice(column, value, bounded(own), bounded(rest), expected, low, high, corrected.high)


def _expected(inside: np.ndarray, right: np.ndarray, labels: np.ndarray) -> float | None:
    """Return the accuracy of a slice if each of its samples were as likely right as the others of its class; None without."""
    counts = np.bincount(labels[~inside], minlength=int(labels.max()) + 1)
    rates = np.bincount(labels[~inside & right], minlength=len(counts)) / np.maximum(counts, 1)
    known = counts[labels[inside]] > 0
    return float(rates[labels[inside]].mean()) if known.all() else None
