"""What becomes a finding about kernels: those as their initialiser left them, and those that lost their rank or scale."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.learned.results import NORM, RANK, LearnedKernel, LearnedResult
from reportgen.messages import counted, first_of, say
from reportgen.models.weights import STATISTICS
from reportgen.results import Finding, Inconclusive, Limits, Rule, Severity

UNTRAINED = Rule(
    code="untrained-layer",
    meaning=say(
        "a kernel cannot be told from fresh draws of its own initialiser: all statistics lie within the null band"
    ),
    severity=Severity.WARNING,
    threshold=0.05,
    unit=say("largest chance that any kernel of an untrained model stands further out"),
    source=say(
        "Westfall and Young, Resampling-Based Multiple Testing (1993), single-step maxT; Student's bound by Bonferroni"
    ),
    bounds=(1e-9, 1.0),
)

_NAMED = 4  # kernels of those that are undecided


def untrained_layers(result: LearnedResult, limit: float) -> Iterator[Finding | Inconclusive]:
    """Yield what is as initialised, one finding where that is all of the model, and what cannot be decided.

    Args:
        result: of any error.
        limit: chance of error that is allowed, see `LearnedResult.at`.
    """
    decided = result.at(limit)
    untold = [kernel for kernel in decided.kernels if kernel.learned is False]
    undecided = [kernel for kernel in decided.kernels if kernel.undecided]
    told = any(kernel.learned for kernel in decided.kernels)
    if untold and len(untold) + len(undecided) > 1 and not told:
        yield _untrained_model([*untold, *undecided], decided)
        return
    yield from map(_untrained_layer, untold)
    if undecided:
        yield _undecided_kernels(undecided, decided)


def _untrained_layer(kernel: LearnedKernel) -> Finding:
    """Return the finding on a kernel that is as initialised."""
    distance = kernel.largest_distance or 0.0
    return UNTRAINED.finding(
        kernel.label,
        say(
            "weights cannot be told from {redraws} fresh draws of {initializer}: of six statistics the {statistic} is furthest "
            "from their mean, by {distance:.2f} of their standard deviations, and chance alone brings one of this model's "
            "{limit:.2f} away ({weights} weights)",
            redraws=kernel.comparison.redraws,
            initializer=kernel.initializer or "",
            statistic=STATISTICS[kernel.furthest or 0],
            distance=distance,
            limit=kernel.chance,
            weights=kernel.comparison.compared,
        ),
        evidence={"distance": distance, "weights": kernel.comparison.compared},
        threshold=kernel.chance,
    )


def _untrained_model(kernels: list[LearnedKernel], result: LearnedResult) -> Finding:
    """Return the finding on a model none of whose kernels has learned; a warning where some of them could not be compared."""
    largest = max(kernel.largest_distance or 0.0 for kernel in kernels)
    return UNTRAINED.finding(
        say("model"),
        say(
            "none of the {kernels} kernels that can be compared can be told from fresh draws of its initialiser: the "
            "statistic that is furthest from their mean is so by {largest:.2f} "
            "of their standard deviations, and within {limit:.2f} nothing has learned",
            kernels=len(kernels),
            largest=largest,
            limit=result.limit,
        ),
        evidence={"kernels": len(kernels), "largest_distance": largest},
        threshold=result.limit,
        severity=Severity.PROBLEM if len(kernels) == len(result.kernels) else Severity.WARNING,
    )


def _undecided_kernels(kernels: list[LearnedKernel], result: LearnedResult) -> Inconclusive:
    """Return one answer for all kernels between chance and the limit."""
    furthest = max(kernels, key=lambda kernel: kernel.largest_distance or 0.0)
    return Inconclusive(
        UNTRAINED.code,
        furthest.label if len(kernels) == 1 else say("model"),
        counted(
            len(kernels),
            "{n} kernel, {names}, stands further from its initialiser than chance reaches and not far enough to be sure: "
            "{distance:.2f} of the draws' standard deviations (as initialised up to {chance:.2f}, learned beyond {limit:.2f})",
            "{n} kernels, {names}, stand further from their initialisers than chance reaches and not far enough to be sure: up "
            "to {distance:.2f} of the draws' standard deviations (as initialised up to {chance:.2f}, learned beyond "
            "{limit:.2f})",
            names=first_of([kernel.label for kernel in kernels], _NAMED),
            distance=furthest.largest_distance or 0.0,
            chance=result.chance,
            limit=result.limit,
        ),
        None,
        remedy=say("Weights alone decide this rule, and samples do not: more training would."),
    )


COLLAPSED = Rule(
    code="collapsed-rank",
    meaning=say(
        "a kernel's stable rank has fallen to that of a few directions: its filters are nearly multiples of one another"
    ),
    severity=Severity.WARNING,
    threshold=0.05,
    unit=say("stable rank above 1, as a share of that of fresh draws"),
    source=say("stable rank: Rudelson and Vershynin, arXiv math/0503442; a twentieth is a convention of reportgen"),
    bounds=(0.0, 1.0),
    follows_from=(
        "non-finite-weights",
        "constant-kernel",
        "weak-filters",
    ),
)


def collapsed_rank(kernel: LearnedKernel, limit: float) -> Iterator[Finding]:
    """Yield a finding if of a kernel's stable rank above 1 less than the limit's share is left."""
    share = kernel.rank_share
    if share is None or not share < limit:
        return
    rank, null = (float(values[RANK]) for values in (kernel.comparison.value, kernel.comparison.mean))
    yield COLLAPSED.finding(
        kernel.label,
        say(
            "stable rank {rank:.2f} where fresh draws have {null:.2f}: above 1, {share:.1%} are left (limit {limit:.0%})",
            rank=rank,
            null=null,
            share=share,
            limit=limit,
        ),
        evidence={"stable_rank": rank, "null_stable_rank": null, "share": share},
        threshold=limit,
    )


EXPLODED = Rule(
    code="exploded-norm",
    meaning=say("a kernel's spectral norm is many times that of fresh draws, which keep the scale of signals"),
    severity=Severity.WARNING,
    threshold=30,
    unit=say("times the mean spectral norm of fresh draws"),
    source=say(
        "Glorot and Bengio, AISTATS 2010: initialisers keep the variance of signals; thirty times is a convention of "
        "reportgen: healthy networks without weight decay reach eight"
    ),
    bounds=(1.0, float("inf")),
)


def exploded_norm(kernel: LearnedKernel, limit: float) -> Iterator[Finding]:
    """Yield a finding if a kernel's spectral norm is more times that of the draws than the limit."""
    ratio = kernel.norm_ratio
    if ratio is None or not ratio > limit:
        return
    norm, null = (float(values[NORM]) for values in (kernel.comparison.value, kernel.comparison.mean))
    yield EXPLODED.finding(
        kernel.label,
        say(
            "spectral norm {norm:.3g} where fresh draws have {null:.3g}: {ratio:.3g} times as much (limit {limit:g} times)",
            norm=norm,
            null=null,
            ratio=ratio,
            limit=limit,
        ),
        evidence={"spectral_norm": norm, "null_spectral_norm": null, "ratio": ratio},
        threshold=limit,
    )


RULES = (UNTRAINED, COLLAPSED, EXPLODED)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: LearnedResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield kernels that did not learn, whose rank collapsed and whose norm exploded."""
    yield from untrained_layers(result, limits[UNTRAINED.code])
    for kernel in result.kernels:
        yield from collapsed_rank(kernel, limits[COLLAPSED.code])
        yield from exploded_norm(kernel, limits[EXPLODED.code])
