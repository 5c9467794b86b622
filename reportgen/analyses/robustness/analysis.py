"""Robustness: whether the model keeps its answers when its samples are moved, turned, blurred, darker or noisy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip, not_paid
from reportgen.analyses.robustness.results import ChangedAccuracy, RobustnessResult
from reportgen.analyses.robustness.rules import RULES, findings
from reportgen.errors import ForwardError
from reportgen.measures.corruptions import Corruption, corruptions, stored_ends
from reportgen.measures.effort import effort_of
from reportgen.measures.intervals import measure
from reportgen.measures.paired import gained_and_lost, mcnemar_exact, paired_difference
from reportgen.measures.tiles import even_columns, pictures_of
from reportgen.messages import counted, say
from reportgen.results import FEWEST_SAMPLES, Finding, ImageGrid, Inconclusive, Limits
from reportgen.run import EvaluatedSamples, answers_of, right_answers, run_changed
from reportgen.samples import LabelSets, Unused

MOST_CHANGED = 100
"""Samples that are changed, drawn by the seed; with `--effort full` all are."""

_SMALLEST = 8
"""Pixels along each axis of the smallest pictures: in smaller ones a shift by 4 pixels leaves nothing in its place."""

_PICTURE_PIXELS = 56 * 56

_NO_PICTURES = say(
    "The samples are not pictures of {size} pixels and more, so they cannot be moved or blurred.", size=8
)
_NO_RANGE = say("The stored values do not show how black and white are stored, so the samples cannot be changed.")
_NOT_FINITE = say("Some outputs are NaN or infinite, so no answer can be compared.")
_NO_SCORES = say("The output is not one score per class, so no answer can be compared.")


class Robustness:
    """Runs samples again after changes that a camera, a file or a person may make."""

    name = "robustness"
    title = say("Robustness")
    rules = RULES

    def run(self, context: AnalysisContext) -> RobustnessResult | Skip:
        """Return how many answers survive each change; a skip where nothing can be changed, compared or paid for."""
        samples, live = context.samples, context.live
        if samples is None or live is None:
            return Skip(context.no_samples_reason)
        ends = stored_ends(samples.summary.dtype, samples.summary.stored_range)
        scores = context.scores
        reason = _reason(samples, has_ends=ends is not None, has_scores=scores is not None)
        if reason or ends is None or scores is None:
            return Skip(reason)
        effort = effort_of(context.options.effort, context.layers)
        changes = corruptions(samples.summary.shape[-1])
        most = samples.evaluated if effort.budget is None else min(samples.evaluated, MOST_CHANGED)
        count, run = _paid(effort.changed(most * len(changes)), samples.evaluated, changes)
        if not run:
            return not_paid(effort)
        order = np.random.default_rng(context.options.seed).permutation(samples.evaluated)[:count].tolist()
        stored = samples.read(order)
        labels = samples.classes or answers_of(scores)
        right = right_answers(scores, labels)[order]
        found = []
        for one in run:
            changed = one.of(stored, ends, seed=context.options.seed)
            try:
                outputs = run_changed(live, samples, changed, order)
            except ForwardError as error:
                return Skip(say("The model could not run on changed samples. Received: {error}", error=str(error)))
            found.append(_compared(one, right, right_answers(scores.like(outputs), labels.take(order))))
        return RobustnessResult(
            checked=count,
            evaluated=samples.evaluated,
            labelled=samples.classes is not None,
            exact=isinstance(labels, LabelSets),
            before=measure(int(right.sum()), count),
            changes=tuple(found),
            left_out=len(changes) - len(run),
            passes=count * len(run),
            cost=effort.cost,
            **_pictures(stored[:1], run, ends, seed=context.options.seed),
        )

    def findings(self, result: RobustnessResult, limits: Limits) -> Iterable[Finding | Inconclusive]:
        """Return the change that costs most of those that cost more than the limit allows."""
        return findings(result, limits)


def _reason(samples: EvaluatedSamples, *, has_ends: bool, has_scores: bool) -> str:
    """Return why nothing can be measured, one sentence; '' where it can be."""
    shape = samples.summary.shape
    if len(shape) != 3 or min(shape[:2]) < _SMALLEST:
        return _NO_PICTURES
    if samples.not_repeatable:
        return samples.not_repeatable
    if not np.isfinite(samples.activations.outputs).all():
        return _NOT_FINITE
    if not has_scores or not (samples.labels is None or samples.classes or isinstance(samples.labels, Unused)):
        return _NO_SCORES
    if not has_ends:
        return _NO_RANGE
    if samples.evaluated < FEWEST_SAMPLES:
        return counted(
            samples.evaluated,
            "{n} sample is too few to compare answers; {needed} are needed.",
            "{n} samples are too few to compare answers; {needed} are needed.",
            needed=FEWEST_SAMPLES,
        )
    return ""


def _paid(passes: int, evaluated: int, changes: tuple[Corruption, ...]) -> tuple[int, tuple[Corruption, ...]]:
    """Return how many samples are changed, and in which ways: fewer samples are saved first, then strong changes.

    Args:
        passes: what is paid for.
        evaluated: number of samples at hand, at least `FEWEST_SAMPLES`.
        changes: all of them, mild ones first.
    """
    count = max(min(evaluated, passes // len(changes)), FEWEST_SAMPLES)
    mild = sum(one.severity == 1 for one in changes)
    affordable = min(len(changes), passes // count)
    return count, changes[:affordable] if affordable >= mild else ()


def _compared(change: Corruption, before: np.ndarray, after: np.ndarray) -> ChangedAccuracy:
    """Return how a change does, by which of the samples are right before and after it, (n,) bool each."""
    gained, lost = gained_and_lost(before, after)
    low, high = paired_difference(int(before.sum()), gained, lost, len(before))
    return ChangedAccuracy(
        name=change.name,
        kind=change.kind,
        level=change.level,
        severity=change.severity,
        accuracy=measure(int(after.sum()), len(after)),
        gained=gained,
        lost=lost,
        low=low,
        high=high,
        p_value=mcnemar_exact(gained, lost),
    )


def _pictures(
    sample: np.ndarray, changes: Sequence[Corruption], ends: tuple[float, float], *, seed: int
) -> dict[str, Any]:
    """Return a sample as it is and after the strongest change of each kind, and what was done to each."""
    strongest = {one.kind: one for one in changes}.values()
    shown = np.concatenate([sample, *(one.of(sample, ends, seed=seed) for one in strongest)])
    drawn = pictures_of(shown, pixels=_PICTURE_PIXELS)
    assert drawn is not None
    names = (say("unchanged"), *(one.name for one in strongest))
    labels = tuple(str(place) for place in range(len(names)))
    grid = ImageGrid(
        drawn.values, labels, drawn.value_range, len(names), drawn.palette, even_columns(len(names)), drawn.maxima
    )
    return {"pictures": grid, "pictured": names}
