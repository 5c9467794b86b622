"""What each effort pays for, in passes of networks whose cost is known."""

import pytest

from reportgen.measures.deletion import FIRST_LOOK
from reportgen.measures.effort import BUDGETS, Effort, PaidTests, cost_of, effort_of
from reportgen.options import EFFORTS
from reportgen.results.findings import LayerSummary

RESNET50, MOBILENET, VGG16 = 4_782_215_348, 842_410_072, 15_848_068_520


def layer(cost: int | None, shape: tuple[int | None, ...] | None = (4, 5, 3), parameters: int = 7) -> LayerSummary:
    return LayerSummary("a", "Conv2D", shape, parameters, True, None, None, None, cost)


def test_every_effort_that_can_be_asked_for_has_a_budget() -> None:
    assert tuple(BUDGETS) == EFFORTS
    assert effort_of(None, ()) == Effort("standard", 0)


@pytest.mark.parametrize(
    ("name", "cost", "tests"),
    [
        ("standard", MOBILENET, PaidTests(8, 63)),
        ("standard", RESNET50, PaidTests(1, FIRST_LOOK)),
        ("standard", VGG16, PaidTests(1, FIRST_LOOK)),  # 285 billion, under five times the budget
        ("standard", 16_700_000_000, PaidTests(3, 0)),
        ("quick", MOBILENET, PaidTests(5, 0)),
        ("quick", RESNET50, PaidTests(1, 0)),
        ("quick", VGG16, PaidTests(0, 0)),
        ("full", VGG16, PaidTests(8, None)),
        ("quick", 0, PaidTests(8, None)),  # what is not known is not cut
    ],
)
def test_one_map_has_both_tests_then_comes_the_randomised_network_and_deletion_has_what_is_left(
    name: str, cost: int, tests: PaidTests
) -> None:
    assert Effort(name, cost).tests(8) == tests


def test_several_methods_share_the_budget_and_gradients_by_the_input_cost_three_passes_a_point() -> None:
    effort = Effort("standard", MOBILENET // 5)  # 356 passes
    assert effort.tests(8, methods=2) == PaidTests(8, 170)
    assert effort.tests(8, methods=2, points=50) == PaidTests(1, 28)


def test_quick_alone_cuts_what_stays_in_proportion_to_the_first_pass() -> None:
    assert [Effort("quick", cost).rescaled(16) for cost in (MOBILENET, RESNET50, VGG16, 0)] == [5, 1, 0, 16]
    assert [Effort(name, VGG16).rescaled(400) for name in ("standard", "full")] == [400, 400]


def test_made_inputs_share_a_budget_of_their_own() -> None:
    # 64 steps of three passes on two layers: 384 times the cost of each channel
    assert Effort("standard", RESNET50).made(8, steps=64, layers=2, cost=52_000_000) == 3
    assert Effort("quick", RESNET50).made(8, steps=64, layers=2, cost=118_000_000) == 0
    assert Effort("full", RESNET50).made(8, steps=64, layers=2, cost=118_000_000) == 8
    assert Effort("quick", 0).made(8, steps=64, layers=2, cost=0) == 8


def test_each_value_that_a_layer_puts_out_counts_as_25_multiply_adds() -> None:
    assert cost_of([layer(100), layer(0)]) == 100 + 2 * 25 * 60
    assert cost_of([layer(100, None)]) == 100


def test_a_cost_that_is_not_known_is_that_of_all_weights_at_every_position() -> None:
    assert cost_of([layer(100), layer(None)]) == 100 + 7 * 20 + 2 * 25 * 60
    assert cost_of([layer(None, None), layer(None, (None, 5, 3)), layer(0, ())]) == 7 + 7 * 5 + 25 * 15
    assert cost_of([]) == 0
