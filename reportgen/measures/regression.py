"""Measures of predicted numbers. Pure: arrays in, numbers with their uncertainty out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.measures.skill import Skill, measure_skill
from reportgen.messages import say
from reportgen.results import Histogram, redactable

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_ERROR_BINS = 30


@redactable
@dataclass(frozen=True)
class RegressionErrors:
    """How far single numbers are from what they should be, in units of the output.

    Attributes:
        bias: mean of output minus target.
        mean_absolute: mean of the error's magnitude.
        root_mean_square: root mean square of the error.
        explained: share of the targets' variance that the output explains (R squared), at most 1; NaN where all targets
            are equal.
        skill: the same with its interval: the share of the squared errors of always giving the mean that are avoided.
        quantiles: quantiles of the error's magnitude, by probability such as '0.5'.
        histogram: histogram of output minus target.
    """

    bias: float
    mean_absolute: float
    root_mean_square: float
    explained: float
    skill: Skill
    quantiles: dict[str, float]
    histogram: Histogram


def regression_errors(outputs: np.ndarray, targets: np.ndarray) -> RegressionErrors:
    """Return how far outputs are from targets.

    Args:
        outputs: (N,) float64.
        targets: (N,) numbers.
    """
    errors = outputs - targets
    spread = float(((targets - targets.mean()) ** 2).sum())
    counts, edges = np.histogram(errors, _ERROR_BINS)
    return RegressionErrors(
        bias=float(errors.mean()),
        mean_absolute=float(np.abs(errors).mean()),
        root_mean_square=float(np.sqrt((errors**2).mean())),
        explained=1 - float((errors**2).sum()) / spread if spread else float("nan"),
        skill=measure_skill(errors**2, (targets - targets.mean()) ** 2),
        quantiles={f"{share:g}": float(np.quantile(np.abs(errors), share)) for share in _QUANTILES},
        histogram=Histogram(edges, {"error": counts}, say("output minus target")),
    )
