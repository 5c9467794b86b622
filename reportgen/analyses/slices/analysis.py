"""Slices: how often the model is right on groups of samples, those of a table and those that their pictures make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.slices.comparison import Group, compared
from reportgen.analyses.slices.results import SlicesResult
from reportgen.analyses.slices.rules import RULES, findings
from reportgen.measures.intervals import measure
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
        found = compared(groups, right, known)
        return SlicesResult(
            accuracy=measure(int(right.sum()), len(right)),
            exact=isinstance(labels, LabelSets),
            judged=len(found),
            columns=len({column for column, _, _ in groups}),
            left_out=left_out,
            slices=found[:_SHOWN],
        )

    def findings(self, result: SlicesResult, limits: Limits) -> Iterable[Finding]:
        """Return the group of each column on which the model certainly does worst."""
        return findings(result, limits)


def _groups(context: AnalysisContext, samples: EvaluatedSamples) -> tuple[list[Group], tuple[str, ...]]:
    """Return the groups that are large enough, and the columns of the table that have none."""
    found, left_out = list[Group](), []
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
