"""Which of two models is as often right as it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import Skip
from reportgen.comparison.sides import Side, both_scores
from reportgen.measures.calibration import Calibration, calibrate
from reportgen.measures.intervals import CONFIDENCE
from reportgen.measures.paired import calibration_p_value
from reportgen.messages import say
from reportgen.results import redactable
from reportgen.run import right_answers
from reportgen.samples import LabelSets


@redactable
@dataclass(frozen=True)
class CalibrationChangeResult:
    """The calibration of two models on the same samples.

    Attributes:
        base, new: the calibration of each.
        difference: calibration error of the new model minus that of the base, in [-1, 1]; over 0 where the new one is worse.
        p_value: how probable as large a difference is by chance, in [0, 1].
        certain: whether it is certain at 95 %.
    """

    base: Calibration
    new: Calibration
    difference: float
    p_value: float
    certain: bool


class CalibrationChange:
    """Compares confidence with accuracy, of both models."""

    name = "calibration_change"
    title = say("Calibration")

    def compare(self, base: Side, new: Side) -> CalibrationChangeResult | Skip:
        """Return the calibration of both; a skip without one probability for each class and one class for each sample."""
        for side in (new, base):
            if side.samples is None:
                return Skip(side.context.no_samples_reason)
        assert new.samples is not None
        labels, scores = new.samples.classes, both_scores(base, new)
        if labels is None:
            return Skip(new.samples.no_labels_reason)
        known = [
            each for each in scores if each is not None and np.isfinite(each.values).all() and not each.independent
        ]
        if len(known) < 2 or isinstance(labels, LabelSets):
            return Skip(say("Calibration is compared where both models give one probability for each class."))
        seed = new.context.options.seed
        pairs = [(each.values.max(axis=1), right_answers(each, labels)) for each in known]
        difference, p_value = calibration_p_value(pairs[0], pairs[1], seed=seed)
        first, second = (calibrate(*pair, seed=seed) for pair in pairs)
        return CalibrationChangeResult(first, second, difference, p_value, p_value < 1 - CONFIDENCE)
