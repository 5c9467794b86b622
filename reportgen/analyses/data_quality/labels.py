"""Labels that the model doubts, with the pictures to look at. A list and no finding: the model may be what is wrong."""

from __future__ import annotations

import numpy as np

from reportgen.analyses.base import AnalysisContext
from reportgen.analyses.data_quality.results import DoubtedLabels, DoubtedSample
from reportgen.measures.intervals import measure
from reportgen.measures.label_errors import doubted_labels
from reportgen.results import FEWEST_SAMPLES
from reportgen.run import EvaluatedSamples, right_answers, side_by_side
from reportgen.samples import ClassLabels

_SHOWN = 8


def judged_labels(context: AnalysisContext, samples: EvaluatedSamples) -> DoubtedLabels | None:
    """Return the labels that the model doubts; None where it says nothing about labels.

    That is without class labels, with fewer than 30 samples, and where it is not certainly right more often than always
    answering the most frequent class.
    """
    labels = samples.labels
    if not isinstance(labels, ClassLabels) or samples.evaluated < FEWEST_SAMPLES:
        return None
    scores = context.scores
    if scores is None:
        return None
    right = int(right_answers(scores, labels).sum())
    most = int(np.bincount(labels.values).max())
    if measure(right, samples.evaluated).low <= most / samples.evaluated:
        return None
    found = doubted_labels(scores.values, labels.values)
    shown = found[:_SHOWN]
    return DoubtedLabels(
        checked=samples.evaluated,
        doubted=len(found),
        samples=tuple(
            DoubtedSample(
                index=samples.index(one.position),
                label=samples.class_name(int(labels.values[one.position])),
                answer=samples.class_name(one.answer),
                margin=one.margin,
            )
            for one in shown
        ),
        pictures=side_by_side(samples, [one.position for one in shown], total=len(found)),
    )
