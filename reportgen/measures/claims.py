"""What somebody claims of a model, such as 'accuracy=0.917', and what the samples say of it. Pure: text and counts in."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from reportgen.errors import UsageError
from reportgen.measures.intervals import (
    CONFIDENCE,
    Decision,
    Outcome,
    Rate,
    measure,
    samples_needed,
    student_quantile,
)
from reportgen.results import Kept, redactable
from reportgen.untrusted.escaping import shown

OF_ALL, OF_A_CLASS, OF_NUMBERS = ("accuracy", "top5"), ("recall", "precision", "f1"), ("mae", "rmse")
"""Metrics that can be claimed: of all samples, of one class, and of predicted numbers."""

METRICS = (*OF_ALL, *OF_A_CLASS, *OF_NUMBERS)

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
        name: the class's name or number, as given; '' for a metric of all samples.
        value: what is claimed: a share in [0, 1], or an error in units of the output.
        index: the class's number; -1 where that is not known yet, or where the claim is on all samples.
    """

    text: str
    metric: str
    name: str
    value: float
    index: int = -1

    @property
    def is_error(self) -> bool:
        """Whether less is better."""
        return self.metric in OF_NUMBERS


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
    metric = {"error": "mae"}.get(found["metric"].lower(), found["metric"].lower())
    if metric not in METRICS:
        near = get_close_matches(metric, METRICS, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"--expect must name one of {', '.join(METRICS)}. Received: {shown(found['metric'])!r}.{hint}")
    name = (found["name"] or "").strip()
    if bool(name) != (metric in OF_A_CLASS):
        wanted = f"a class, such as {metric}:shirt=0.7" if metric in OF_A_CLASS else f"no class, such as {metric}=0.9"
        raise UsageError(f"--expect {metric} must name {wanted}. Received: {shown(text)!r}.")
    claim = Claim(text.strip(), metric, name, _number(found["value"], found["percent"], text))
    wrong = found["sign"] == (">=" if claim.is_error else "<=")
    if wrong:
        better = "at most" if claim.is_error else "at least"
        raise UsageError(f"--expect {metric} must say {better} what it is. Received: {shown(text)!r}. Write '='.")
    if not claim.is_error and claim.value > 1:
        raise UsageError(
            f"--expect {metric} must be a share from 0 to 1. Received: {shown(text)!r}. Write 0.917 or 91.7%."
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
    claims: Sequence[Claim], names: Sequence[str] | None, *, classes: int | None = None
) -> tuple[Claim, ...]:
    """Return claims with the number of each one's class.

    Args:
        claims: as parsed.
        names: names of the classes in the model's order; None where they are not known: then numbers alone are.
        classes: number of classes; None where that is not known.

    Raises:
        UsageError: there is no such class, or several have the name.
    """
    return tuple(replace(one, index=_index(one, names, classes)) if one.name else one for one in claims)


def _index(claim: Claim, names: Sequence[str] | None, classes: int | None) -> int:
    known = tuple(names or ())
    places = [place for place, name in enumerate(known) if name == claim.name]
    if not places and claim.name.isascii() and claim.name.isdigit():
        places = [int(claim.name)]
    most = len(known) if names is not None else classes
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
    raise UsageError(f"--expect must name a class of the model. Received: {shown(claim.text)!r}.{hint}{how}")


def checked_claims(texts: Sequence[str], names: Sequence[str] | None, *, nameless: bool) -> tuple[str, ...]:
    """Return claims whose classes the samples know, before the model is run on these.

    Args:
        texts: the claims.
        names: names of the classes in the model's order; None where they are not known.
        nameless: whether the numbers of classes stand in place of their names.

    Raises:
        UsageError: a claim is on a class that there is not.
    """
    numbered = with_numbers([parse_claim(text) for text in texts], names)
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
        name: the class's name; '' for a metric of all samples.
        claimed: the value that is claimed: a share in [0, 1], or an error in units of the output.
        value: what was measured; NaN without a sample.
        low, high: bounds of it, at 95 % for all claims of a report together.
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


def measured_errors(claim: Claim, errors: np.ndarray, *, confidence: float) -> MeasuredClaim:
    """Return what the errors of predicted numbers say of a claim on their mean magnitude or their root mean square.

    The interval is Student's of the mean of the magnitudes, or of the squares, whose root is taken.

    Args:
        claim: the claim.
        errors: (N,) output minus label.
        confidence: coverage of the interval.
    """
    squared = claim.metric == "rmse"
    each, count = (errors**2 if squared else np.abs(errors)), len(errors)
    mean, low, high, needed = float(each.mean()), 0.0, math.inf, None
    wanted = claim.value**2 if squared else claim.value
    if count >= FEWEST_ERRORS:
        half = student_quantile((1 + confidence) / 2, count - 1) * float(each.std(ddof=1)) / math.sqrt(count)
        low, high = max(mean - half, 0.0), mean + half
        if mean != wanted:
            needed = max(count + 1, math.ceil(count * (half / abs(mean - wanted)) ** 2))
    else:
        needed = FEWEST_ERRORS
    value, low, high = (math.sqrt(one) if squared else one for one in (mean, low, high))
    return MeasuredClaim(claim.text, claim.metric, "", claim.value, value, low, high, count, count, needed, True)
