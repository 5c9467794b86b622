"""What is said of attribution maps, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reportgen.messages import say
from reportgen.results import Becomes, Kept, PanelGrid, SortedBy, redactable, redactable_sample

RANDOMISED_WEIGHTS, DELETION, COMPLETENESS = say("randomised weights"), say("deletion"), say("completeness")
"""Names of the tests of a map."""

_VERDICTS = {
    "✖": say("not evidence"),
    "∅": say("no positive evidence"),
    "○": say("not tested"),
    "?": say("not decided"),
}


@redactable_sample
@dataclass(frozen=True)
class SampleAttribution:
    """One map and its tests.

    Attributes:
        index: the sample's number in the source.
        label: name of its class, or None without labels.
        classes: names of its classes where the labels name any number of them; None elsewhere.
        target: name of the predicted class, which is explained.
        logit: logit of that class.
        largest: largest value of the map; None where none is positive, or all positive ones together are rounding.
        completeness: by which share the map's sum misses what it should explain; None where the method has no such test.
        similarity: rank correlation with the map of the randomised network, -1 to 1; None where a map is constant, so that
            the test decides nothing.
        deletion: by how many standard deviations of random orders the area under the class's score, while cells are deleted in
            the map's order, is below their mean; None where no order changes the score by more than a millionth.
        failed: names of the tests that it failed at the thresholds of this report.
        orders: number of random orders that its order was compared with: as many as the verdict needed, up to a bound; 0 where
            deletion was not tested, and of a map without a positive value.
        as_good: number of them that do as well as the map's order or better.
        undecided: names of the tests that decide nothing, where it failed none and has a positive value.
        untested: names of the tests that were not made, as the effort did not reach so far; a map without a positive value has no
            order to test.
        voxel: depth, row and column of the slices that are shown, where the map of a volume is largest; None elsewhere.
    """

    index: SortedBy[int]
    label: Annotated[str | None, Becomes(None)]
    target: Annotated[str, Becomes("")]
    logit: Kept[float]
    largest: Kept[float | None]
    completeness: Kept[float | None]
    similarity: Kept[float | None]
    deletion: Kept[float | None]
    failed: Kept[tuple[str, ...]]
    classes: Annotated[tuple[str, ...] | None, Becomes(None)] = None
    orders: Kept[int] = 0
    as_good: Kept[int] = 0
    undecided: Kept[tuple[str, ...]] = ()
    untested: Kept[tuple[str, ...]] = ()
    voxel: Annotated[tuple[int, ...] | None, Becomes(None)] = None

    @property
    def sign(self) -> str:
        """What marks the map: ✖ failed, ∅ without a positive value, ○ not tested, ? not decided; '' for one that passed."""
        marks = {"✖": self.failed, "∅": self.largest is None, "○": self.untested, "?": self.undecided}
        return next((mark for mark, holds in marks.items() if holds), "")

    @property
    def stamp(self) -> str:
        """What the mark of a map that did not pass says; '' for one that passed."""
        return _VERDICTS[self.sign] if self.sign else ""


@redactable
@dataclass(frozen=True)
class MethodMaps:
    """The maps of one method.

    Attributes:
        key: the method, as --attribution takes it.
        title: the method's name.
        subject: the call whose maps are explained, or 'input'.
        size: rows and columns of a map; steps along time, and depth, rows and columns of a volume.
        figure: each sample, and the positive part of its map, which is laid over it on a scale of its own.
        points: points of the quadrature, the most that a sample needed; None for other methods.
        samples: the maps, in the order of the selection.
    """

    key: Kept[str]
    title: Kept[str]
    subject: Kept[str]
    size: tuple[int, ...]
    figure: Annotated[PanelGrid, Becomes(None)]
    points: int | None
    samples: tuple[SampleAttribution, ...]

    @property
    def failed(self) -> tuple[SampleAttribution, ...]:
        """The maps that are not evidence."""
        return tuple(sample for sample in self.samples if sample.failed)

    @property
    def blank(self) -> tuple[SampleAttribution, ...]:
        """The maps without a positive value."""
        return tuple(sample for sample in self.samples if sample.largest is None)

    @property
    def exact_but_failed(self) -> tuple[SampleAttribution, ...]:
        """The maps that are complete, so that they sum to their logit, and yet fail the deletion test."""
        complete = (sample for sample in self.samples if sample.completeness is not None)
        return tuple(sample for sample in complete if DELETION in sample.failed and COMPLETENESS not in sample.failed)

    @property
    def undecided(self) -> tuple[SampleAttribution, ...]:
        """The maps that failed no test, but on which one decides nothing."""
        return tuple(sample for sample in self.samples if sample.sign == "?")

    @property
    def untested(self) -> tuple[SampleAttribution, ...]:
        """The maps that failed no test and have a positive value, but of which a test was not made."""
        return tuple(sample for sample in self.samples if sample.sign == "○")

    def tested(self, test: str) -> tuple[SampleAttribution, ...]:
        """The maps that a test was made of: of deletion those whose order was compared with random ones."""
        return tuple(
            sample for sample in self.samples if test not in sample.untested and (test != DELETION or sample.orders)
        )

    @property
    def passed(self) -> tuple[SampleAttribution, ...]:
        """The maps that passed all of their tests."""
        return tuple(sample for sample in self.samples if not sample.sign)


@redactable
@dataclass(frozen=True)
class AttributionResult:
    """Maps by method.

    Attributes:
        methods: the methods, in the order asked for.
        explained: which values were explained, in words.
        chosen: number of chosen samples, of which at most `MOST_SAMPLES` are explained.
        kernels: number that the randomised network had drawn anew.
        deleted: shares of the image that were deleted.
        reduction: factor by which the pictures are smaller than the samples.
        seed: seed of the randomised weights and orders.
        other_inputs: whether the model has inputs besides the pictured one; they stay at their sample's own values.
        effort: the effort asked for, 'quick', 'standard' or 'full'.
        budget: multiply-adds that it pays for beyond the first pass; None for no end.
        cost: multiply-adds of one pass of one sample, 25 for each value that a layer puts out; 0 where nothing is known.
    """

    methods: tuple[MethodMaps, ...]
    explained: Kept[str]
    chosen: int
    kernels: int
    deleted: tuple[float, ...]
    reduction: Annotated[int, Becomes(1)]
    seed: int
    other_inputs: bool = False
    effort: Kept[str] = "full"
    budget: int | None = None
    cost: int = 0

    @property
    def passes(self) -> int | None:
        """Passes of one sample that the budget pays for; None for as many as are wanted."""
        return None if self.budget is None or not self.cost else self.budget // self.cost

    @property
    def untested(self) -> bool:
        """Whether a test of some map was not made."""
        return any(sample.untested for method in self.methods for sample in method.samples)
