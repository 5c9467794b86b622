"""Preprocessing: whether the model does better when the same samples are scaled in another of the usual ways."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.preprocessing_check.results import PreprocessingCheckResult, VariantAccuracy
from reportgen.analyses.preprocessing_check.rules import RULES, findings
from reportgen.analyses.preprocessing_check.variants import Variant, preprocessing_variants
from reportgen.errors import ForwardError
from reportgen.measures.intervals import measure
from reportgen.messages import say
from reportgen.models.passes import LiveModel, predict
from reportgen.results import Finding, Limits
from reportgen.run import ClassScores, EvaluatedSamples, class_scores, right_answers
from reportgen.samples import Classes, LabelSets, Targets

MOST_CHECKED = 200
"""Samples that are scored, drawn by the seed."""

_NUMBERS = say("The labels are numbers, not classes, so no answer can be counted as right or wrong.")
_NOT_FINITE = say("The output is NaN or infinite for some samples, so no answer can be counted as right.")
_NO_SCORES = say("The output is not one score for each class, so no answer can be counted as right.")

_SAME = 1e-4
"""Of the declared inputs' range: variants that differ by less everywhere are the declared one. Rounding stays far below."""


class PreprocessingCheck:
    """Scores the labelled samples as declared and in the other usual scales."""

    name = "preprocessing_check"
    title = say("Preprocessing")
    rules = RULES

    def run(self, context: AnalysisContext) -> PreprocessingCheckResult | Skip:
        """Return every variant's accuracy; a skip without labels or class scores, or when the model cannot be run again."""
        samples = context.samples
        if samples is None or context.live is None:
            return Skip(context.no_samples_reason)
        if samples.not_repeatable:
            return Skip(samples.not_repeatable)
        labels, outputs = samples.classes, samples.activations.outputs
        if labels is None:
            return Skip(_NUMBERS if isinstance(samples.labels, Targets) else samples.no_labels_reason)
        if not np.isfinite(outputs).all():
            return Skip(_NOT_FINITE)
        scores = class_scores(outputs, head=context.head, labels=labels)
        if scores is None:
            return Skip(_NUMBERS if outputs.shape[1:] == (1,) else _NO_SCORES)
        try:
            return _check(context.live, samples, labels, scores, seed=context.options.seed)
        except ForwardError as error:
            return Skip(
                say("The model could not be run on samples scaled in another way. Received: {error}", error=str(error))
            )

    def findings(self, result: PreprocessingCheckResult, limits: Limits) -> Iterable[Finding]:
        """Return the best variant where it beats the declared one by more than chance."""
        return findings(result, limits)


def mcnemar_exact(gained: int, lost: int) -> float:
    """Return the two-sided p-value of McNemar's exact test: whether as many pairs changed one way as the other.

    Args:
        gained: pairs that changed from wrong to right.
        lost: pairs that changed from right to wrong.

    Source: McNemar 1947, Psychometrika 12, 153; the binomial distribution of the smaller count at 1/2, doubled.
    """
    changed = gained + lost
    tail = sum(math.comb(changed, count) for count in range(min(gained, lost) + 1))
    return float(min(1.0, 2 * tail / 2**changed))


def _check(
    live: LiveModel, samples: EvaluatedSamples, labels: Classes, scores: ClassScores, *, seed: int
) -> PreprocessingCheckResult:
    positions = np.arange(samples.evaluated)
    if len(positions) > MOST_CHECKED:
        positions = np.sort(np.random.default_rng(seed).choice(positions, MOST_CHECKED, replace=False))
    labels, outputs = labels.take(positions), samples.activations.outputs[positions]
    variants, left_out = preprocessing_variants(samples)
    rows, same = _outputs(live, samples, positions, variants, outputs)
    declared = right_answers(scores.like(outputs), labels)
    entries = [
        _compared(name, right_answers(scores.like(row), labels), declared)
        for name, row in rows.items()
        if name not in same
    ]
    return PreprocessingCheckResult(
        checked=len(positions),
        evaluated=samples.evaluated,
        declared=measure(int(declared.sum()), len(positions)),
        variants=tuple(sorted(entries, key=lambda entry: -entry.accuracy.value)),
        same=same,
        left_out=left_out,
        exact=isinstance(labels, LabelSets),
        majority=float(np.unique(labels.values, axis=0, return_counts=True)[1].max() / len(positions)),
    )


def _outputs(
    live: LiveModel,
    samples: EvaluatedSamples,
    positions: np.ndarray,
    variants: Mapping[str, Variant],
    declared_outputs: np.ndarray,
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Return each variant's outputs, (n, K) float32, and the names of the variants that are what was declared.

    The samples are read once, batch by batch; a batch that is the declared one is not run again.
    """
    rows: dict[str, list[np.ndarray]] = {name: [] for name in variants}
    different = set()
    for start in range(0, len(positions), live.batch):
        places = positions[start : start + live.batch].tolist()
        stored = samples.read(places)
        declared = samples.scale(stored)
        tolerance = _SAME * max(float(np.ptp(declared)), 1e-30)
        for name, variant in variants.items():
            inputs = np.ascontiguousarray(variant(stored))
            if float(np.abs(inputs - declared).max()) <= tolerance:
                rows[name].append(declared_outputs[start : start + len(stored)])
                continue
            different.add(name)
            rows[name].append(predict(live.model, [samples.pack(inputs, places)]))
    outputs = {name: np.concatenate(parts) for name, parts in rows.items()}
    return outputs, tuple(name for name in variants if name not in different)


def _compared(name: str, right: np.ndarray, declared: np.ndarray) -> VariantAccuracy:
    gained, lost = int((right & ~declared).sum()), int((declared & ~right).sum())
    return VariantAccuracy(name, measure(int(right.sum()), len(right)), gained, lost, mcnemar_exact(gained, lost))
