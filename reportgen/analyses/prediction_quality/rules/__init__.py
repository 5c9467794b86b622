"""The rules on predictions: threshold, condition and sentence of each in one place, and in one file those that are akin.

Every rule is a function of the result and the thresholds in force that yields nothing where the rule does not apply.
"""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.analyses.prediction_quality.rules.baselines import (
    CONSTANT,
    MAJORITY,
    MEAN,
    at_chance,
    constant_prediction,
    no_better_than_majority,
    no_better_than_mean,
)
from reportgen.analyses.prediction_quality.rules.claims import (
    EXPECTED,
    UNUSED,
    below_expectation,
    not_checked,
    not_used,
)
from reportgen.analyses.prediction_quality.rules.classes import (
    LOW_PRECISION,
    LOW_RECALL,
    NEVER,
    RECALL,
    class_never_predicted,
    low_precision,
    low_recall,
    recall_below_chance,
)
from reportgen.analyses.prediction_quality.rules.confidence import (
    CALIBRATION,
    CONFIDENT,
    confidently_wrong,
    miscalibration,
)
from reportgen.analyses.prediction_quality.rules.outputs import (
    INPUT,
    constant_masks,
    images_no_better_than_mean,
    masks_no_better_than_majority,
    no_better_than_input,
    outputs_no_better_than_mean,
)
from reportgen.analyses.prediction_quality.rules.permuted_labels import PERMUTED, permuted_labels
from reportgen.results import Finding, Inconclusive, Limits

__all__ = ["CONFIDENT", "RULES", "findings", "not_checked", "not_used"]

RULES = (
    UNUSED,
    EXPECTED,
    MAJORITY,
    CONSTANT,
    PERMUTED,
    NEVER,
    RECALL,
    LOW_RECALL,
    LOW_PRECISION,
    MEAN,
    INPUT,
    CALIBRATION,
    CONFIDENT,
)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield what is certain about the predictions at these thresholds, and what more samples would have to decide."""
    for rule in (
        permuted_labels,
        below_expectation,
        no_better_than_majority,
        masks_no_better_than_majority,
        class_never_predicted,
        constant_prediction,
        constant_masks,
        recall_below_chance,
        low_recall,
        low_precision,
        no_better_than_mean,
        outputs_no_better_than_mean,
        images_no_better_than_mean,
        no_better_than_input,
        miscalibration,
        confidently_wrong,
    ):
        if rule is not recall_below_chance or not at_chance(result, limits):
            yield from rule(result, limits)
