"""Confidence: what it says about right answers, which threshold gives which precision, and how sure the model is of no sample."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.confidence.labelled import labelled_confidence
from reportgen.analyses.confidence.results import ConfidenceResult, Unfamiliar
from reportgen.analyses.confidence.rules import RULES, findings
from reportgen.errors import ForwardError
from reportgen.measures.corruptions import stored_ends
from reportgen.measures.effort import effort_of
from reportgen.measures.intervals import measure
from reportgen.measures.ranking import measure_ranking
from reportgen.messages import counted, say
from reportgen.models.passes import only_input
from reportgen.results import FEWEST_SAMPLES, Finding, Limits
from reportgen.run import ClassScores, EvaluatedSamples, run_changed
from reportgen.samples import PictureTargets, Targets

MOST_UNFAMILIAR = 100
"""Inputs of each kind of what is no sample that are run: an interval of an area is 0.15 wide at the most."""

SURE = 0.9
"""Confidence over which an answer counts as sure."""

_PATCHES = 4  # along each axis
_SMALLEST = 8  # pixels along each axis of pictures that are cut into patches


class Confidence:
    """Looks at the probability of each answer."""

    name = "confidence"
    title = say("Confidence")
    rules = RULES

    def run(self, context: AnalysisContext) -> ConfidenceResult | Skip:
        """Return what confidence is good for; a skip where the output is not one score per class."""
        samples = context.samples
        if samples is None:
            return Skip(context.no_samples_reason)
        scores = context.scores
        if scores is None or isinstance(samples.labels, Targets | PictureTargets):
            return Skip(say("The output is not one score per class, so it has no confidence."))
        confidence = scores.values.max(axis=1)
        labels, temperature, labelled = samples.classes, context.temperature, None
        if labels is not None and temperature is not None:
            labelled = labelled_confidence(scores, labels, temperature, samples.class_name, seed=context.options.seed)
        unfamiliar, not_run = _unfamiliar(context, samples, scores, confidence)
        return ConfidenceResult(
            evaluated=samples.evaluated,
            confidence=float(confidence.mean()),
            sure=measure(int((confidence > SURE).sum()), len(confidence)),
            labelled=labelled,
            unfamiliar=unfamiliar,
            not_run=not_run,
            passes=sum(one.count for one in unfamiliar),
        )

    def findings(self, result: ConfidenceResult, limits: Limits) -> Iterable[Finding]:
        """Return whether another threshold would certainly do better."""
        return findings(result, limits)


def _unfamiliar(
    context: AnalysisContext, samples: EvaluatedSamples, scores: ClassScores, confidence: np.ndarray
) -> tuple[tuple[Unfamiliar, ...], str]:
    """Return how sure the model is of what is no sample, and why some of that was not run."""
    live, shape = context.live, samples.summary.shape
    if live is None or samples.pack is not only_input:
        return (), say("The model has several inputs, so that nothing else could be given to it.")
    if samples.not_repeatable:
        return (), samples.not_repeatable
    ends = stored_ends(samples.summary.dtype, samples.summary.stored_range)
    pictures = ends is not None and len(shape) == 3 and min(shape[:2]) >= _SMALLEST
    wanted = [*(("noise", "patches") if pictures else ()), *(("outside",) if context.outside is not None else ())]
    if not wanted:
        return (), say("The samples are no pictures, so that noise may be as good as they are.")
    if samples.evaluated < FEWEST_SAMPLES:
        return (), counted(
            samples.evaluated,
            "{n} sample is too few to compare answers; {needed} are needed.",
            "{n} samples are too few to compare answers; {needed} are needed.",
            needed=FEWEST_SAMPLES,
        )
    most = min(samples.evaluated, MOST_UNFAMILIAR)
    count = effort_of(context.options.effort, context.layers).changed(most * len(wanted)) // len(wanted)
    if count < FEWEST_SAMPLES:
        return (), say("The budget of effort does not pay for what is no sample.")
    found, reason = list[Unfamiliar](), ""
    positions = np.random.default_rng(context.options.seed).permutation(samples.evaluated)[:count].tolist()
    for kind in wanted:
        stored = _made(kind, context, samples, positions, ends)
        if stored is None:
            reason = say(
                "The samples of --outside are stored in another way than the samples ({dtype}), so they were not run.",
                dtype=samples.summary.dtype,
            )
            continue
        try:
            outputs = run_changed(live, samples, stored, [positions[place % count] for place in range(len(stored))])
        except ForwardError as error:
            return tuple(found), say("The model could not run on it. Received: {error}", error=str(error))
        found.append(_judged(kind, confidence, scores.like(outputs).values.max(axis=1)))
    return tuple(found), reason


_NAMES = {
    "noise": say("noise, each value drawn by itself"),
    "patches": say("samples cut into {count} patches in another order", count=_PATCHES**2),
    "outside": say("samples of --outside"),
}


def _made(
    kind: str,
    context: AnalysisContext,
    samples: EvaluatedSamples,
    positions: Sequence[int],
    ends: tuple[float, float] | None,
) -> np.ndarray | None:
    """Return what is no sample, as samples are stored, (n, *shape); None for samples of --outside that are stored otherwise."""
    generator = np.random.default_rng(context.options.seed)
    if kind == "outside" and context.outside is not None:
        source = context.outside
        if source.shape != samples.summary.shape or str(source.dtype) != samples.summary.dtype:
            return None
        return np.asarray(source.read(np.sort(generator.permutation(source.count)[: len(positions)]).tolist()))
    if kind == "noise" and ends is not None:
        shape, dtype = (len(positions), *samples.summary.shape), np.dtype(samples.summary.dtype)
        if dtype.kind in "iu":
            return generator.integers(int(ends[0]), int(ends[1]) + 1, shape).astype(dtype)
        return generator.uniform(*ends, shape).astype(dtype)
    return np.stack([_shuffled(picture, generator) for picture in samples.read(positions)])


def _shuffled(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return a picture whose 4 x 4 patches of equal size have changed places; what does not fit into them stays."""
    height, width = (size // _PATCHES for size in picture.shape[:2])
    changed: np.ndarray = picture.copy()
    for place, source in enumerate(generator.permutation(_PATCHES**2).tolist()):
        (top, left), (row, column) = divmod(place, _PATCHES), divmod(source, _PATCHES)
        changed[top * height : (top + 1) * height, left * width : (left + 1) * width] = picture[
            row * height : (row + 1) * height, column * width : (column + 1) * width
        ]
    return changed


def _judged(kind: str, own: np.ndarray, other: np.ndarray) -> Unfamiliar:
    told = measure_ranking(np.concatenate([own, other]), np.arange(len(own) + len(other)) < len(own))
    assert told is not None
    return Unfamiliar(
        kind=kind,
        name=_NAMES[kind],
        count=len(other),
        confidence=float(other.mean()),
        sure=measure(int((other > SURE).sum()), len(other)),
        area=told.roc,
    )
