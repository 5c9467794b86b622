"""What becomes a finding about kernels: those as their initialiser left them, and those that lost their rank or scale."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from reportgen.analyses.learned.results import NO_POWER, SCALED, LearnedKernel, LearnedResult
from reportgen.messages import Message, counted, first_of, say
from reportgen.models.weights import LEADING, NORM, RANK, STATISTICS
from reportgen.results import Advice, Certainty, Finding, Inconclusive, Limits, Rule, Severity

UNTRAINED = Rule(
    code="untrained-layer",
    meaning=say(
        "a kernel is indistinguishable from a fresh initialisation: no weight is outside its initialiser's range, the "
        "layer's bias is unchanged, and all statistics lie within the null band"
    ),
    severity=Severity.WARNING,
    threshold=0.05,
    unit=say("largest probability that any kernel of an untrained model lies further out"),
    source=say(
        "Westfall and Young, Resampling-Based Multiple Testing (1993), single-step maxT; Student's bound, or where "
        "the law of draws is known a normal bound with the skewness of Tracy and Widom's law, with Bonferroni's "
        "correction"
    ),
    bounds=(1e-9, 1.0),
    advice=Advice(
        title=say("No sign of training"),
        why=say("A layer that never learned adds noise, not knowledge."),
        action=say(
            "Check that the trained weights were loaded, and that the layer was trainable and received gradients."
        ),
        certainty=Certainty.TEST,
    ),
)

_NAMED = 4  # kernels in one sentence
_MOST_SINGLE = 4  # findings on single kernels


def untrained_layers(result: LearnedResult, limit: float) -> Iterator[Finding | Inconclusive]:
    """Yield what is as initialised, one finding where that is most of the model, and what cannot be decided.

    Args:
        result: a result at any chance of error.
        limit: chance of error that is allowed, see `LearnedResult.at`.
    """
    decided = result.at(limit)
    untrained = [kernel for kernel in decided.kernels if kernel.untrained]
    undecided = [kernel for kernel in decided.kernels if kernel.undecided]
    unseen = [kernel for kernel in decided.kernels if kernel.verdict == NO_POWER]
    told = [kernel for kernel in decided.kernels if kernel.learned]
    near = [*untrained, *undecided, *unseen]
    if untrained and len(near) > 1 and not told:
        yield _untrained_model(near, decided)
        return
    if len(untrained) > _MOST_SINGLE or (
        len(untrained) > 1 and len(untrained) > len(told) + len(near) - len(untrained)
    ):
        yield _untrained_layers(untrained, decided)
    else:
        yield from map(_untrained_layer, untrained)
    if undecided:
        yield _undecided_kernels(undecided, decided)
    if unseen:
        yield _unseen_kernels(unseen)


def _untrained_layer(kernel: LearnedKernel) -> Finding:
    """Return the finding on a kernel that is as initialised."""
    distance = kernel.largest_distance or 0.0
    evidence = {"distance": distance, "weights": kernel.comparison.compared}
    if kernel.verdict == SCALED:
        message = say(
            "no sign of training: a fresh draw of {initializer} times {scale:.3g}; only the scale differs, as by "
            "weight decay alone ({weights} weights){bias}",
            initializer=kernel.initializer or "",
            scale=kernel.scale,
            bias=_bias(kernel),
            weights=kernel.comparison.compared,
        )
        return UNTRAINED.finding(
            kernel.label, message, evidence={**evidence, "scale": kernel.scale}, threshold=kernel.limit
        )
    return UNTRAINED.finding(kernel.label, _as_a_draw(kernel, distance), evidence=evidence, threshold=kernel.chance)


def _as_a_draw(kernel: LearnedKernel, distance: float) -> Message:
    """Return what a kernel that is as initialised was compared with, and how near it is."""
    said: dict[str, Any] = {
        "initializer": kernel.initializer or "",
        "bias": _bias(kernel),
        "weights": kernel.comparison.compared,
    }
    if kernel.furthest is None:
        return say(
            "no sign of training: indistinguishable from a fresh {initializer} initialisation; all compared filters "
            "are orthogonal and of one length ({weights} weights){bias}",
            **said,
        )
    said |= {"statistic": STATISTICS[kernel.furthest], "distance": distance, "limit": kernel.chance}
    if kernel.comparison.by_law:
        return say(
            "no sign of training: none of six statistics differs from a fresh {initializer} initialisation (largest: "
            "{statistic}, {distance:.2f} σ; chance reaches {limit:.2f} σ; {weights} weights){bias}",
            **said,
        )
    return say(
        "no sign of training: none of six statistics differs from {redraws} fresh {initializer} initialisations "
        "(largest: {statistic}, {distance:.2f} σ; chance reaches {limit:.2f} σ; {weights} weights){bias}",
        redraws=kernel.comparison.redraws,
        **said,
    )


def _bias(kernel: LearnedKernel) -> Message | str:
    """Return what stands behind a kernel's weights about what else begins as constants."""
    return say(", and its biases or scales are unchanged") if kernel.moved == 0 else ""


def _untrained_model(kernels: list[LearnedKernel], result: LearnedResult) -> Finding:
    """Return the finding on a model none of whose kernels has learned; a warning where some of them could not be compared."""
    largest = max((kernel.largest_distance or 0.0 for kernel in kernels if kernel.verdict != SCALED), default=0.0)
    scaled = sum(kernel.verdict == SCALED for kernel in kernels)
    return UNTRAINED.finding(
        say("model"),
        say(
            "the model looks untrained: all {kernels} kernels that can be tested are indistinguishable from freshly "
            "initialised ones (largest deviation {largest:.2f} σ, limit {limit:.2f} σ){scaled}",
            kernels=len(kernels),
            largest=largest,
            limit=result.limit,
            scaled=counted(scaled, "; {n} differs in scale only", "; {n} differ in scale only") if scaled else "",
        ),
        evidence={"kernels": len(kernels), "largest_distance": largest},
        threshold=result.limit,
        severity=Severity.PROBLEM if len(kernels) == len(result.kernels) else Severity.WARNING,
    )


def _untrained_layers(kernels: list[LearnedKernel], result: LearnedResult) -> Finding:
    """Return one finding on several kernels that are as initialised."""
    return UNTRAINED.finding(
        say("model"),
        say(
            "{untrained} of {kernels} kernels show no sign of training: {names}",
            untrained=len(kernels),
            kernels=len(result.kernels),
            names=first_of([kernel.label for kernel in kernels], _NAMED),
        ),
        evidence={"untrained": len(kernels), "kernels": len(result.kernels)},
        threshold=result.chance,
    )


def _undecided_kernels(kernels: list[LearnedKernel], result: LearnedResult) -> Inconclusive:
    """Return one answer for all kernels between chance and the limit."""
    furthest = max(kernels, key=lambda kernel: kernel.largest_distance or 0.0)
    return Inconclusive(
        UNTRAINED.code,
        furthest.label if len(kernels) == 1 else say("model"),
        counted(
            len(kernels),
            "{n} kernel, {names}, is undecided: {distance:.2f} σ from its initialiser (untrained up to {chance:.2f} "
            "σ, trained beyond {limit:.2f} σ)",
            "{n} kernels, {names}, are undecided: up to {distance:.2f} σ from their initialisers (untrained up to "
            "{chance:.2f} σ, trained beyond {limit:.2f} σ)",
            names=first_of([kernel.label for kernel in kernels], _NAMED),
            distance=furthest.largest_distance or 0.0,
            chance=result.chance,
            limit=result.limit,
        ),
        None,
        remedy=say("This rule uses weights only; samples do not change it."),
    )


def _unseen_kernels(kernels: list[LearnedKernel]) -> Inconclusive:
    """Return one answer for all kernels of which no test could tell whether they were trained."""
    least = min(kernels, key=lambda kernel: kernel.seen)
    return Inconclusive(
        UNTRAINED.code,
        least.label if len(kernels) == 1 else say("model"),
        counted(
            len(kernels),
            "{n} kernel, {names}, is too small to test: with {weights} weights only a change of {seen:.0%} of its "
            "norm would show",
            "{n} kernels, {names}, are too small to test: only changes of at least {seen:.0%} of their norms would "
            "show",
            names=first_of([kernel.label for kernel in kernels], _NAMED),
            weights=least.weights,
            seen=least.seen,
        ),
        None,
        remedy=say("This rule uses weights only; samples do not change it."),
    )


COLLAPSED = Rule(
    code="collapsed-rank",
    meaning=say("a kernel has collapsed to a few directions: its filters are almost multiples of one another"),
    severity=Severity.WARNING,
    threshold=5e-3,
    unit=say("share of the squared weights outside the leading twentieth of directions"),
    source=say(
        "measured: docs/verdicts.md of reportgen; one leading direction alone means nothing, since all-positive "
        "inputs give every healthy kernel one"
    ),
    bounds=(0.0, 1.0),
    follows_from=(
        "non-finite-weights",
        "constant-kernel",
        "weak-filters",
    ),
    advice=Advice(
        title=say("Collapsed kernel"),
        why=say("Its filters are near-copies of one another, so most of the layer does no work."),
        action=say("Retrain with weight decay, normalisation or a smaller learning rate, or make the layer narrower."),
        certainty=Certainty.CHOICE,
    ),
)


_DECAYED = 0.7  # of the size of fresh draws; the smallest of a network that was trained without a penalty is 1.0
_NEARLY_ONE = 1.01  # stable rank


def collapsed_rank(kernel: LearnedKernel, limit: float) -> Iterator[Finding]:
    """Yield a finding if less than the limit's part of a kernel's squared weights lies outside its leading directions.

    It is a note of a kernel that a penalty on weights has made smaller than fresh draws and left several directions.
    """
    outside = kernel.comparison.outside
    if outside is None or not kernel.can_collapse or not outside < limit:
        return
    rank, null = (float(values[RANK]) for values in (kernel.comparison.value, kernel.comparison.mean))
    # a penalty on weights takes the directions that are not needed, and leaves several
    decayed = kernel.scale < _DECAYED and rank > _NEARLY_ONE
    yield COLLAPSED.finding(
        kernel.label,
        say(
            "only {outside:.2g} of the squared weights lie outside the leading {leading:.0%} of directions (limit "
            "{limit:g}); stable rank {rank:.2f}, freshly drawn {null:.2f}",
            outside=outside,
            leading=LEADING,
            limit=limit,
            rank=rank,
            null=null,
        ),
        evidence={"outside": outside, "stable_rank": rank, "null_stable_rank": null, "scale": kernel.scale},
        threshold=limit,
        severity=Severity.NOTE if decayed else None,
    )


EXPLODED = Rule(
    code="exploded-norm",
    meaning=say(
        "a kernel's spectral norm has grown many times more than those of the model's other kernels, and no "
        "normalisation follows"
    ),
    severity=Severity.WARNING,
    threshold=40,
    unit=say("growth of the spectral norm over fresh draws, relative to the median of the other kernels"),
    source=say(
        "measured: docs/verdicts.md of reportgen; initialisers keep the scale of signals (Glorot and Bengio, AISTATS 2010)"
    ),
    bounds=(1.0, float("inf")),
    advice=Advice(
        title=say("Exploded weights"),
        why=say("Small changes of the input can change the output a lot."),
        action=say("Retrain with a smaller learning rate, weight decay or gradient clipping."),
        certainty=Certainty.CHOICE,
    ),
)


def exploded_norms(kernels: Sequence[LearnedKernel], limit: float) -> Iterator[Finding]:
    """Yield a finding for each kernel whose spectral norm has grown more times as much as the others' than the limit.

    Behind a normalisation a kernel's scale means nothing. What a model's others have grown by, the median and at least 1, is
    usual for it: regularisation, the scale of its inputs and long training move all kernels.
    """
    scaled = [kernel for kernel in kernels if kernel.norm_ratio is not None and not kernel.normalised]
    for kernel in scaled:
        ratio = kernel.norm_ratio or 0.0
        others = [other.norm_ratio or 0.0 for other in scaled if other is not kernel]
        usual = max(1.0, statistics.median(others) if others else 1.0)
        if not ratio > limit * usual:
            continue
        norm, null = (float(values[NORM]) for values in (kernel.comparison.value, kernel.comparison.mean))
        yield EXPLODED.finding(
            kernel.label,
            say(
                "spectral norm {norm:.3g}, {ratio:.3g} times that of fresh draws ({null:.3g}); usual in this model is "
                "{usual:.3g} times (limit {limit:g} times that)",
                norm=norm,
                null=null,
                ratio=ratio,
                usual=usual,
                limit=limit,
            ),
            evidence={"spectral_norm": norm, "null_spectral_norm": null, "ratio": ratio, "usual": usual},
            threshold=limit,
        )


RULES = (UNTRAINED, COLLAPSED, EXPLODED)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: LearnedResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield kernels that are as initialised, whose rank collapsed and whose norm exploded."""
    yield from untrained_layers(result, limits[UNTRAINED.code])
    for kernel in result.kernels:
        yield from collapsed_rank(kernel, limits[COLLAPSED.code])
    yield from exploded_norms(result.kernels, limits[EXPLODED.code])
