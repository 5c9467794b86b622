"""Statistics of a kernel and their distance from fresh draws."""

import math

import numpy as np
import pytest
from scipy import stats

from reportgen.measures.intervals import student_quantile
from reportgen.models.weights.kernel_statistics import (
    STATISTICS,
    chance_bound,
    draws_distances,
    kernel_statistics,
    null_distance,
    null_spread,
    spatial_smoothness,
)
from reportgen.models.weights.kernels import LayerKernel

GENERATOR = np.random.default_rng(3)


def statistics_of(values: np.ndarray, kind: str = "convolution") -> dict[str, float]:
    values = values.astype(np.float32)
    kernel = LayerKernel("c", "kernel", kind, 1, values.shape, None, lambda: values)
    return dict(zip(STATISTICS, kernel_statistics(kernel, values).tolist(), strict=True))


def test_statistics_equal_those_of_numpy_and_scipy() -> None:
    values = GENERATOR.normal(0, 0.02, size=(3, 3, 4, 6)).astype(np.float32)
    found = statistics_of(values)
    matrix = values.transpose(3, 0, 1, 2).reshape(6, -1)
    singular = np.linalg.svd(matrix, compute_uv=False)
    assert found["standard deviation"] == pytest.approx(values.std(), rel=1e-5)
    assert found["excess kurtosis"] == pytest.approx(stats.kurtosis(values.ravel()), rel=1e-3)
    assert found["spectral norm"] == pytest.approx(singular[0], rel=1e-5)
    assert found["stable rank"] == pytest.approx((singular**2).sum() / singular[0] ** 2, rel=1e-4)
    assert found["share near zero"] == (np.abs(values) < 1e-3).mean()


def test_smoothness_is_the_mean_correlation_of_neighbouring_taps() -> None:
    values = GENERATOR.normal(size=(3, 4, 2, 5))
    taps = values.reshape(3, 4, 10)
    pairs = [(taps[i, j], taps[i + 1, j]) for i in range(2) for j in range(4)]
    pairs += [(taps[i, j], taps[i, j + 1]) for i in range(3) for j in range(3)]
    expected = np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs])
    assert spatial_smoothness(values) == pytest.approx(expected)


def test_smoothness_of_equal_taps_is_one_and_needs_a_window_of_three() -> None:
    assert spatial_smoothness(np.broadcast_to(GENERATOR.normal(size=(2, 5)), (3, 3, 2, 5))) == pytest.approx(1)
    assert math.isnan(spatial_smoothness(GENERATOR.normal(size=(2, 3, 2, 5))))
    assert math.isnan(spatial_smoothness(GENERATOR.normal(size=(4, 5))))
    assert math.isnan(spatial_smoothness(np.ones((3, 3, 2, 2))))


def test_a_dense_kernel_has_no_smoothness_and_a_constant_one_no_kurtosis() -> None:
    assert math.isnan(statistics_of(GENERATOR.normal(size=(8, 9)), "dense")["spatial smoothness"])
    constant = statistics_of(np.full((4, 5), 0.5), "dense")
    assert math.isnan(constant["excess kurtosis"])
    assert (constant["standard deviation"], constant["stable rank"]) == (0, pytest.approx(1))


DRAWS = np.array([[1.0, 0, 10, 2, 0, np.nan], [3.0, 0, 10, 2, 0, np.nan], [2.0, 0, 10, 2, 0.01, np.nan]])


def test_distance_is_in_standard_deviations_of_the_draws() -> None:
    value = np.array([5.0, 0, 11, 2, 0.3, 1])
    mean, spread = null_spread(DRAWS, 100)
    assert (mean[0], spread[0]) == (2, 1)
    # draws that agree leave no doubt; a share scatters at least as a Poisson count of one more
    assert spread[4] == pytest.approx(math.sqrt(100 * 0.01 / 3 + 1) / 100)
    distance = null_distance(value, DRAWS, 100)
    assert distance[:4].tolist() == [3, 0, math.inf, 0]
    assert distance[4] == pytest.approx((0.3 - 0.01 / 3) / spread[4])
    assert math.isnan(distance[5])


def test_differences_within_single_precision_are_none() -> None:
    draws = np.full((5, 6), 1.0) + np.arange(5)[:, None] * 1e-8
    assert null_distance(np.full(6, 1 + 2e-7), draws, 1000)[2] == 0


def test_distances_of_draws_are_from_the_others() -> None:
    draws = GENERATOR.uniform(size=(6, 6))
    found = draws_distances(draws, 10**9)
    others = np.delete(draws, 2, axis=0)
    np.testing.assert_allclose(found[2, 0], (draws[2, 0] - others[:, 0].mean()) / others[:, 0].std(ddof=1))


def test_chance_is_the_larger_of_the_draws_distances_and_students_bound() -> None:
    quiet, loud = np.full((20, 6), 0.5), np.full((20, 6), 0.5)
    loud[7, 2] = -9.0
    quiet[:, 5] = np.nan
    student = stats.t.ppf(1 - 0.05 / 2 / 11, 19) * math.sqrt(1 + 1 / 20)
    few = [quiet, np.full((20, 6), 0.1)]
    assert chance_bound(few, 20, tested=11, error=0.05) == pytest.approx(student, rel=1e-3)
    assert chance_bound([quiet, loud], 20, tested=11, error=0.05) == 9
    assert chance_bound([], 20, tested=0, error=0.05) > 0


def test_of_200_draws_the_ten_furthest_are_beyond_chance() -> None:
    distances = np.zeros((200, 6))
    distances[:, 3] = np.arange(200) / 10
    # place 191 of 200: ceil(0.95 * 201)
    assert chance_bound([distances], 200, tested=6, error=0.05) == 19.0


@pytest.mark.parametrize("freedom", [9, 19, 99])
@pytest.mark.parametrize("probability", [0.9, 0.99, 0.9999, 0.99999])
def test_student_quantile_equals_scipys(probability: float, freedom: int) -> None:
    assert student_quantile(probability, freedom) == pytest.approx(stats.t.ppf(probability, freedom), rel=0.01)
