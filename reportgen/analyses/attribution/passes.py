"""The passes behind attribution maps: one for the gradients, one of the randomised model, one of masked samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analyses.attribution.rules import AIMLESS
from reportgen.analyses.base import AnalysisContext
from reportgen.keras_internals import is_graph
from reportgen.measures.arrangement import Arrangement
from reportgen.measures.attribution_checks import completeness_error, rank_correlation
from reportgen.measures.attribution_maps import FORMULAS, positive_evidence
from reportgen.measures.deletion import DeletionTest, deletion_tests
from reportgen.measures.effort import Effort, PaidTests, effort_of
from reportgen.messages import say
from reportgen.models.gradients import (
    ClassLogits,
    Gradients,
    GradientTarget,
    LogitGradients,
    affine_bias,
    find_target,
    integrated_gradients,
    logits_at,
    predicted_logits,
)
from reportgen.models.passes import LiveModel, SampleInputs, randomised_kernels
from reportgen.run import ClassScores, EvaluatedSamples
from reportgen.samples import Targets

POINTS, MOST_POINTS = 50, 400
"""Of the quadrature of integrated gradients; doubled until complete."""

COMPLETE = 0.01
"""Error up to which more points are not tried."""


@dataclass(frozen=True)
class CheckedMaps:
    """The maps of one method for n samples and the numbers of their tests.

    Attributes:
        key: the method, as --attribution takes it.
        values: (n, h, w) float32; h is 1 along time; (n, d, h, w) of volumes.
        evidence: their positive part, see `positive_evidence`; all 0 of a map that has none.
        similarity: (n,) rank correlation with the map of the randomised network; NaN of what it has no map of.
        randomised: number of maps, the first ones, that it has one of.
        deletion: the map's order against random ones, of each of n maps; those without evidence are not tested.
        completeness: (n,) errors, or None.
        points: most that a sample's quadrature needed, or None.
    """

    key: str
    values: np.ndarray
    evidence: np.ndarray
    similarity: np.ndarray
    randomised: int
    deletion: tuple[DeletionTest, ...]
    completeness: np.ndarray | None
    points: int | None


@dataclass(frozen=True)
class Explained:
    """What was explained: at which layer, of n samples which class (n,) with which logit (n,), and the maps.

    `kernels` counts those that the randomised network had drawn anew; `other_inputs` tells whether the model has some, and
    `effort` what their tests could cost.
    """

    target: GradientTarget
    classes: np.ndarray
    logits: np.ndarray
    maps: tuple[CheckedMaps, ...]
    kernels: int
    other_inputs: bool
    effort: Effort


@dataclass(frozen=True)
class _Samples:
    """What is explained: inputs, the black one, their logits; `score` and `as_good` are what deletion is tested with.

    `tests` tells of each method how many of its maps are tested; `features` are those of the target in the first pass, where it
    kept them.
    """

    inputs: SampleInputs
    black: np.ndarray
    logits: ClassLogits
    score: Callable[[np.ndarray, np.ndarray], np.ndarray]
    arrangement: Arrangement
    as_good: float
    tests: Mapping[str, PaidTests]
    features: np.ndarray | None


def explain(context: AnalysisContext, samples: EvaluatedSamples, most: int) -> Explained | str:
    """Return the maps of the first chosen samples, or the reason why there are none.

    Raises:
        ForwardError: the model has no gradients there.
    """
    live, outputs = context.live, samples.activations.outputs
    numbers = isinstance(samples.labels, Targets)
    scores = None if numbers else context.scores
    if live is None or scores is None:
        return say("No class can be explained: the output is not one score per class.")
    inputs = SampleInputs(samples.scale(samples.images[:most]), pack=samples.pack)
    target = find_target(live, inputs.take(slice(2)), outputs[:2])
    if target is None and inputs.several:
        return say("No map can be drawn: no convolution depends on the input shown.")
    if target is None or len(target.size) != samples.images.ndim - 2:
        return say("No map can be drawn: no convolution has an output with the input’s axes.")
    classes = np.argmax(scores.values[: len(inputs)], axis=1)
    effort, methods = effort_of(context.options.effort, context.layers), context.options.attribution_methods
    given = _Samples(
        inputs=inputs,
        black=samples.scale(np.zeros_like(samples.images[:1]))[0],
        logits=predicted_logits(scores.values[: len(inputs)], int(np.prod(outputs.shape[1:]))),
        score=_score(live, samples, scores, classes),
        arrangement=samples.arrangement,
        as_good=context.limits[AIMLESS.code],
        tests={
            key: effort.tests(len(inputs), methods=len(methods), points=0 if key in FORMULAS else POINTS)
            for key in methods
        },
        features=_features(samples, len(inputs), target),
    )
    maps, logits, kernels = _maps(context, live, target, given)
    return Explained(target, classes, logits, maps, kernels, inputs.several, effort)


def _features(samples: EvaluatedSamples, count: int, target: GradientTarget) -> np.ndarray | None:
    """Return what the target's call put out in the first pass for so many samples; None where that did not keep it."""
    recorded = samples.activations
    kept = recorded.beside_call == target.features and len(recorded.beside) >= count
    return recorded.beside[:count] if kept else None


def _score(
    live: LiveModel, samples: EvaluatedSamples, scores: ClassScores, classes: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the function that gives the score of the class of each masked copy's sample, read as the samples' own scores are."""

    def score(inputs: np.ndarray, positions: np.ndarray) -> np.ndarray:
        outputs = live.answers(SampleInputs(inputs, positions, samples.pack))
        return np.asarray(scores.like(outputs).values[np.arange(len(inputs)), classes[positions]])

    return score


def _maps(
    context: AnalysisContext, live: LiveModel, target: GradientTarget, given: _Samples
) -> tuple[tuple[CheckedMaps, ...], np.ndarray, int]:
    """Return the checked maps of all methods, the logits explained and the number of kernels drawn anew."""
    seed, keys = context.options.seed, context.options.attribution_methods
    by_features = any(key in FORMULAS for key in keys)
    features, pictured = LogitGradients(live, target), LogitGradients(live, target, by_input=True)
    trained = features.of(given.inputs, given.logits, features=given.features) if by_features else None
    logits = trained.logits if trained is not None else logits_at(live, target, given.inputs, given.logits)
    integrated = _integrated(live, target, pictured, given) if "integrated-gradients" in keys else None
    random, kernels = _randomised(context, live, features, pictured, given)
    checked = []
    for key in keys:
        error = points = None
        if key in FORMULAS and trained is not None:
            values = FORMULAS[key](_with_rows(trained.values), _with_rows(trained.gradients))
            error = _affine_error(context, live, target, given, values, trained) if key == "hirescam" else None
        elif integrated is not None:
            values, error, points = integrated
        checked.append(_checked(key, values, logits, random[key], given, seed, error, points))
    return tuple(checked), logits, kernels


def _randomised(
    context: AnalysisContext, live: LiveModel, features: LogitGradients, pictured: LogitGradients, given: _Samples
) -> tuple[dict[str, np.ndarray], int]:
    """Return the first maps of each method of the randomised network, and the number of kernels drawn anew."""
    most = {key: tests.randomised for key, tests in given.tests.items()}
    shared = max((most[key] for key in most if key in FORMULAS), default=0)
    maps = {key: np.empty((0, 1, 1), np.float32) for key in most}
    if not any(most.values()):
        return maps, 0
    with randomised_kernels(live, context.kernels, seed=context.options.seed) as kernels:
        if shared:
            fresh = features.of(given.inputs.take(slice(shared)), given.logits.take(slice(shared)))
        for key in most:
            if key in FORMULAS:
                maps[key] = FORMULAS[key](_with_rows(fresh.values), _with_rows(fresh.gradients))
            elif most[key]:
                maps[key] = _integral(pictured, given, POINTS, np.arange(most[key]))
    return maps, kernels


def _checked(
    key: str,
    values: np.ndarray,
    logits: np.ndarray,
    random: np.ndarray,
    given: _Samples,
    seed: int,
    completeness: np.ndarray | None,
    points: int | None,
) -> CheckedMaps:
    pictures = given.arrangement.apply(given.inputs.values)

    def score(masked: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Return the scores of masked pictures, which the model takes in its own order of axes."""
        shown = masked[:, 0] if pictures.ndim == 3 else masked
        return given.score(given.arrangement.undo(shown), positions)

    evidence = positive_evidence(values, logits)
    deletion = deletion_tests(
        values,
        _with_rows(pictures),
        score,
        seed=seed,
        limit=given.as_good,
        most=given.tests[key].deletion,
        chosen=np.flatnonzero(evidence.any(axis=tuple(range(1, evidence.ndim)))).tolist(),
    )
    similarity = np.full(len(values), np.nan)
    similarity[: len(random)] = [rank_correlation(*pair) for pair in zip(values, random, strict=False)]
    return CheckedMaps(key, values, evidence, similarity, len(random), deletion, completeness, points)


def _affine_error(
    context: AnalysisContext,
    live: LiveModel,
    target: GradientTarget,
    given: _Samples,
    values: np.ndarray,
    trained: Gradients,
) -> np.ndarray | None:
    """Return the completeness errors of HiResCAM where only means and one dense layer follow the maps."""
    known = all(call.path in live.layers for call in context.layers)
    bias = affine_bias(live, target) if is_graph(live.model) and known else None
    if bias is None:
        return None
    explained = trained.logits - bias[given.logits.columns] * given.logits.signs
    totals = values.reshape(len(values), -1).sum(axis=1)
    return np.array([completeness_error(*map(float, pair)) for pair in zip(totals, explained, strict=True)])


def _integrated(
    live: LiveModel, target: GradientTarget, gradients: LogitGradients, given: _Samples
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the maps, their completeness errors and the most points used: doubled for samples that are not complete."""
    black = replace(given.inputs, values=np.broadcast_to(given.black, given.inputs.values.shape))
    explained = logits_at(live, target, given.inputs, given.logits) - logits_at(live, target, black, given.logits)
    points = POINTS
    maps = _integral(gradients, given, points)
    while True:
        totals = maps.reshape(len(maps), -1).sum(axis=1)
        errors = np.array([completeness_error(*map(float, pair)) for pair in zip(totals, explained, strict=True)])
        again = np.flatnonzero(errors > COMPLETE)
        if not again.size or 2 * points > MOST_POINTS:
            return maps, errors, points
        points *= 2
        maps[again] = _integral(gradients, given, points, again)


def _integral(gradients: LogitGradients, given: _Samples, points: int, chosen: np.ndarray | None = None) -> np.ndarray:
    which = np.arange(len(given.inputs)) if chosen is None else chosen
    found = integrated_gradients(
        gradients, given.inputs.take(which), given.black, given.logits.take(which), points=points
    )
    maps = np.asarray(given.arrangement.apply(found).sum(axis=-1))
    return maps[:, None] if maps.ndim == 2 else maps


def _with_rows(values: np.ndarray) -> np.ndarray:
    """Return (n, length, channels), along time, as a single row (n, 1, length, channels); all else as it is."""
    return values[:, None] if values.ndim == 3 else values
