"""Statistics of a kernel and their distance from fresh draws."""

import math

import numpy as np
import pytest
from scipy import stats

from reportgen.models.weights.kernel_statistics import (
    STATISTICS,
    as_matrix,
    hill_exponent,
    kernel_statistics,
    spatial_smoothness,
    spectral_norm,
    stable_rank,
    statistics_of_draws,
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
    assert found["root mean square"] == pytest.approx(np.sqrt(np.square(values).mean()), rel=1e-5)
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


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("convolution", (3, 3, 4, 6)), ("depthwise", (3, 3, 40, 1)), ("dense", (70, 80)), ("convolution", (3, 3, 64, 60))],
)
def test_draws_that_are_looked_at_together_have_the_statistics_of_each(kind: str, shape: tuple[int, ...]) -> None:
    draws = GENERATOR.normal(0, 0.02, size=(7, *shape)).astype(np.float32)
    draws[3, 0, 0] = 0.0
    kernel = LayerKernel("c", "kernel", kind, 1, shape, None, lambda: draws[0])
    expected = np.array([kernel_statistics(kernel, draw) for draw in draws])
    np.testing.assert_allclose(statistics_of_draws(kernel, iter(draws)), expected, rtol=1e-6)


def test_smoothness_of_equal_taps_is_one_and_needs_a_window_of_three() -> None:
    assert spatial_smoothness(np.broadcast_to(GENERATOR.normal(size=(2, 5)), (3, 3, 2, 5))) == pytest.approx(1)
    assert math.isnan(spatial_smoothness(GENERATOR.normal(size=(2, 3, 2, 5))))
    assert math.isnan(spatial_smoothness(GENERATOR.normal(size=(4, 5))))
    assert math.isnan(spatial_smoothness(np.ones((3, 3, 2, 2))))


def test_a_dense_kernel_has_no_smoothness_and_a_constant_one_no_kurtosis() -> None:
    assert math.isnan(statistics_of(GENERATOR.normal(size=(8, 9)), "dense")["spatial smoothness"])
    constant = statistics_of(np.full((4, 5), 0.5), "dense")
    assert math.isnan(constant["excess kurtosis"])
    assert (constant["root mean square"], constant["stable rank"]) == (0.5, pytest.approx(1))


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(1, 1), (5, 9), (9, 5), (64, 300), (65, 300), (300, 65), (200, 220)])
def test_spectral_norm_equals_numpys(shape: tuple[int, int]) -> None:
    matrix = draw(*shape)
    assert spectral_norm(matrix) == pytest.approx(np.linalg.svd(matrix, compute_uv=False)[0], rel=1e-4)


def test_spectral_norm_of_few_directions_and_of_nothing() -> None:
    outer = np.outer(draw(80), draw(100))
    assert spectral_norm(outer) == pytest.approx(np.linalg.norm(outer), rel=1e-5)
    assert spectral_norm(np.zeros((80, 90), np.float32)) == 0
    assert spectral_norm(np.empty((0, 3), np.float32)) == 0


def test_stable_rank_of_known_matrices() -> None:
    assert stable_rank(math.sqrt(7), 1.0) == pytest.approx(7)  # of an identity of 7 x 7
    assert stable_rank(math.sqrt(6), 2.0) == pytest.approx(1.5)  # of a diagonal of 2, 1 and 1
    assert np.isnan(stable_rank(0.0, 0.0))


def test_matrix_has_a_row_for_each_filter() -> None:
    values = draw(3, 3, 2, 4)
    kernel = LayerKernel("c", "kernel", "convolution", 1, values.shape, None, lambda: values)
    np.testing.assert_array_equal(as_matrix(kernel, values), values.transpose(3, 0, 1, 2).reshape(4, 18))
    assert np.shares_memory(as_matrix(kernel, values), values)


def test_hill_exponent_equals_its_formula_and_needs_fifty_eigenvalues() -> None:
    eigenvalues = GENERATOR.pareto(1.5, size=60) + 1
    ordered = np.sort(eigenvalues)
    expected = 1 + 30 / sum(np.log(ordered[-30:] / ordered[29]))
    assert hill_exponent(eigenvalues) == pytest.approx(expected)
    assert hill_exponent(eigenvalues[:50]) is not None
    assert hill_exponent(eigenvalues[:49]) is None
    assert hill_exponent(np.ones(60)) is None
    assert hill_exponent(np.zeros(60)) is None


def test_hill_exponent_finds_the_tail_of_a_power_law() -> None:
    # density ~ x^-3, so that the exponent is 3
    assert hill_exponent(np.random.default_rng(0).pareto(2.0, size=20_000) + 1) == pytest.approx(3, abs=0.1)
