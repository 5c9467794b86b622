"""Singular values against numpy's and against brute force."""

import numpy as np
import pytest

from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.spectra import as_matrix, hill_exponent, spectral_norm, stable_rank

GENERATOR = np.random.default_rng(8)


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
    assert stable_rank(np.eye(7, dtype=np.float32), 1.0) == 7
    assert stable_rank(np.diag(np.array([2, 1, 1], np.float32)), 2.0) == 1.5
    assert np.isnan(stable_rank(np.zeros((2, 2), np.float32), 0.0))


def test_matrix_has_a_row_for_each_filter() -> None:
    values = draw(3, 3, 2, 4)
    kernel = LayerKernel("c", "kernel", "convolution", 1, values.shape, None, lambda: values)
    np.testing.assert_array_equal(as_matrix(kernel, values), values.transpose(3, 0, 1, 2).reshape(4, 18))


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
