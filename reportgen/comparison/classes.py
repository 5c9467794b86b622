"""Which classes are recognised better, and which worse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import Skip
from reportgen.comparison.sides import Side, both_scores
from reportgen.measures.intervals import CONFIDENCE
from reportgen.measures.paired import PairedRates, paired_rates
from reportgen.messages import say
from reportgen.results import Kept, redactable
from reportgen.samples import LabelSets


@redactable
@dataclass(frozen=True)
class ClassChange:
    """How often both models recognise a class.

    Attributes:
        index: the class's number.
        name: its name.
        support: number of samples that have it.
        recall: share of these that each model recognises.
        certain: whether the difference is certain, all classes considered.
    """

    index: int
    name: Kept[str]
    support: int
    recall: PairedRates
    certain: bool


@redactable
@dataclass(frozen=True)
class ClassChangesResult:
    """What became of each class.

    Attributes:
        classes: those with a sample, the largest loss first.
        confidence: level of each interval in (0.95, 1), so that all hold together at 95 %.
        total: number of classes.
    """

    classes: tuple[ClassChange, ...]
    confidence: float
    total: int

    @property
    def worse(self) -> tuple[ClassChange, ...]:
        """The classes that the new model certainly recognises less often."""
        return tuple(one for one in self.classes if one.certain and one.recall.difference < 0)

    @property
    def better(self) -> tuple[ClassChange, ...]:
        """The classes that the new model certainly recognises more often, the largest gain first."""
        return tuple(one for one in reversed(self.classes) if one.certain and one.recall.difference > 0)


class ClassChanges:
    """Compares the recall of every class."""

    name = "class_changes"
    title = say("Classes")

    def compare(self, base: Side, new: Side) -> ClassChangesResult | Skip:
        """Return the classes; a skip without class labels or without a score for each class."""
        for side in (new, base):
            if side.samples is None:
                return Skip(side.context.no_samples_reason)
        assert new.samples is not None
        labels, (first, second) = new.samples.classes, both_scores(base, new)
        if labels is None:
            return Skip(new.samples.no_labels_reason)
        if first is None or second is None or first.values.shape != second.values.shape:
            return Skip(say("The two models do not give one score for each of the same classes."))
        several = isinstance(labels, LabelSets)
        count = first.values.shape[1]
        members = labels.values if several else labels.values[:, None] == np.arange(count)
        said = [
            np.nan_to_num(each.values) > 0.5
            if several
            else np.where(np.isfinite(each.values).all(axis=1), np.nan_to_num(each.values).argmax(axis=1), -1)[:, None]
            == np.arange(count)
            for each in (first, second)
        ]
        return recall_changes(members, said[0], said[1], name=new.samples.class_name)


def recall_changes(
    members: np.ndarray, base: np.ndarray, new: np.ndarray, *, name: Callable[[int], str]
) -> ClassChangesResult:
    """Return how often two models recognise each class.

    Args:
        members: (N, K) bool, which classes each sample has.
        base, new: (N, K) bool, which classes each model gives to it.
        name: the name of a class by its number.
    """
    present = np.flatnonzero(members.any(axis=0)).tolist()
    confidence = 1 - (1 - CONFIDENCE) / max(len(present), 1)
    rows = []
    for index in present:
        inside = members[:, index]
        recall = paired_rates(base[inside, index], new[inside, index], confidence=confidence)
        certain = recall.p_value < 1 - confidence
        rows.append(ClassChange(index, name(index), int(inside.sum()), recall, bool(certain)))
    rows.sort(key=lambda row: (row.recall.difference, row.index))
    return ClassChangesResult(tuple(rows), confidence, members.shape[1])
