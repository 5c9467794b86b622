"""Fresh draws of a kernel or of a part of it have the distribution of its initialiser."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
from scipy import stats

from reportgen.models.weights.initial import draw_initial
from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.redraws import MOST_COMPARED, compared_part, redraw

INITIALIZERS = [
    keras.initializers.GlorotUniform(),
    keras.initializers.HeNormal(),
    keras.initializers.LecunUniform(),
    keras.initializers.VarianceScaling(3.0, "fan_out", "untruncated_normal"),
    keras.initializers.RandomNormal(0.5, 0.1),
    keras.initializers.RandomUniform(-1, 2),
    keras.initializers.TruncatedNormal(0.0, 0.2),
]


def stacked(draws: Iterator[np.ndarray] | None) -> np.ndarray:
    """Return all draws as one array, (count, *shape)."""
    assert draws is not None
    return np.stack(list(draws))


def kernel_of(values: np.ndarray, initializer: Any, kind: str = "convolution") -> LayerKernel:
    return LayerKernel("layer", "kernel", kind, 1, values.shape, initializer, lambda: values)


@pytest.mark.parametrize("initializer", INITIALIZERS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("shape", [(3, 3, 8, 32), (40, 60)])
def test_draws_are_distributed_as_those_of_keras(initializer: Any, shape: tuple[int, ...]) -> None:
    kernel = kernel_of(np.zeros(shape, np.float32), initializer, "dense" if len(shape) == 2 else "convolution")
    draws = stacked(redraw(kernel, compared_part(kernel, seed=0), 5, seed=0))
    expected = draw_initial(kernel, seed=0)
    assert draws is not None
    assert expected is not None
    assert draws.shape == (5, *shape)
    assert len({float(draw.ravel()[0]) for draw in draws}) == 5
    assert stats.ks_2samp(draws.ravel(), expected.ravel()).pvalue > 1e-3
    assert draws.std() == pytest.approx(expected.std(), rel=0.06)


def test_draws_are_the_same_for_a_seed_and_others_for_another() -> None:
    kernel = kernel_of(np.zeros((3, 3, 2, 4), np.float32), INITIALIZERS[0])
    first, again, other = (stacked(redraw(kernel, compared_part(kernel, seed=0), 2, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_part_of_a_large_kernel_keeps_its_windows_and_its_scale() -> None:
    values = np.arange(3 * 3 * 300 * 400, dtype=np.float32).reshape(3, 3, 300, 400)
    kernel = kernel_of(values, INITIALIZERS[0])
    part = compared_part(kernel, seed=0)
    assert part.values.shape[:2] == (3, 3)
    assert 0.9 * MOST_COMPARED < part.values.size <= MOST_COMPARED
    assert (part.whole, part.kernel.shape) == (values.size, part.values.shape)
    assert np.isin(part.values, values).all()
    assert len(np.unique(part.values)) == part.values.size
    draws = stacked(redraw(kernel, part, 2, seed=0))
    assert draws is not None
    assert draws.std() == pytest.approx(np.sqrt(2 / (9 * 700)), rel=0.01)


def test_a_long_narrow_kernel_loses_rows_alone() -> None:
    part = compared_part(kernel_of(np.zeros((100_000, 10), np.float32), None, "dense"), seed=0)
    assert part.values.shape == (MOST_COMPARED // 10, 10)


def test_weights_that_are_drawn_together_are_drawn_whole() -> None:
    orthogonal = keras.initializers.Orthogonal()
    kernel = kernel_of(np.zeros((3, 3, 2, 4), np.float32), orthogonal)
    draws = stacked(redraw(kernel, compared_part(kernel, seed=0), 3, seed=0))
    assert draws is not None
    for draw in draws:
        flat = draw.reshape(-1, 4)
        np.testing.assert_allclose(flat.T @ flat, np.eye(4), atol=1e-5)
    assert not np.array_equal(draws[0], draws[1])
    large = kernel_of(np.zeros((700, 700), np.float32), orthogonal, "dense")
    assert redraw(large, compared_part(large, seed=0), 2, seed=0) is None


def test_without_an_initialiser_there_are_no_draws() -> None:
    kernel = kernel_of(np.zeros((3, 3, 2, 4), np.float32), None)
    assert redraw(kernel, compared_part(kernel, seed=0), 2, seed=0) is None
