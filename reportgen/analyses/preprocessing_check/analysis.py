"""Preprocessing: whether the model takes the same samples better when they are scaled in another of the usual ways."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip, not_paid
from reportgen.analyses.preprocessing_check.moments import MomentFit, first_normalization, fit_of
from reportgen.analyses.preprocessing_check.results import (
    ALIKE,
    DOUBTFUL,
    PreprocessingCheckResult,
    ScaleFit,
    VariantAccuracy,
)
from reportgen.analyses.preprocessing_check.rules import OTHER, RULES, findings
from reportgen.analyses.preprocessing_check.variants import Variant, preprocessing_variants
from reportgen.errors import ForwardError
from reportgen.measures.effort import effort_of
from reportgen.measures.intervals import measure
from reportgen.measures.paired import gained_and_lost, mcnemar_exact
from reportgen.measures.selective import right_at_best
from reportgen.messages import say
from reportgen.models.graphs import RECTIFIERS, layer_path
from reportgen.models.passes import ChannelMoments, LiveModel, PlannedPass, channel_moments, run_forward
from reportgen.progress import counted_off
from reportgen.results import Finding, Limits
from reportgen.run import ClassScores, EvaluatedSamples, class_scores, right_answers
from reportgen.samples import Classes, LabelSets, Targets

FEWEST_ALIKE = 5
"""Samples under which scores may be alike because the samples are. Our choice, as for outputs that are alike."""

MOST_CHECKED = 200
"""Samples that are scored, drawn by the seed; where these leave open whether a variant is better, it is run on the others too."""

_HOPEFUL = 0.5  # p-value under which these may leave it open

_NUMBERS = say("The labels are numbers, not classes, so no prediction is right or wrong.")
_NOT_FINITE = say("Some outputs are NaN or infinite, so no prediction can be scored.")
_NO_SCORES = say("The output is not one score per class, so no prediction can be scored.")

FIRST = 50
"""Samples on which every variant is run, at most; those ahead of the declared one then are run on others, or else its equals."""

BUDGET = 2
"""Sample passes of all variants together, at most, for each evaluated sample."""

_FEW = 8
"""Samples that tell how wide a scale is."""

_NOT_PAID: Literal["not paid"] = "not paid"

_SAME = 1e-4
"""Of the declared inputs' range: variants that differ by less everywhere are the declared one. Rounding stays far below."""


class PreprocessingCheck:
    """Runs the samples in the other usual scales: scored where labels tell what is right, else where something is amiss."""

    name = "preprocessing_check"
    title = say("Preprocessing")
    rules = RULES

    def run(self, context: AnalysisContext) -> PreprocessingCheckResult | Skip:
        """Return how the model takes every variant; a skip where nothing can tell, or when the model cannot be run again."""
        samples = context.samples
        if samples is None or context.live is None:
            return Skip(context.no_samples_reason)
        if samples.not_repeatable:
            return Skip(samples.not_repeatable)
        if not np.isfinite(samples.activations.outputs).all():
            return Skip(_NOT_FINITE)
        scores, reason = _scores(context, samples)
        effort = effort_of(context.options.effort, context.layers)
        try:
            result = _check(
                _Passes(context, context.live, samples),
                samples,
                scores,
                limit=context.limits[OTHER.code],
                seed=context.options.seed,
                most=effort.rescaled(BUDGET * samples.evaluated),
            )
        except ForwardError as error:
            return Skip(
                say("The model could not run on samples scaled differently. Received: {error}", error=str(error))
            )
        if result == _NOT_PAID:
            return not_paid(effort)
        return result or Skip(reason)

    def findings(self, result: PreprocessingCheckResult, limits: Limits) -> Iterable[Finding]:
        """Return the best variant where it beats the declared one by more than chance."""
        return findings(result, limits)


def _scores(context: AnalysisContext, samples: EvaluatedSamples) -> tuple[ClassScores | None, str]:
    """Return the declared scores where labels say which are right, and the reason where there are none."""
    labels, outputs = samples.classes, samples.activations.outputs
    if labels is None:
        return None, _NUMBERS if isinstance(samples.labels, Targets) else samples.no_labels_reason
    scores = context.scores
    return scores, "" if scores else _NUMBERS if outputs.shape[1:] == (1,) else _NO_SCORES


class _Passes:
    """Runs the samples in other scales, and watches the first batch normalisation where it does not fit as declared."""

    def __init__(self, context: AnalysisContext, live: LiveModel, samples: EvaluatedSamples) -> None:
        self.live, self.samples, self.head = live, samples, context.head
        recorded = samples.activations
        # a compiled model's layers cannot be watched one by one
        watched = None if live.no_gradients else first_normalization(context.normalizations, recorded.moments)
        self.normalization = watched[0] if watched else ""
        self._declared_fit = fit_of(watched[1], recorded.moments[watched[0]]) if watched else None
        misfit = self._declared_fit is not None and self._declared_fit.distance >= DOUBTFUL
        self._watched = watched[1] if watched and misfit else None
        self.own_scale = context.options.scale == "auto" and samples.summary.dtype == "uint8" and not samples.rescaled
        self.dead_layer = next(
            (
                name
                for name, one in recorded.statistics.items()
                if context.activations.get(layer_path(name)) in RECTIFIERS and (one.maximum <= 0).all()
            ),
            "",
        )

    @property
    def watches(self) -> bool:
        """Whether moments are taken of each run."""
        return self._watched is not None

    def run(
        self, inputs: np.ndarray, places: list[int], planned: PlannedPass
    ) -> tuple[np.ndarray, ChannelMoments | None]:
        """Return the outputs of prepared samples, (n, ...) float32, and the moments of what is watched.

        Args:
            inputs: some of the samples that are run.
            places: their positions.
            planned: the pass over all that are run, for where nothing is watched.
        """
        batch = self.samples.pack(np.ascontiguousarray(inputs), places)
        if self._watched is None:
            return planned.run([batch]), None
        layers = {self._watched.path: self.live.layers[self._watched.path]}
        found = run_forward(self.live.model, [batch], layers=layers, keep=frozenset(), keep_samples=0)
        return found.outputs, found.moments.get(self.normalization)

    def as_declared(self, positions: np.ndarray) -> ScaleFit | None:
        """Return how the model takes the samples as declared, where something is amiss; None where nothing is."""
        spread = self._spread(self.samples.activations.outputs)
        alike = spread is not None and spread < ALIKE and self.samples.evaluated >= FEWEST_ALIKE
        if self._watched is None and not alike:
            return None
        return self._fit_of("", "", self._declared_fit, spread, self._width(self.samples.scale, positions))

    def scale_fit(
        self, name: str, variant: Variant, outputs: np.ndarray, moments: list[ChannelMoments], positions: np.ndarray
    ) -> ScaleFit:
        """Return how the model takes the samples in one scale, told by outputs and moments of those at some positions."""
        fit = None
        if moments and self._watched is not None:
            fit = fit_of(self._watched, functools.reduce(ChannelMoments.merged, moments))
        return self._fit_of(name, variant.option, fit, self._spread(outputs), self._width(variant.apply, positions))

    def _width(self, prepare: Callable[[np.ndarray], np.ndarray], positions: np.ndarray) -> float:
        return float(prepare(self.samples.read(positions[:_FEW].tolist())).std())

    def _spread(self, outputs: np.ndarray) -> float | None:
        scores = class_scores(outputs, head=self.head)
        # classes that are each rare have low scores of their own, whatever the scale
        if scores is None or scores.independent or isinstance(self.samples.labels, Targets):
            return None
        if len(outputs) < min(FEWEST_ALIKE, self.samples.evaluated):
            return None
        return float(np.abs(scores.values - scores.values.mean(axis=0)).sum(axis=1).mean() / 2)

    @staticmethod
    def _fit_of(name: str, option: str, fit: MomentFit | None, spread: float | None, width: float) -> ScaleFit:
        distance, ratio = (fit.distance, fit.ratio) if fit else (None, None)
        return ScaleFit(name, option, distance, ratio, spread, max(width, float(np.finfo(np.float32).tiny)))


def _check(
    passes: _Passes, samples: EvaluatedSamples, scores: ClassScores | None, *, limit: float, seed: int, most: int
) -> PreprocessingCheckResult | Literal["not paid"] | None:
    """Return how the model takes the variants in so many passes at the most; None without labels where nothing is amiss."""
    every = np.random.default_rng(seed).permutation(samples.evaluated)
    order = every[:MOST_CHECKED]
    as_declared = passes.as_declared(np.sort(order[:FIRST]))
    if scores is None and as_declared is None:
        return None
    variants, left_out = preprocessing_variants(samples, _stored_moments(samples, np.sort(order[:FIRST])))
    if scores is None:
        variants = {name: one for name, one in variants.items() if one.is_scale}
    runs = [_Run(name, one) for name, one in variants.items()]
    others = [one for one in runs if _differs(one.variant, samples, order[:FIRST])]
    answers = None if scores is None else _Answers.of(scores, samples, every)
    out_of_reach = answers is not None and not _could_win(
        len(order) - int(answers.declared[: len(order)].sum()), 0, others, limit
    )
    run = [one for one in others if one.variant.is_scale or (answers and not out_of_reach)]
    run = [] if out_of_reach and as_declared is None else run
    rounds = 1 if answers is None or out_of_reach else 2  # the second for those that are not behind
    count = min(len(order), FIRST, most // (rounds * len(run))) if run else 0
    reach = min(len(every), most - (len(run) - 1) * count)  # of the most promising one
    too_few = answers is not None and rounds == 2 and bool(run) and not (count and _could_win(reach, 0, run, limit))
    if too_few:  # to score anything; how a scale fits can be told by a single sample
        answers, run = None, [one for one in run if one.variant.is_scale and as_declared is not None]
        count = min(len(order), FIRST, most // max(len(run), 1))
        if as_declared is not None and as_declared.distance is None and count < FEWEST_ALIKE:
            run = []
    if (run or too_few) and not (count and run):
        return _NOT_PAID
    _run_all(passes, samples, order[:count], run)
    fits = [
        passes.scale_fit(one.name, one.variant, np.concatenate(one.outputs), one.moments, order[:count])
        for one in run
        if as_declared is not None and one.variant.is_scale
    ]
    result = PreprocessingCheckResult(
        checked=count,
        evaluated=samples.evaluated,
        declared=None,
        variants=(),
        same=tuple(one.name for one in runs if one not in others),
        left_out=left_out,
        normalization=passes.normalization if as_declared and as_declared.distance is not None else "",
        as_declared=as_declared,
        scales=tuple(fits),
        scale_samples=count if as_declared else 0,
        dead_layer=passes.dead_layer,
        own_scale=passes.own_scale,
        first=count,
        too_few=too_few,
    )
    if answers is None:
        return result
    if out_of_reach:
        return _with_declared(replace(result, out_of_reach=True), answers, len(order))
    return _scored(result, passes, samples, answers, every, run, limit, most)


def _scored(
    result: PreprocessingCheckResult,
    passes: _Passes,
    samples: EvaluatedSamples,
    answers: _Answers,
    every: np.ndarray,
    runs: list[_Run],
    limit: float,
    most: int,
) -> PreprocessingCheckResult:
    """Return the result with each variant's accuracy.

    Those ahead at first, or else the equals, are run on others of the first samples. Where none is certainly better then, the one
    that may be is run on all others.
    """
    order = every[:MOST_CHECKED]
    wrong = int((~answers.declared[result.first : len(order)]).sum())  # of the others: what can still be gained
    first = {one.name: answers.compared(one) for one in runs}
    able = [one for one in runs if _could_win(first[one.name].gained + wrong, first[one.name].lost, runs, limit)]
    ahead = [one for one in able if first[one.name].gained > first[one.name].lost]
    ahead = ahead or [one for one in able if first[one.name].gained == first[one.name].lost]
    room = (most - len(runs) * result.first) // max(len(ahead), 1)
    more = order[result.first :][:room] if ahead else order[:0]
    _run_all(passes, samples, more, ahead)
    checked = result.first + len(more)
    found = {one.name: answers.compared(one) for one in runs}
    hopeful = min(ahead, key=lambda one: found[one.name].p_value, default=None)
    further = every[checked:][: most - len(runs) * result.first - len(ahead) * len(more)]
    if hopeful is not None and len(further) and _is_open(found[hopeful.name], len(runs), limit):
        _run_all(passes, samples, further, [hopeful])
        found[hopeful.name] = replace(answers.compared(hopeful), looks=2)
        checked += len(further)
    entries = sorted(found.values(), key=lambda entry: -entry.accuracy.value)
    too_few = not _could_win(checked, 0, runs, limit)
    return _with_declared(replace(result, variants=tuple(entries), too_few=too_few), answers, checked)


def _is_open(entry: VariantAccuracy, variants: int, limit: float) -> bool:
    """Return whether more samples may tell that a variant, the likeliest of all, is better."""
    return entry.gained > entry.lost and entry.p_value < _HOPEFUL and entry.p_value * variants >= limit


def _with_declared(result: PreprocessingCheckResult, answers: _Answers, checked: int) -> PreprocessingCheckResult:
    """Return the result with what the declared scaling gives on the first samples of the order."""
    labels = answers.labels.take(slice(checked))
    return replace(
        result,
        checked=checked,
        declared=measure(int(answers.declared[:checked].sum()), checked),
        exact=isinstance(labels, LabelSets),
        majority=float(np.unique(labels.values, axis=0, return_counts=True)[1].max() / checked),
    )


def _could_win(gained: int, lost: int, variants: Sequence[_Run], limit: float) -> bool:
    """Return whether a variant with so many samples gained and lost would be better by more than chance."""
    return gained > lost and mcnemar_exact(gained, lost) * len(variants) < limit


@dataclass(frozen=True)
class _Answers:
    """Declared scores, with the labels of the samples in the order of the check and which of them are right as declared.

    `at_best` tells which of these are right at thresholds chosen on others, of two classes and of sets; None elsewhere.
    """

    scores: ClassScores
    labels: Classes
    declared: np.ndarray
    at_best: np.ndarray | None = None

    @classmethod
    def of(cls, scores: ClassScores, samples: EvaluatedSamples, order: np.ndarray) -> _Answers:
        """Return the answers as declared at these positions."""
        assert samples.classes is not None
        labels = samples.classes.take(order)
        own = scores.like(samples.activations.outputs[order])
        return cls(scores, labels, right_answers(own, labels), _at_best(own.values, labels))

    def compared(self, run: _Run) -> VariantAccuracy:
        """Return how a variant does against the declared scaling, on the samples that it was run on."""
        outputs = np.concatenate(run.outputs)
        count = len(outputs)
        declared = self.declared[:count]
        right = right_answers(self.scores.like(outputs), self.labels.take(slice(count)))
        gained, lost = gained_and_lost(declared, right)
        p_value = mcnemar_exact(gained, lost)
        if self.at_best is not None:  # another threshold may explain as much as another scale
            best = self.at_best[:count]
            p_value = max(p_value, mcnemar_exact(*gained_and_lost(best, right)) if right.sum() > best.sum() else 1.0)
        return VariantAccuracy(run.name, measure(int(right.sum()), count), gained, lost, p_value, run.variant.option)


def _at_best(values: np.ndarray, labels: Classes) -> np.ndarray | None:
    """Return which answers are right, of sets which are right in every class, at thresholds chosen on others."""
    if isinstance(labels, LabelSets):
        return np.asarray(
            np.all([right_at_best(*each) for each in zip(values.T, labels.values.T, strict=True)], axis=0)
        )
    two = values.shape[1] == 2 and len(np.unique(labels.values)) == 2
    return right_at_best(values[:, 1], labels.values == 1) if two else None


def _stored_moments(samples: EvaluatedSamples, positions: np.ndarray) -> ChannelMoments:
    """Return the moments of the channels of samples as stored, one by one, so that they do not depend on the batch."""
    parts = [channel_moments(stored.astype(np.float32)) for stored in _one_by_one(samples, positions)]
    return functools.reduce(ChannelMoments.merged, parts)


@dataclass(eq=False)
class _Run:
    """What came of one variant so far.

    Attributes:
        name: the variant's name.
        variant: how it prepares samples.
        outputs: the model's, (n, ...) float32 of each batch.
        moments: those of the watched layer's inputs, for each batch that was run.
    """

    name: str
    variant: Variant
    outputs: list[np.ndarray] = field(default_factory=list)
    moments: list[ChannelMoments] = field(default_factory=list)


def _differs(variant: Variant, samples: EvaluatedSamples, positions: np.ndarray) -> bool:
    """Return whether a variant's inputs differ from the declared ones anywhere."""
    return any(
        not _is_declared(variant.apply(stored), samples.scale(stored)) for stored in _one_by_one(samples, positions)
    )


def _one_by_one(samples: EvaluatedSamples, positions: np.ndarray) -> Iterator[np.ndarray]:
    return (samples.read([place]) for place in positions.tolist())


def _is_declared(inputs: np.ndarray, declared: np.ndarray) -> bool:
    return float(np.abs(inputs - declared).max()) <= _SAME * max(float(np.ptp(declared)), 1e-30)


def _run_all(passes: _Passes, samples: EvaluatedSamples, positions: np.ndarray, runs: Iterable[_Run]) -> None:
    """Run samples in each of these ways, read once, several ways in one batch where nothing of each is watched."""
    ways = list(runs)
    planned = passes.live.repeated.over(len(positions) * len(ways))
    together = 1 if passes.watches else max(1, min(len(ways), planned.size))
    at_once = passes.live.batch if passes.watches else planned.size // together
    starts = range(0, len(positions), at_once)
    for start in counted_off(starts, len(positions), size=at_once):
        places = positions[start : start + at_once].tolist()
        stored = samples.read(places)
        for first in range(0, len(ways), together):
            some = ways[first : first + together]
            inputs = np.concatenate([one.variant.apply(stored) for one in some])
            outputs, moments = passes.run(inputs, places * len(some), planned)
            for one, own in zip(some, np.split(outputs, len(some)), strict=True):
                one.outputs.append(own)
                one.moments += [] if moments is None else [moments]
