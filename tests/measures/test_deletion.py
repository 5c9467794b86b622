"""Deletion in a map's order against random orders: by hand, by SciPy, and how often a random map passes."""

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import scipy.ndimage

from reportgen.measures.deletion import (
    AS_GOOD,
    DELETED,
    FIRST_LOOK,
    LOOKS,
    DeletionTest,
    blurred,
    cells_of,
    deletion_tests,
    is_better_than_random,
)

GENERATOR = np.random.default_rng(12)


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.normal(size=shape).astype(np.float32)


def log_odds(values: np.ndarray) -> np.ndarray:
    return np.log(values / (1 - values))


def test_cells_are_sums_and_at_most_seven_along_each_axis() -> None:
    maps = draw(2, 28, 30)
    cells = cells_of(maps)
    assert cells.shape == (2, 7, 6)
    np.testing.assert_allclose(cells[1, 3, 4], maps[1, 12:16, 20:25].sum(), rtol=1e-5)
    np.testing.assert_array_equal(cells_of(maps[:, :7, :7]), maps[:, :7, :7])


def test_a_map_along_a_single_axis_has_49_cells() -> None:
    maps = draw(2, 1, 98)
    cells = cells_of(maps)
    assert cells.shape == (2, 1, 49)
    np.testing.assert_allclose(cells[1, 0, 4], maps[1, 0, 8:10].sum(), rtol=1e-5)


@pytest.mark.parametrize("shape", [(2, 9, 8, 3), (1, 28, 28, 1), (2, 1, 3, 1)])
def test_a_blurred_image_is_scipys_uniform_filter(shape: tuple[int, ...]) -> None:
    images = draw(*shape)
    windows = [2 * (length // 4) + 1 for length in shape[1:3]]
    expected = scipy.ndimage.uniform_filter(images.astype(np.float64), (1, *windows, 1), mode="nearest")
    np.testing.assert_allclose(blurred(images), expected, atol=1e-5)


class Brightness:
    """Scores images by their mean, and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[np.ndarray] = []
        self.positions: list[int] = []

    def __call__(self, values: np.ndarray, positions: np.ndarray) -> np.ndarray:
        self.given += list(values)
        self.positions += positions.tolist()
        return np.asarray(0.2 + 0.6 * values.reshape(len(values), -1).mean(axis=1))


def distances_of(*given: Any, **options: Any) -> np.ndarray:
    return np.array([test.distance for test in deletion_tests(*given, **options)])


def test_the_distance_equals_a_loop_over_what_the_model_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.measures.deletion.LOOKS", (8,))
    inputs = np.abs(draw(2, 10, 10, 1)) % 1
    maps, score = draw(2, 5, 5), Brightness()
    tests = deletion_tests(maps, inputs, score, seed=3)
    orders, steps = 1 + 8, len(DELETED)
    assert score.positions == [0] * orders * steps + [1] * orders * steps
    scores = np.array([0.2 + 0.6 * image.mean() for image in score.given]).reshape(2, orders, steps)
    instead = blurred(inputs)
    for n in range(2):
        areas = []
        for order in range(orders):
            curve = [log_odds(np.float64(0.5)), *log_odds(scores[n, order]), log_odds(np.float64(0.5))]
            areas.append(np.trapezoid(curve, [0, *DELETED, 1]))  # ends are the same for all
        expected = (np.mean(areas[1:]) - areas[0]) / np.std(areas[1:], ddof=1)
        assert tests[n].distance == pytest.approx(expected, abs=1e-5)
        assert (tests[n].orders, tests[n].as_good) == (8, sum(area <= areas[0] for area in areas[1:]))
        largest = np.argsort(-maps[n].ravel())
        for step, share in enumerate(DELETED):
            gone = np.zeros(25, bool)
            gone[largest[: round(share * 25)]] = True
            mask = np.kron(gone.reshape(5, 5), np.ones((2, 2), bool))[..., None]
            given = score.given[n * orders * steps + step]
            np.testing.assert_array_equal(given, np.where(mask, instead[n], inputs[n]))


def test_clear_maps_cost_eight_orders_and_maps_at_the_limit_as_many_as_allowed() -> None:
    inputs = np.zeros((1, 14, 14, 1), np.float32)
    inputs[0, 4:8, 4:8] = 1
    best = inputs[..., 0]
    for maps, outcome in ((best, True), (-best, False)):
        (test,) = deletion_tests(maps, inputs, Brightness(), seed=0)
        assert is_better_than_random(test) is outcome
        assert test.orders <= 16
    (test,) = deletion_tests(best, inputs, Brightness(), seed=0, limit=1e-5)
    assert (is_better_than_random(test, 1e-5), test.orders) == (None, LOOKS[-1])


def test_what_is_paid_for_decides_map_after_map_and_the_others_are_not_tested() -> None:
    inputs, maps = np.abs(draw(5, 14, 14, 1)) % 1, draw(5, 7, 7)
    whole = deletion_tests(maps, inputs, Brightness(), seed=0, limit=0.5)
    costs = [(1 + test.orders) * len(DELETED) for test in whole]
    score = Brightness()
    cut = deletion_tests(maps, inputs, score, seed=0, limit=0.5, most=sum(costs[:2]) + FIRST_LOOK + 3)
    assert cut[:2] == whole[:2]
    assert cut[2].orders == min(whole[2].orders, LOOKS[0] + 1)  # three more inputs are one more order
    left = FIRST_LOOK + 3 - (1 + cut[2].orders) * len(DELETED)
    assert left < FIRST_LOOK
    assert [test.orders for test in cut[3:]] == [0, 0]
    assert all(np.isnan(test.distance) for test in cut[3:])
    assert len(score.given) == sum(costs[:2]) + FIRST_LOOK + 3 - left
    assert deletion_tests(maps, inputs, Brightness(), seed=0, limit=0.5, most=10**6) == whole
    nothing = Brightness()
    assert [test.orders for test in deletion_tests(maps, inputs, nothing, seed=0, most=FIRST_LOOK - 1)] == [0] * 5
    assert nothing.given == []


@pytest.mark.parametrize(
    ("distance", "orders", "as_good", "outcome"),
    [
        (6.5, 8, 0, True),
        (5.0, 8, 0, None),  # eight orders know their own spread too badly
        (0.1, 8, 4, False),
        (0.1, 8, 0, None),  # what the spread says and what the ranks say have to agree
        (2.6, 40, 1, True),
        (2.6, 40, 3, None),
        (1.9, 160, 5, None),
        (1.3, 160, 16, False),
        (float("nan"), 8, 9, None),
    ],
)
def test_a_verdict_waits_until_more_orders_would_hardly_change_it(
    distance: float, orders: int, as_good: int, outcome: bool | None
) -> None:
    assert is_better_than_random(DeletionTest(distance, orders, as_good)) is outcome


def test_random_orders_turn_a_verdict_round_in_less_than_one_of_a_hundred_cases() -> None:
    generator = np.random.default_rng(4)
    needed = NormalDist().inv_cdf(1 - AS_GOOD)

    def decided(distance: float) -> bool | None:
        areas = generator.normal(size=LOOKS[-1])
        for orders in LOOKS:
            drawn = areas[:orders]
            test = DeletionTest((drawn.mean() + distance) / drawn.std(ddof=1), orders, int((drawn <= -distance).sum()))
            if (outcome := is_better_than_random(test)) is not None:
                return outcome
        return None

    for distance in (needed - 0.4, needed + 0.4):
        outcomes = [decided(distance) for _ in range(400)]
        assert outcomes.count(distance < needed) <= 4
        assert outcomes.count(distance > needed) > 100


def test_a_map_of_what_counts_passes_and_its_opposite_does_not() -> None:
    inputs = np.zeros((1, 14, 14, 1), np.float32)
    inputs[0, 4:8, 4:8] = 1
    marked = inputs[..., 0]
    best, worst = deletion_tests(np.concatenate([marked, -marked]), np.repeat(inputs, 2, axis=0), Brightness(), seed=0)
    assert (is_better_than_random(best), is_better_than_random(worst)) == (True, False)
    assert worst.distance < 0


def test_deletion_works_in_parts(monkeypatch: Any) -> None:
    inputs, maps = np.abs(draw(3, 12, 12, 2)) % 1, draw(3, 4, 4)
    expected = distances_of(maps, inputs, Brightness(), seed=1)
    monkeypatch.setattr("reportgen.measures.deletion._BYTES", 1)
    np.testing.assert_allclose(distances_of(maps, inputs, Brightness(), seed=1), expected, rtol=1e-4)


def test_a_score_that_never_changes_or_is_unknown_decides_nothing() -> None:
    def constant(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
        del positions
        return np.full(len(values), 1.0)

    def unknown(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
        return constant(values, positions) * np.nan

    for score in (constant, unknown):
        assert np.isnan(distances_of(draw(1, 4, 4), draw(1, 8, 8, 1), score, seed=0)).all()


@pytest.mark.parametrize(("size", "decided"), [(0.9e-6, False), (2.1e-6, True)])
def test_a_change_of_the_score_by_a_millionth_is_noise(size: float, decided: bool) -> None:
    """The score is a half but for the first cell, whose deletion takes the size away: the map deletes it first."""
    maps, inputs = np.zeros((1, 2, 2), np.float32), np.zeros((1, 8, 8, 1), np.float32)
    maps[0, 0, 0] = inputs[0, 0, 0] = 1

    def score(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
        del positions
        return np.asarray(0.5 - size * (values[:, 0, 0, 0] < 1))

    (distance,) = distances_of(maps, inputs, score, seed=0)
    assert np.isfinite(distance) == decided
    # where no random order loses the cell, their standard deviation of 0 counts as a millionth
    assert not decided or distance > 0


def test_random_orders_that_do_not_differ_do_not_hide_that_the_maps_order_does() -> None:
    maps, inputs = np.zeros((1, 1, 7), np.float32), np.zeros((1, 7, 7, 1), np.float32)
    maps[0, 0, 0] = 1

    def score(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
        del positions
        scores = np.full(len(values), 0.5)
        scores[: len(DELETED)] = 0.25  # the map's own order
        return scores

    (distance,) = distances_of(maps, inputs, score, seed=0)
    # log odds of 1/2 and 1/4 differ by log 3; steps at 0.1 and 0.3 stand for 0.15 and 0.45 of the area
    assert distance == pytest.approx(0.6 * np.log(3) / 1e-6, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("most", [None, 40 * FIRST_LOOK])
def test_at_most_ten_of_a_hundred_random_maps_pass_also_where_not_all_are_paid_for(
    demo_model: Any, demo_samples_path: Any, most: int | None
) -> None:
    with np.load(demo_samples_path) as stored:
        images = stored["x_test"][:100, :, :, None].astype(np.float32) / 255
    classes = demo_model(images).numpy().argmax(axis=1)

    def score(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
        return np.asarray(demo_model(values).numpy()[np.arange(len(values)), classes[positions]])

    rates = []
    for seed in range(3):
        maps = np.random.default_rng(seed).random((100, 14, 14)).astype(np.float32)
        tests = deletion_tests(maps, images, score, seed=seed, most=most)
        rates.append(np.mean([is_better_than_random(test) is True for test in tests if test.orders]))
    assert max(rates) <= 0.1
    if most is None:
        assert 0.02 <= np.mean(rates) <= 0.08


def test_volumes_have_four_cells_along_each_axis_and_a_blur_along_all_three() -> None:
    maps, volumes = draw(2, 8, 6, 10), draw(2, 8, 6, 10, 3)
    cells = cells_of(maps)
    assert cells.shape == (2, 4, 3, 4)
    np.testing.assert_allclose(cells[1, 2, 1, 3], maps[1, 4:6, 2:4, 9:].sum(), rtol=1e-5)
    expected = scipy.ndimage.uniform_filter(volumes.astype(np.float64), (1, 5, 3, 5, 1), mode="nearest")
    np.testing.assert_allclose(blurred(volumes), expected, atol=1e-5)


def test_deletion_works_in_volumes() -> None:
    volumes = np.abs(draw(3, 8, 6, 10, 1)) % 1
    seen = np.zeros((3, 8, 6, 10, 1), np.float32)
    seen[:, 2:4, :2, :5] = 1  # where the score looks

    def score(inputs: np.ndarray, positions: np.ndarray) -> np.ndarray:
        return 0.1 + 0.8 * np.abs(inputs - volumes[positions] * (1 - seen[positions])).reshape(len(inputs), -1).mean(1)

    aimed, away = (
        deletion_tests(side * seen[..., 0] * volumes[..., 0], volumes + seen, score, seed=1) for side in (1, -1)
    )
    assert [is_better_than_random(one) for one in aimed] == [True] * 3
    assert [is_better_than_random(one) for one in away] == [False] * 3


@pytest.mark.parametrize("most", [None, 2 * FIRST_LOOK])
def test_maps_that_are_not_chosen_are_not_scored_and_change_no_other(most: int | None) -> None:
    generator, score = np.random.default_rng(2), Brightness()
    maps = generator.normal(size=(3, 7, 7)).astype(np.float32)
    images = np.abs(generator.normal(size=(3, 14, 14, 1))).astype(np.float32)
    whole = deletion_tests(maps, images, Brightness(), seed=4, limit=0.3)
    found = deletion_tests(maps, images, score, seed=4, limit=0.3, most=most, chosen=[0, 2])
    assert (found[1].orders, np.isnan(found[1].distance), 1 in score.positions) == (0, True, False)
    assert most is not None or (found[0], found[2]) == (whole[0], whole[2])
    assert deletion_tests(maps, images, Brightness(), seed=4, chosen=[])[0].orders == 0
    assert deletion_tests(maps[:0], images[:0], Brightness(), seed=4) == ()
