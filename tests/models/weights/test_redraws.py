"""Fresh draws of a kernel, and of a part of it, from its own initialiser."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from scipy import stats

from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.redraws import MOST_COMPARED, compared_part, draw_initial, kernel_seed, redraw


def kernel(initializer: Any, shape: tuple[int, ...] = (3, 3, 8, 16), path: str = "conv") -> LayerKernel:
    return LayerKernel(path, "kernel", "convolution", 1, shape, initializer, lambda: np.zeros(shape, np.float32))


def drawn(kernel: LayerKernel, seed: int = 0) -> np.ndarray:
    values = draw_initial(kernel, seed=seed)
    assert values is not None
    return values


GLOROT = keras.initializers.GlorotUniform()


def test_same_seed_and_label_give_the_same_draw() -> None:
    np.testing.assert_array_equal(drawn(kernel(GLOROT)), drawn(kernel(keras.initializers.GlorotUniform())))


def test_another_seed_gives_another_draw() -> None:
    assert (drawn(kernel(GLOROT), 0) != drawn(kernel(GLOROT), 1)).mean() > 0.99


def test_another_label_gives_another_draw() -> None:
    assert (drawn(kernel(GLOROT)) != drawn(kernel(GLOROT, path="other"))).mean() > 0.99


def test_kernel_seed_is_the_same_in_every_run() -> None:
    assert kernel_seed(0, "conv") == 1982415097
    assert kernel_seed(1, "conv") != kernel_seed(0, "conv") != kernel_seed(0, "conv2")
    assert all(0 <= kernel_seed(seed, "x") < 2**31 for seed in range(100))


def test_glorot_uniform_fills_its_limits() -> None:
    limit = np.sqrt(6 / (9 * 8 + 9 * 16))
    values = drawn(kernel(GLOROT))
    assert np.abs(values).max() <= limit
    assert np.abs(values).max() == pytest.approx(limit, rel=0.01)
    assert values.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)


def test_random_normal_has_its_deviation() -> None:
    values = drawn(kernel(keras.initializers.RandomNormal(mean=2.0, stddev=0.25)))
    assert values.mean() == pytest.approx(2, abs=0.03)
    assert values.std() == pytest.approx(0.25, rel=0.05)


def test_a_saved_seed_is_replaced() -> None:
    saved = keras.initializers.GlorotUniform(seed=3)
    as_trained = np.asarray(saved((3, 3, 8, 16)))
    assert (drawn(kernel(saved)) != as_trained).mean() > 0.99
    np.testing.assert_array_equal(drawn(kernel(saved)), drawn(kernel(GLOROT)))
    assert saved.seed == 3


def test_initialisers_without_a_seed_give_what_they_always_give() -> None:
    assert (drawn(kernel(keras.initializers.Zeros())) == 0).all()
    assert (drawn(kernel(keras.initializers.Constant(0.5))) == 0.5).all()


def test_orthogonal_draw_is_orthogonal() -> None:
    values = drawn(kernel(keras.initializers.Orthogonal(), shape=(6, 6)))
    np.testing.assert_allclose(values @ values.T, np.eye(6), atol=1e-5)


def test_depthwise_layer_draws_from_its_own_initialiser() -> None:
    from reportgen.models.weights.kernels import layer_kernels

    layer = layers.SeparableConv2D(
        4, 3, depthwise_initializer=keras.initializers.Constant(2), pointwise_initializer=keras.initializers.Constant(3)
    )
    layer.build((None, 8, 8, 5))
    assert [float(drawn(kernel).mean()) for kernel in layer_kernels({"sep": layer})] == [2, 3]


def test_no_initialiser_gives_no_draw() -> None:
    assert draw_initial(kernel(None), seed=0) is None
    assert kernel(None).initializer_name is None


def test_initialiser_is_named_by_its_class() -> None:
    assert kernel(GLOROT).initializer_name == "GlorotUniform"


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
