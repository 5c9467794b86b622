"""What each effort pays for, in passes of networks whose cost is known."""

import pytest

from reportgen.measures.deletion import FIRST_LOOK
from reportgen.measures.effort import BUDGETS, Effort, PaidTests, cost_of, effort_of
from reportgen.options import EFFORTS
from reportgen.results.findings import LayerSummary

RESNET50, MOBILENET, VGG16 = 3_858_000_000, 300_774_272, 15_470_000_000


def layer(cost: int | None, shape: tuple[int | None, ...] | None = (4, 5, 3), parameters: int = 7) -> LayerSummary:
    return LayerSummary("a", "Conv2D", shape, parameters, True, None, None, None, cost)


def test_every_effort_that_can_be_asked_for_has_a_budget() -> None:
    assert tuple(BUDGETS) == EFFORTS
    assert effort_of(None, ()) == Effort("standard", 0)


@pytest.mark.parametrize(
    ("name", "cost", "tests"),
    [
        ("standard", MOBILENET, PaidTests(8, 490)),
        ("standard", RESNET50, PaidTests(8, 30)),
        ("standard", VGG16, PaidTests(3, FIRST_LOOK)),  # 278 billion, under twice the budget
        ("standard", 17_000_000_000, PaidTests(8, 0)),
        ("quick", MOBILENET, PaidTests(8, 8)),
        ("quick", RESNET50, PaidTests(1, 0)),
        ("quick", VGG16, PaidTests(0, 0)),
        ("full", VGG16, PaidTests(8, None)),
        ("quick", 0, PaidTests(8, None)),  # what is not known is not cut
    ],
)
def test_the_randomised_network_comes_first_and_deletion_has_what_is_left(
    name: str, cost: int, tests: PaidTests
) -> None:
    assert Effort(name, cost).tests(8) == tests


def test_several_methods_share_the_budget_and_gradients_by_the_input_cost_three_passes_a_point() -> None:
    effort = Effort("standard", MOBILENET)  # 498 passes
    assert effort.tests(8, methods=2) == PaidTests(8, 241)
    assert effort.tests(8, methods=2, points=50) == PaidTests(1, 99)


def test_quick_alone_cuts_what_stays_in_proportion_to_the_first_pass() -> None:
    assert [Effort("quick", cost).rescaled(16) for cost in (MOBILENET, RESNET50, VGG16, 0)] == [16, 1, 0, 16]
    assert [Effort(name, VGG16).rescaled(400) for name in ("standard", "full")] == [400, 400]


def test_made_inputs_share_a_budget_of_their_own() -> None:
    # 64 steps of three passes on two layers: 384 times the cost of each channel
    assert Effort("standard", RESNET50).made(8, steps=64, layers=2, cost=118_000_000) == 3
    assert Effort("quick", RESNET50).made(8, steps=64, layers=2, cost=118_000_000) == 0
    assert Effort("full", RESNET50).made(8, steps=64, layers=2, cost=118_000_000) == 8
    assert Effort("quick", 0).made(8, steps=64, layers=2, cost=0) == 8


def test_a_cost_that_is_not_known_is_that_of_all_weights_at_every_position() -> None:
    assert cost_of([layer(100), layer(None)]) == 100 + 7 * 20
    assert cost_of([layer(None, None), layer(None, (None, 5, 3)), layer(0)]) == 7 + 7 * 5
    assert cost_of([]) == 0
