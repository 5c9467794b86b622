"""What is said of groups of samples, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.measures.intervals import Rate
from reportgen.results import Kept, redactable


@redactable
@dataclass(frozen=True)
class Slice:
    """Samples that have something in common. Names are numbers already where the report is redacted.

    Attributes:
        column: what they are grouped by: a column of the table, 'brightness', or 'folder'.
        value: what they have in common.
        right: how often the model is right on them.
        others: how often on all other samples.
        expected: how often if each of their classes did as well as in the other samples, in [0, 1]; None without such classes.
        low, high: bounds of the others' rate minus theirs, in [-1, 1], each for all slices at once.
        most: upper bound of their own rate, likewise.
    """

    column: Kept[str]
    value: Kept[str]
    right: Rate
    others: Rate
    expected: float | None
    low: float
    high: float
    most: float

    @property
    def explained(self) -> bool:
        """Whether their classes alone may be why the model does worse."""
        return self.expected is not None and self.most >= self.expected


@redactable
@dataclass(frozen=True)
class SlicesResult:
    """How well the model does on groups of the evaluated samples.

    Attributes:
        accuracy: share of right answers of all.
        exact: whether right means that all classes of a sample are predicted and no others, as of a multi-label model.
        judged: number of slices that were compared.
        columns: number of things by which samples were grouped.
        left_out: columns of the table that no two groups of samples could be made of, by name.
        slices: the slices whose samples certainly do worst first, at most 40.
    """

    accuracy: Rate
    exact: bool
    judged: int
    columns: int
    left_out: Kept[tuple[str, ...]]
    slices: tuple[Slice, ...]
