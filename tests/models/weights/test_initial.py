"""Fresh weights from a layer's own saved initialiser."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from reportgen.models.weights.initial import draw_initial, initializer_name, kernel_seed
from reportgen.models.weights.kernels import LayerKernel


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
    assert initializer_name(kernel(None)) is None


def test_initialiser_is_named_by_its_class() -> None:
    assert initializer_name(kernel(GLOROT)) == "GlorotUniform"
