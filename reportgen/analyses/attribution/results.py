"""What is said of attribution maps, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reportgen.messages import joined, say
from reportgen.results.findings import Severity
from reportgen.results.plottables import PanelGrid
from reportgen.results.redactable import Becomes, Kept, SortedBy, redactable, redactable_sample
from reportgen.results.rules import Rule

_VERDICTS = {"✖": say("not evidence"), "∅": say("no positive evidence"), "?": say("not decided")}


@redactable_sample
@dataclass(frozen=True)
class SampleAttribution:
    """One map and its tests.

    Attributes:
        index: of the sample in the source.
        label: name of its class, or None without labels.
        classes: names of its classes where the labels name any number of them; None elsewhere.
        target: name of the predicted class, which is explained.
        logit: of that class.
        largest: value of the map; None where none is positive.
        completeness: by which share the map's sum misses what it should explain; None where the method has no such test.
        similarity: rank correlation with the map of the randomised network, -1 to 1; None where a map is constant, so that
            the test decides nothing.
        deletion: by how many standard deviations of random orders the area under the class's score, while cells are deleted in
            the map's order, is below their mean; None where no order changes the score by more than a millionth.
        failed: names of the tests that it failed.
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

    @property
    def undecided(self) -> tuple[str, ...]:
        """Names of the tests that decide nothing on a map that failed no other."""
        if self.failed or self.largest is None:
            return ()
        return undecided_tests(self.similarity, self.deletion)

    @property
    def sign(self) -> str:
        """What marks the map: ✖ failed, ∅ without a positive value, ? not decided; '' for one that passed."""
        return "✖" if self.failed else "∅" if self.largest is None else "?" if self.undecided else ""

    @property
    def verdict(self) -> str:
        """The class and, for a map that did not pass, what its mark says."""
        return joined((self.target, _VERDICTS[self.sign])) if self.sign else self.target


@redactable
@dataclass(frozen=True)
class MethodMaps:
    """The maps of one method.

    Attributes:
        key: as --attribution takes it.
        title: the method's name.
        subject: the call whose maps are explained, or 'input'.
        size: of a map.
        figure: each sample, grey, beside the positive part of its map, all maps on one scale.
        points: of the quadrature, the most that a sample needed; None for other methods.
        samples: in the order of the selection.
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
    def undecided(self) -> tuple[SampleAttribution, ...]:
        """The maps that failed no test, but on which one decides nothing."""
        return tuple(sample for sample in self.samples if sample.undecided)

    @property
    def passed(self) -> tuple[SampleAttribution, ...]:
        """The maps that passed all of their tests."""
        return tuple(sample for sample in self.samples if not sample.sign)


@redactable
@dataclass(frozen=True)
class AttributionResult:
    """Maps by method.

    Attributes:
        methods: in the order asked for.
        explained: which values were explained, in words.
        chosen: number of chosen samples, of which at most `MOST_SAMPLES` are explained.
        kernels: number that the randomised network had drawn anew.
        deleted: shares of the image that were deleted.
        random_orders: that each map's order was compared with.
        reduction: factor by which the pictures are smaller than the samples.
        seed: of the randomised weights and orders.
        other_inputs: whether the model has inputs besides the pictured one; they stay at their sample's own values.
    """

    methods: tuple[MethodMaps, ...]
    explained: Kept[str]
    chosen: int
    kernels: int
    deleted: tuple[float, ...]
    random_orders: int
    reduction: Annotated[int, Becomes(1)]
    seed: int
    other_inputs: bool = False


WEIGHTLESS = Rule(
    code="weight-free-maps",
    meaning=say("attribution maps hardly change when all kernels are drawn anew; a note up to half of the maps"),
    severity=Severity.WARNING,
    threshold=0.7,
    unit=say("rank correlation, without its sign, with the map of the randomised network"),
    source=say(
        "Adebayo et al., Sanity Checks for Saliency Maps, arXiv 1810.03292, which gives no limit; beyond 0.7 the maps share half "
        "of their ranks' variance"
    ),
)


AIMLESS = Rule(
    code="no-better-than-random-maps",
    meaning=say(
        "deleting what a map marks lowers the class's score no faster than random orders may; a note up to half of the maps"
    ),
    severity=Severity.WARNING,
    threshold=2.0,
    unit=say(
        "standard deviations of random orders by which the area under the map's deletion curve is below their mean"
    ),
    source=say(
        "the deletion metric of Petsiuk et al., RISE, arXiv 1806.07421, against random orders as in Samek et al., arXiv "
        "1509.06321; 2 standard deviations of 8 random orders are reportgen's choice: about 7 of 100 random maps pass"
    ),
)


INCOMPLETE = Rule(
    code="incomplete-maps",
    meaning=say("the values of attribution maps do not sum to the difference of logits that they should explain"),
    severity=Severity.WARNING,
    threshold=0.01,
    unit=say("share of the difference of logits"),
    source=say(
        "Sundararajan et al., Axiomatic Attribution for Deep Networks, arXiv 1703.01365, section 5, where 20 to 300 points come "
        "within 5%; 1% is reportgen's choice"
    ),
)


TESTS = {
    WEIGHTLESS.code: say("randomised weights"),
    AIMLESS.code: say("deletion"),
    INCOMPLETE.code: say("completeness"),
}
"""Name of the test behind each rule, by its code."""


def undecided_tests(similarity: float | None, deletion: float | None) -> tuple[str, ...]:
    """Return the names of the tests that decide nothing: those without a number."""
    measured = {WEIGHTLESS.code: similarity, AIMLESS.code: deletion}
    return tuple(TESTS[code] for code, value in measured.items() if value is None)
