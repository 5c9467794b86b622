"""What a report may cost beyond its first pass: a budget of multiply-adds, dealt out before any of it is spent.

It is counted and not timed, so that it cuts alike on every machine and in two runs. A value that a layer puts out counts as 25
multiply-adds, as networks of many cheap layers wait for memory. `standard` is 60 billion, a second of one core: 71 passes of a
MobileNetV2 sample, tens of thousands of a small network, which it never cuts. `quick` is a twelfth of it, `full` has no end. In
order of worth it pays for

1. both tests of one map: its first look at deletion, 18 passes, and its map of the randomised network, one pass;
2. the other maps of the randomised network;
3. deletion, map after map, each followed until it is decided: 82 passes for most maps.

Orders are not saved, as that costs evidence: of the demo's true maps 71 % pass with as many as it takes and 16 % with 8 alone
(random ones 4 and 0 %). What is saved is maps; the last one that is begun may stay undecided. With `standard` one map has its
tests even where they cost up to five times the budget, as those of VGG16 do: without them, all would be pictures without a test.

Changed samples (robustness, shortcuts), what is no sample, training samples and untrained networks have the budget
once more in each section, and none with `quick`: what each sample costs is known before, so that fewer samples, then mild changes
alone, are run where it does not suffice.

Inputs that are made for channels (`--maximise`) have the same budget once more, as they are asked for by name: 64 steps of three
passes up to their layer, divided among layers and channels. Not counted is what stays in proportion to the first pass: the maps
themselves (one pass of at most ten samples), the check of other preprocessing (two passes of each sample, which have the budget
once more with `quick`), and the run with idle channels masked (one of at most 256). Integrated gradients cost what was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from reportgen.measures.deletion import FIRST_LOOK
from reportgen.results import LayerSummary

BUDGETS: dict[str, int | None] = {"quick": 5_000_000_000, "standard": 60_000_000_000, "full": None}
"""Multiply-adds of each effort; None for no end."""

CHANGED: dict[str, int | None] = {**BUDGETS, "quick": 0}
"""Multiply-adds of each effort for samples that are changed and run again, of each section that does so; None for no end."""

VALUE = 25
"""Multiply-adds that a value counts as which a layer puts out.

Source: our measurements of traced passes on one core. 18 ns for a thousand multiply-adds and 0.48 ns for a value fit ResNet50,
MobileNetV2, EfficientNetB0, DenseNet121 and VGG16 (87, 15, 21, 73 and 287 ms of CPU time a sample) within an eighth. Counted in
multiply-adds alone, a pass of MobileNetV2 is three times as dear as one of VGG16.
"""

QUICK = "quick"
"""The effort of a first look."""

STANDARD = "standard"
"""The effort where none is asked for."""

STRETCH = 5
"""How many times the budget of `standard` one map may cost to be tested all the same."""

_BACKWARD = 3
"""Passes that a pass with its gradient costs: going back takes two products for each of going forward."""


@dataclass(frozen=True)
class Effort:
    """The budget of a report, and what one pass of the model costs.

    Attributes:
        name: 'quick', 'standard' or 'full'.
        cost: multiply-adds of one pass of one sample, `VALUE` for each value put out; 0 where nothing is known, which is not cut.

    Example:
        >>> Effort("standard", cost=4_800_000_000).passes  # ResNet50
        12
        >>> Effort("standard", cost=4_800_000_000).tests(maps=8)
        PaidTests(randomised=1, deletion=18)
    """

    name: str
    cost: int

    @property
    def budget(self) -> int | None:
        """The budget in multiply-adds; None for no end."""
        return BUDGETS[self.name]

    @property
    def passes(self) -> int | None:
        """Passes of one sample that the budget pays for; None for as many as are wanted."""
        return None if self.budget is None or not self.cost else self.budget // self.cost

    def changed(self, wanted: int) -> int:
        """Return how many passes of changed samples the effort pays for, at most those that are wanted.

        Example:
            >>> Effort("standard", cost=840_000_000).changed(2600)  # MobileNetV2
            71
        """
        budget = CHANGED[self.name]
        if budget is None or not budget or not self.cost:
            return wanted if budget is None or budget else 0
        return min(wanted, budget // self.cost)

    def rescaled(self, wanted: int) -> int:
        """Return how many passes of samples in other scales the effort pays for, at most those that are wanted.

        They stay in proportion to the first pass, so that only `quick` cuts them.

        Example:
            >>> Effort("quick", cost=1_000_000_000).rescaled(16)  # EfficientNetB0
            5
        """
        return wanted if self.passes is None or self.name != QUICK else min(wanted, self.passes)

    def tests(self, maps: int, *, methods: int = 1, points: int = 0) -> PaidTests:
        """Return what of the tests of a method's maps the budget pays for, which is divided among the methods.

        Args:
            maps: number of maps.
            methods: number of methods.
            points: points at which each map takes a gradient by the input; 0 for one that takes a single pass.
        """
        if self.passes is None:
            return PaidTests(maps, None)
        passes, each = self.passes // methods, max(1, _BACKWARD * points)
        least = FIRST_LOOK if self.name == STANDARD and FIRST_LOOK * self.cost <= STRETCH * (self.budget or 0) else 0
        randomised = min(maps, max(passes - least, 1 if least else 0) // each)
        return PaidTests(randomised, max(passes - randomised * each, least))

    def most_tested(self, maps: int) -> int:
        """Return how many passes the tests of so many maps of one method take where each has a first look at deletion.

        Example:
            >>> Effort("quick", cost=1_000_000_000).most_tested(8)  # EfficientNetB0, none of whose maps is tested by deletion
            5
        """
        paid = self.tests(maps)
        wanted = maps * FIRST_LOOK
        deletion = wanted if paid.deletion is None else min(wanted, paid.deletion)
        return paid.randomised + (deletion if deletion >= FIRST_LOOK else 0)

    def made(self, wanted: int, *, steps: int, layers: int, cost: int) -> int:
        """Return for how many channels of a layer an input is made.

        Args:
            wanted: number of channels.
            steps: gradients that an input takes.
            layers: number of layers that inputs are made for.
            cost: multiply-adds of one pass up to the layer; 0 where they are not known.
        """
        if self.budget is None or not cost:
            return wanted
        return min(wanted, self.budget // (layers * steps * _BACKWARD * cost))


@dataclass(frozen=True)
class PaidTests:
    """What of the tests of one method's maps is paid for.

    Attributes:
        randomised: number of maps, the first ones, that are compared with those of the randomised network.
        deletion: passes for deletion; None for as many as are wanted.
    """

    randomised: int
    deletion: int | None


def effort_of(name: str | None, layers: Iterable[LayerSummary]) -> Effort:
    """Return the effort of a report on a model with these calls; None is the default."""
    return Effort(name or STANDARD, cost_of(layers))


def cost_of(layers: Iterable[LayerSummary]) -> int:
    """Return the multiply-adds of one sample in these calls, `VALUE` for each value put out; 0 where nothing is known.

    A layer whose use of its weights is not known counts as if each were used at every position of its output, and an axis of no
    fixed length as one position.
    """
    return sum(_cost(layer) for layer in layers)


def _cost(layer: LayerSummary) -> int:
    shape = layer.output_shape or ()
    values = VALUE * math.prod(size or 1 for size in shape) if shape else 0
    if layer.multiply_adds is not None:
        return layer.multiply_adds + values
    return layer.parameters * math.prod(size or 1 for size in shape[:-1]) + values
