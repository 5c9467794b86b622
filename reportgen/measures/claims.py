"""What somebody claims of a model, such as 'accuracy=0.917', and what the samples say of it. Pure: text and counts in."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np

from reportgen.errors import UsageError
from reportgen.measures.intervals import (
    CONFIDENCE,
    Decision,
    Outcome,
    Rate,
    mean_margin,
    measure,
    samples_needed,
)
from reportgen.measures.segmentation import percentile_interval
from reportgen.measures.skill import Skill
from reportgen.results import Kept, redactable
from reportgen.untrusted.escaping import shown

Kind = Literal["classes", "sets", "number", "numbers", "masks", "images"]
"""What a model predicts: one class, any number of classes, one number, several numbers, the class of each pixel, or images."""

OF_KIND: Mapping[Kind, tuple[str, ...]] = {
    "classes": ("accuracy", "top5", "recall", "precision", "f1"),
    "sets": ("accuracy", "recall", "precision", "f1"),
    "number": ("mae", "rmse", "r2"),
    "numbers": ("mae", "rmse", "r2"),
    "masks": ("accuracy", "iou", "dice"),
    "images": ("mae", "rmse", "r2", "psnr", "ssim"),
}
"""Metrics that can be claimed of what a model predicts."""

METRICS = tuple(dict.fromkeys(metric for metrics in OF_KIND.values() for metric in metrics))

_WORDS: Mapping[Kind, str] = {
    "classes": "classes",
    "sets": "any number of classes",
    "number": "a number",
    "numbers": "several numbers",
    "masks": "masks",
    "images": "images",
}
_ALIASES = {"error": "mae", "miou": "iou", "mean-iou": "iou", "mean_iou": "iou"}
_OF_A_PART = ("recall", "precision", "f1")  # of one class each; those of `_OF_ANY` may be of one class or one output
_OF_ANY = ("iou", "dice", "mae", "rmse", "r2")
_ERRORS = ("mae", "rmse")
_NO_SHARES = (*_ERRORS, "psnr", "r2", "ssim")
_ABOVE_ONE = (*_ERRORS, "psnr")
_FEWEST_FOR_TOP = 20

FEWEST_ERRORS = 10
"""Errors under which their mean has no interval: fewer are not normal enough. Our choice."""

_CLAIM = re.compile(
    r"\s*(?P<metric>[\w-]+)\s*(?::(?P<name>.*[^<>=]))?(?P<sign><=|>=|==?)\s*(?P<value>[^\s=%]+)\s*(?P<percent>%?)\s*"
)


@dataclass(frozen=True)
class Claim:
    """What is claimed.

    Attributes:
        text: as it was given.
        metric: one of `METRICS`.
        name: the class's name or number, as given, or the number of one of several outputs; '' for a metric of all.
        value: what is claimed: a share in [0, 1], an error in units of the output, or decibels.
        index: the number of the class or output; -1 where that is not known yet, or where the claim is on all.
    """

    text: str
    metric: str
    name: str
    value: float
    index: int = -1

    @property
    def is_error(self) -> bool:
        """Whether less is better."""
        return self.metric in _ERRORS


def parse_claim(text: str) -> Claim:
    """Return what a text claims.

    Args:
        text: a metric, for one of a class a colon and the class, then '=' and a number: 'recall:shirt=0.7', 'accuracy=91.7%'.
            '>=' stands for '=' where more is better, '<=' where less is.

    Raises:
        UsageError: it is no claim, or the metric or the number cannot be used.

    Example:
        >>> parse_claim("recall:shirt=70%").value
        0.7
    """
    found = _CLAIM.fullmatch(text)
    if found is None:
        raise UsageError(
            f"--expect must be a metric, '=' and a number, such as accuracy=0.917 or recall:shirt=0.7. Received: {shown(text)!r}."
        )
    metric = _ALIASES.get(found["metric"].lower(), found["metric"].lower())
    if metric not in METRICS:
        near = get_close_matches(metric, METRICS, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"--expect must name one of {', '.join(METRICS)}. Received: {shown(found['metric'])!r}.{hint}")
    name = (found["name"] or "").strip()
    if metric not in _OF_ANY and bool(name) != (metric in _OF_A_PART):
        wanted = f"a class, such as {metric}:shirt=0.7" if metric in _OF_A_PART else f"no class, such as {metric}=0.9"
        raise UsageError(f"--expect {metric} must name {wanted}. Received: {shown(text)!r}.")
    claim = Claim(text.strip(), metric, name, _number(found["value"], found["percent"], text))
    wrong = found["sign"] == (">=" if claim.is_error else "<=")
    if wrong:
        better = "at most" if claim.is_error else "at least"
        raise UsageError(f"--expect {metric} must say {better} what it is. Received: {shown(text)!r}. Write '='.")
    if metric not in _ABOVE_ONE and claim.value > 1:
        what = "number" if metric in _NO_SHARES else "share"
        raise UsageError(
            f"--expect {metric} must be a {what} from 0 to 1. Received: {shown(text)!r}. Write 0.917 or 91.7%."
        )
    return claim


def _number(value: str, percent: str, text: str) -> float:
    try:
        number = float(value) / (100 if percent else 1)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise UsageError(f"--expect must end in a number of 0 or more. Received: {shown(text)!r}.")
    return number


def claims_of(given: str | Sequence[str] | Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return claims as texts: of one, of several, or of a table of numbers by metric, whose classes may be a table of their own.

    Example:
        >>> claims_of({"accuracy": 0.9, "recall": {"shirt": 0.7}})
        ('accuracy=0.9', 'recall:shirt=0.7')
    """
    if given is None:
        return ()
    if isinstance(given, str):
        return (given,)
    if isinstance(given, Mapping):
        return tuple(
            text
            for metric, value in given.items()
            for text in (
                [f"{metric}:{name}={number}" for name, number in value.items()]
                if isinstance(value, Mapping)
                else [f"{metric}={value}"]
            )
        )
    return tuple(map(str, given))


def with_numbers(
    claims: Sequence[Claim], names: Sequence[str] | None, *, kind: Kind = "classes", count: int | None = None
) -> tuple[Claim, ...]:
    """Return claims with the number of each one's class or output.

    Args:
        claims: as parsed.
        names: names of the classes in the model's order; None where they are not known: then numbers alone are.
        kind: what the model predicts.
        count: number of classes or outputs; None where that is not known.

    Raises:
        UsageError: there is no such class or output, or several have the name.
    """
    known = None if kind == "numbers" else names
    of = "an output" if kind == "numbers" else "a class"
    return tuple(replace(one, index=_index(one, known, count, of)) if one.name else one for one in claims)


def _index(claim: Claim, names: Sequence[str] | None, count: int | None, of: str) -> int:
    known = tuple(names or ())
    places = [place for place, name in enumerate(known) if name == claim.name]
    if not places and claim.name.isascii() and claim.name.isdigit():
        places = [int(claim.name)]
    most = len(known) if names is not None else count
    if len(places) == 1 and (most is None or places[0] < most):
        return places[0]
    if len(places) > 1:
        raise UsageError(
            f"--expect must name one class. Received: {shown(claim.text)!r}, which {len(places)} classes are called. Give "
            "its number."
        )
    near = get_close_matches(claim.name, known, 1)
    hint = f" Did you mean {shown(near[0])!r}?" if near else ""
    how = "" if names is not None else " The classes have no names: give --class-names, or the number of the class."
    if of == "an output":
        how = f" Give its number, 0 to {count - 1}." if count else " Give its number."
    raise UsageError(f"--expect must name {of} of the model. Received: {shown(claim.text)!r}.{hint}{how}")


def check_metrics(claims: Sequence[Claim], kind: Kind, count: int | None) -> None:
    """Raise UsageError where a claim is on a metric that the model cannot have.

    Args:
        claims: as parsed.
        kind: what the model predicts.
        count: number of classes or outputs; None where that is not known.
    """
    few = kind == "classes" and count is not None and count <= _FEWEST_FOR_TOP
    known = [metric for metric in OF_KIND[kind] if metric != "top5" or not few]
    for claim in claims:
        if claim.metric not in known:
            raise UsageError(
                f"--expect must name one of {', '.join(known)}, as the model predicts {_WORDS[kind]}. Received: {claim.metric!r}."
            )
        if claim.name and kind in ("number", "images"):
            raise UsageError(
                f"--expect {claim.metric} must name no part, as the model predicts {_WORDS[kind]}. "
                f"Received: {shown(claim.text)!r}."
            )
        if claim.metric == "r2" and kind == "numbers" and not claim.name:
            raise UsageError(
                f"--expect r2 must name one of several outputs, such as r2:0=0.9. Received: {shown(claim.text)!r}."
            )


def checked_claims(
    texts: Sequence[str],
    names: Sequence[str] | None,
    *,
    nameless: bool,
    kind: Kind | None = None,
    count: int | None = None,
) -> tuple[str, ...]:
    """Return claims that the model and the samples can have, before the model is run on these.

    Args:
        texts: the claims.
        names: names of the classes in the model's order; None where they are not known.
        nameless: whether the numbers of classes stand in place of their names.
        kind: what the model predicts; None where that is not known before it is run.
        count: number of classes or outputs; None where that is not known.

    Raises:
        UsageError: a claim is on a metric that the model cannot have, or on a class or output that there is not.
    """
    claims = [parse_claim(text) for text in texts]
    if kind is not None:
        check_metrics(claims, kind, count)
    numbered = with_numbers(claims, names, kind=kind or "classes", count=count)
    return tuple(
        one.text.replace(f":{one.name}", f":{one.index}", 1) if nameless and one.name else one.text for one in numbered
    )


def nameless_claims(texts: Sequence[str]) -> tuple[str, ...]:
    """Return claims without the names of their classes, for a report that knows no classes and must not name them."""
    claims = [parse_claim(text) for text in texts]
    return tuple(one.text.replace(f":{one.name}", ":…", 1) if one.name else one.text for one in claims)


@redactable
@dataclass(frozen=True)
class MeasuredClaim:
    """A claim, and what the samples say of it.

    Attributes:
        text: the claim as it was given.
        metric: the metric's name.
        name: the class's name, or the number of one of several outputs; '' for a metric of all.
        claimed: the value that is claimed: a share in [0, 1], an error in units of the output, or decibels.
        value: what was measured; NaN without a sample.
        low, high: bounds of the value, at 95 % for all claims of a report together.
        samples: number of samples it was measured on: for recall those of the class, for precision those said to be of it.
        evaluated: number of all samples.
        needed: about how many samples of all tell it from the claim where the rates stay as they are; None where none would.
        is_error: whether less is better.
    """

    text: Kept[str]
    metric: Kept[str]
    name: Kept[str]
    claimed: float
    value: float
    low: float
    high: float
    samples: int
    evaluated: int
    needed: int | None
    is_error: bool = False

    @property
    def is_share(self) -> bool:
        """Whether it is a share of something, which is written in per cent."""
        return self.metric not in _NO_SHARES

    def decide(self, tolerance: float) -> Decision:
        """Return whether the claim holds: PASS where the whole interval is at least as good, FAIL where none of it is.

        Args:
            tolerance: share of the claim that may be missing.
        """
        limit = self.claimed * (1 + tolerance if self.is_error else 1 - tolerance)
        low, high = (-self.high, -self.low) if self.is_error else (self.low, self.high)
        wanted = -limit if self.is_error else limit
        if low >= wanted:
            return Decision(Outcome.PASS, limit, None)
        return (
            Decision(Outcome.FAIL, limit, None) if high < wanted else Decision(Outcome.INCONCLUSIVE, limit, self.needed)
        )

    @property
    def outcome(self) -> Outcome:
        """The decision without any tolerance."""
        return self.decide(0.0).outcome


def joint_confidence(claims: int) -> float:
    """Return the confidence of each of several intervals that hold together with 95 % (Bonferroni).

    Args:
        claims: number of them, at least 1.
    """
    return 1 - (1 - CONFIDENCE) / claims


def measured_rate(
    claim: Claim, rate: Rate, *, name: str, evaluated: int, confidence: float, of_jaccard: bool = False
) -> MeasuredClaim:
    """Return what a rate says of a claim.

    Args:
        claim: the claim.
        rate: its counts are used, not its interval.
        name: the class's name, or ''.
        evaluated: number of all samples.
        confidence: coverage of the interval.
        of_jaccard: whether the claim is on F1 = 2 J / (1 + J) of the rate J.
    """
    found, wanted = measure(rate.successes, rate.trials, confidence=confidence), claim.value
    bounds = (found.value, found.low, found.high)
    if of_jaccard:
        wanted, bounds = wanted / (2 - wanted), (*(2 * share / (1 + share) for share in bounds),)  # type: ignore[assignment]
    needed = samples_needed(found.value, wanted, confidence=confidence)
    if needed is not None:
        # a class keeps its share when more samples come
        needed = max(evaluated + 1, -(-needed * evaluated // rate.trials))
    return MeasuredClaim(claim.text, claim.metric, name, claim.value, *bounds, rate.trials, evaluated, needed)


def measured_mean(claim: Claim, values: np.ndarray, *, confidence: float) -> MeasuredClaim:
    """Return what numbers of the samples say of a claim on their mean; of a root mean square error, on the mean's root.

    Args:
        claim: the claim.
        values: (N,) what is averaged: for 'rmse' squared errors.
        confidence: coverage of Student's interval.
    """
    squared, count = claim.metric == "rmse", len(values)
    mean, low, high, needed = float(values.mean()), -math.inf, math.inf, None
    wanted = claim.value**2 if squared else claim.value
    if count >= FEWEST_ERRORS and math.isfinite(mean):
        half = mean_margin(float(values.std(ddof=1)), count, confidence=confidence)
        low, high = mean - half, mean + half
        needed = _needed(count, half, mean - wanted)
    elif math.isfinite(mean):
        needed = FEWEST_ERRORS
    low = max(low, 0.0) if claim.is_error else low
    value, low, high = (math.sqrt(one) if squared else one for one in (mean, low, high))
    return MeasuredClaim(
        claim.text, claim.metric, claim.name, claim.value, value, low, high, count, count, needed, claim.is_error
    )


def measured_by_resampling(
    claim: Claim, value: float, values: np.ndarray, *, name: str, samples: int, confidence: float
) -> MeasuredClaim:
    """Return what masks say of a claim on a share of their pixels.

    Args:
        claim: the claim.
        value: the share over all samples, in [0, 1]; NaN where a class is neither predicted nor true anywhere.
        values: the same of samples drawn anew, NaN likewise.
        name: the class's name, or ''.
        samples: number of all samples.
        confidence: coverage of the interval.
    """
    low, high, needed = 0.0, 1.0, None
    if samples >= FEWEST_ERRORS and math.isfinite(value):
        low, high = percentile_interval(values, confidence=confidence)
        needed = _needed(samples, (high - low) / 2, value - claim.value)
    else:
        needed = FEWEST_ERRORS if math.isfinite(value) else None
    return MeasuredClaim(claim.text, claim.metric, name, claim.value, value, low, high, samples, samples, needed)


def measured_skill(claim: Claim, skill: Skill) -> MeasuredClaim:
    """Return what a skill, with an interval of the wanted coverage, says of a claim on R squared."""
    half, needed = skill.value - skill.low, FEWEST_ERRORS
    if math.isfinite(half):
        needed = _needed(skill.samples, half, skill.value - claim.value) or 0
    return MeasuredClaim(
        claim.text,
        claim.metric,
        claim.name,
        claim.value,
        skill.value,
        skill.low,
        skill.high,
        *2 * (skill.samples,),
        needed or None,
    )


def _needed(samples: int, half: float, distance: float) -> int | None:
    """Return about how many samples decide: half the interval falls with the root of their number."""
    return max(samples + 1, math.ceil(samples * (half / abs(distance)) ** 2)) if distance else None
