"""Whether a model errs less than a constant answer, with the uncertainty of that. Pure: losses in, a decision out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.measures.intervals import CONFIDENCE, Decision, Outcome, student_quantile
from reportgen.results import redactable

FEWEST = 10
"""Samples under which nothing is decided: means of fewer are not normal enough. Our choice."""


@redactable
@dataclass(frozen=True)
class Skill:
    """Which share of a constant answer's losses a model avoids.

    Attributes:
        value: 1 - mean loss of the model / mean loss of the constant, at most 1; below 0 the constant is better. NaN where the
            constant has no loss.
        low, high: bounds of it at 95 %; minus infinity and 1 where they are not known.
        samples: number of them.
    """

    value: float
    low: float
    high: float
    samples: int


def measure_skill(losses: np.ndarray, constant: np.ndarray, *, confidence: float = CONFIDENCE) -> Skill:
    """Return the share of a constant answer's losses that a model avoids, with Fieller's interval of the ratio of the means.

    Args:
        losses: (N,) of the model on each sample, not negative.
        constant: (N,) of the constant answer on the same samples.
        confidence: coverage of the interval, in (0, 1).

    Source: Murphy 1988, Monthly Weather Review 116, 2417 (skill against a constant forecast); Fieller 1954, J. Royal Stat.
    Soc. B 16, 175 (interval of a ratio of paired means).
    """
    count, reference = len(losses), float(constant.mean()) if len(losses) else 0.0
    if reference <= 0:
        return Skill(math.nan, -math.inf, 1.0, count)
    value = 1 - float(losses.mean()) / reference
    if count < FEWEST:
        return Skill(value, -math.inf, 1.0, count)
    low, high = _fieller(losses, constant, student_quantile((1 + confidence) / 2, count - 1))
    return Skill(value, 1 - high, 1 - low, count)


def _fieller(above: np.ndarray, below: np.ndarray, t: float) -> tuple[float, float]:
    """Return all ratios r for which the mean of above - r below is within t standard errors of zero."""
    covariance = np.cov(above, below) / len(above)
    mean = (float(above.mean()), float(below.mean()))
    square = mean[1] ** 2 - t * t * float(covariance[1, 1])
    middle = mean[0] * mean[1] - t * t * float(covariance[0, 1])
    free = mean[0] ** 2 - t * t * float(covariance[0, 0])
    if square <= 0:  # the constant's own mean loss cannot be told from zero
        return 0.0, math.inf
    root = math.sqrt(max(middle * middle - square * free, 0.0))
    return max((middle - root) / square, 0.0), (middle + root) / square


def decide_skill(skill: Skill, limit: float) -> Decision:
    """Return whether a model avoids at least this share of the constant's losses.

    Args:
        skill: the measured skill.
        limit: smallest share that passes, in [0, 1].
    """
    if math.isnan(skill.value) or skill.low >= limit:
        return Decision(Outcome.PASS, limit, None)
    if skill.high < limit:
        return Decision(Outcome.FAIL, limit, None)
    return Decision(Outcome.INCONCLUSIVE, limit, _needed(skill, limit))


def _needed(skill: Skill, limit: float) -> int | None:
    """Return about how many samples would decide: the interval's half width falls with the root of their number."""
    if skill.samples < FEWEST:
        return FEWEST
    distance = abs(skill.value - limit)
    half = skill.value - skill.low if skill.value >= limit else skill.high - skill.value
    if distance == 0 or not math.isfinite(half):
        return None
    return max(skill.samples + 1, math.ceil(skill.samples * (half / distance) ** 2))
