"""What is said of changed samples, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reportgen.measures.intervals import Rate
from reportgen.results import Becomes, ImageGrid, Kept, redactable


@redactable
@dataclass(frozen=True)
class ChangedAccuracy:
    """How the model does on the same samples after one change.

    Attributes:
        name: the change with its strength, such as 'moved by 4 pixels'.
        kind: what is changed, such as 'shift'.
        level: the strength, in the kind's own unit; of flips 0 for left and right, 1 for upside down.
        severity: 1 for the mildest of its kind, up to 3; 0 for flips.
        accuracy: share of the changed samples that are answered right or, without labels, as before.
        gained: samples that are right after the change and wrong before.
        lost: samples that are wrong after the change and right before.
        low, high: interval of the difference of the rates, after minus before, in [-1, 1].
        p_value: p-value of McNemar's exact test, before any correction, in [0, 1].
    """

    name: Kept[str]
    kind: Kept[str]
    level: float
    severity: int
    accuracy: Rate
    gained: int
    lost: int
    low: float
    high: float
    p_value: float

    @property
    def hardly_shows(self) -> bool:
        """Whether a person who sees the sample alone would not notice. Our choice among the mildest changes."""
        return self.severity == 1 and self.kind in ("shift", "noise", "blur", "brightness", "jpeg")


@redactable
@dataclass(frozen=True)
class RobustnessResult:
    """The model on samples that were changed in the scale in which they are stored.

    Attributes:
        checked: number of samples that were changed.
        evaluated: number of samples that they were drawn from.
        labelled: whether labels say what is right; otherwise right is what the model answered before.
        exact: whether right means that all classes of a sample are predicted and no others, as of a multi-label model.
        before: share of right answers without any change.
        changes: mild ones first, flips last.
        left_out: number of changes that the effort does not pay for.
        passes: forward passes that all this took.
        cost: multiply-adds of one pass, 25 for each value that a layer puts out; 0 where nothing is known.
        pictures: one sample as it is and after the strongest change of each kind; None in a redacted report.
        pictured: what was done to each of `pictures`, in their order.
    """

    checked: int
    evaluated: int
    labelled: bool
    exact: bool
    before: Rate
    changes: tuple[ChangedAccuracy, ...]
    left_out: int
    passes: int
    cost: int
    pictures: Annotated[ImageGrid | None, Becomes(None)]
    pictured: Kept[tuple[str, ...]]

    @property
    def judged(self) -> tuple[ChangedAccuracy, ...]:
        """The changes that leave a sample what it is: not flips, and not what may hide it, a square or hardly any contrast."""
        hiding = (("contrast", 3), ("flip", 0), *(("occlusion", severity) for severity in (1, 2, 3)))
        return tuple(one for one in self.changes if (one.kind, one.severity) not in hiding)

    @property
    def small(self) -> tuple[ChangedAccuracy, ...]:
        """Of these changes those that hardly show."""
        return tuple(one for one in self.judged if one.hardly_shows)

    @property
    def visible(self) -> tuple[ChangedAccuracy, ...]:
        """Of these changes those that show."""
        return tuple(one for one in self.judged if not one.hardly_shows)

    @property
    def worst(self) -> ChangedAccuracy:
        """Of these changes the one with the lowest accuracy, the mildest of equals."""
        return min(self.judged, key=lambda one: one.accuracy.value)
