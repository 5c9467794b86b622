"""How large the pictures of a page may be, from shapes alone."""

import pytest

from reportgen.measures.page_plan import CHOSEN_BYTES, PAGE_BYTES, PagePlan, ShownLayer, drawn_size, plan_page

DEMO = (ShownLayer("conv2d", (28, 28), 32, (3, 3), 1), ShownLayer("conv2d_1", (14, 14), 64, (3, 3), 32))


def planned(layers: tuple[ShownLayer, ...], *, samples: int = 10, budget: int = PAGE_BYTES, calls: int = 8) -> PagePlan:
    return plan_page(layers, calls=calls, kernels=len(layers), samples=samples, tiles=64, budget=budget)


def test_a_small_network_is_drawn_whole() -> None:
    plan = planned(DEMO)
    assert (plan.side, plan.tiles, plan.samples, plan.cut, plan.fits) == (96, 64, 10, False, True)
    page = 300_000 + 8 * 250 + 2 * (1_200 + 7_000) + 10 * 60_000 + 300_000
    maps = 2 * 3_600 + 10 * (2 * 900 + 96 * 44 + 0.95 * (32 * 784 + 64 * 196))
    kernels = 2 * (2 * 3_600 + 96 * (44 + 9 * 6))
    assert plan.size == page + maps + kernels


def test_tiles_shrink_first_then_channels_then_samples() -> None:
    deep = tuple(ShownLayer(f"c{place}", (112, 112), 256, (3, 3), 256) for place in range(6))
    chosen = [
        planned(deep, samples=8, budget=budget) for budget in (60_000_000, 8_000_000, 4_000_000, 3_000_000, 1_344_000)
    ]
    assert [(plan.side, plan.tiles, plan.samples) for plan in chosen] == [
        (96, 64, 8),
        (48, 64, 8),
        (24, 64, 8),
        (24, 32, 8),
        (24, 8, 4),
    ]
    assert [plan.cut for plan in chosen] == [False, True, True, True, True]
    assert all(plan.fits for plan in chosen)


def test_a_page_that_cannot_fit_is_told_by_its_plan() -> None:
    many = tuple(ShownLayer(f"c{place}", (56, 56), 64, (3, 3), 64) for place in range(4_000))
    plan = planned(many, samples=8, budget=CHOSEN_BYTES, calls=4_000)
    assert (plan.side, plan.tiles, plan.samples, plan.fits) == (24, 8, 1, False)
    assert plan.size > 15_000_000


def test_without_samples_only_kernels_take_room() -> None:
    plan = planned(DEMO, samples=0)
    assert plan.size == 300_000 + 8 * 250 + 2 * (1_200 + 7_000) + 2 * (2 * 3_600 + 96 * (44 + 9 * 6))


@pytest.mark.parametrize(
    ("size", "side", "drawn"),
    [
        ((28, 28), 96, (28, 28)),
        ((112, 112), 96, (56, 56)),
        ((7, 5), 24, (7, 5)),
        ((300,), 24, (1, 300)),
        ((8, 9, 10), 96, (9, 31)),
    ],
)
def test_maps_are_drawn_at_whole_factors(size: tuple[int, ...], side: int, drawn: tuple[int, int]) -> None:
    assert drawn_size(size, side) == drawn
