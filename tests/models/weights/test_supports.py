"""What an initialiser cannot draw."""

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest

from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.supports import Rounding, few_levels, stored_rounding, support_of

SHAPE = (3, 3, 8, 16)


def kernel(values: np.ndarray, initializer: Any) -> LayerKernel:
    return LayerKernel("c", "kernel", "convolution", 1, values.shape, initializer, lambda: values)


BOUNDED = [
    "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal", "random_uniform",
    "truncated_normal", "orthogonal", "zeros", "ones",
]  # fmt: skip


def as_float16(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float16).astype(np.float32)


def as_bfloat16(values: np.ndarray) -> np.ndarray:
    return (values.view(np.uint32) & 0xFFFF0000).view(np.float32)


def as_int8(values: np.ndarray) -> np.ndarray:
    step = max(float(np.abs(values).max()), 1e-9) / 127
    return (np.round(values / step) * step).astype(np.float32)


@cache
def fresh(name: str, seed: int) -> tuple[Any, np.ndarray]:
    """Return an initialiser and its draw, which no test changes."""
    keras.utils.set_random_seed(seed)
    initializer = keras.initializers.get(name)
    return initializer, np.array(initializer(SHAPE, dtype="float32"))


@pytest.mark.parametrize("stored", [np.asarray, as_float16, as_bfloat16, as_int8])
@pytest.mark.parametrize("name", BOUNDED)
def test_no_fresh_draw_is_beyond_what_can_be_drawn(name: str, stored: Any) -> None:
    for seed in range(20):
        initializer, values = fresh(name, seed)
        found = support_of(kernel(stored(values), initializer))
        assert found is not None
        assert found.beyond == 0, (name, seed)


def test_weights_beyond_the_limit_are_counted() -> None:
    limit = np.sqrt(6 / (9 * 24))
    values = np.random.default_rng(0).uniform(-limit, limit, SHAPE).astype(np.float32)
    values.flat[[3, 40]] = 1.2 * limit, -1.001 * limit
    found = support_of(kernel(values, keras.initializers.GlorotUniform()))
    assert found is not None
    assert (found.of, found.beyond, found.compared, found.furthest) == ("weights", 2, 1152, pytest.approx(1.2))
    # 0.23 of a movement's share of the norm goes over the bounds: three weights at 13 / n
    assert found.seen == pytest.approx(13.02 / 1152, rel=1e-3)
    normal = support_of(kernel(values, keras.initializers.GlorotNormal()))
    assert normal is not None
    assert normal.seen == pytest.approx(75.6 / 1152, rel=1e-2)


def test_a_movement_of_the_size_that_is_said_to_be_seen_is_seen_in_19_of_20_cases() -> None:
    generator = np.random.default_rng(1)
    for initializer in (keras.initializers.GlorotUniform(seed=1), keras.initializers.GlorotNormal(seed=1)):
        values = np.array(initializer(SHAPE))
        found = support_of(kernel(values, initializer))
        assert found is not None
        moved = values.std() * found.seen * generator.normal(size=(200, *SHAPE)).astype(np.float32)
        seen = [support_of(kernel(values + one, initializer)).beyond > 0 for one in moved]  # type: ignore[union-attr]
        assert 0.85 <= np.mean(seen) <= 1


def test_filters_that_are_not_orthogonal_and_values_that_are_not_the_constant_are_counted() -> None:
    drawn = np.array(keras.initializers.Orthogonal(seed=1)(SHAPE))
    drawn[..., 0] *= 1.01
    found = support_of(kernel(drawn, keras.initializers.Orthogonal()))
    assert found is not None
    assert (found.of, found.beyond, found.compared) == ("filters", 1, 16)
    ones = np.ones((4, 5), np.float32)
    ones[0, 0] = 1.01
    constant = support_of(kernel(ones, keras.initializers.Ones()))
    assert constant is not None
    assert (constant.beyond, constant.seen) == (1, 0.0)


class Own(keras.initializers.GlorotUniform):
    pass


@pytest.mark.parametrize("initializer", [None, keras.initializers.RandomNormal(), Own()])
def test_what_can_draw_anything_or_is_not_known_has_no_support(initializer: Any) -> None:
    assert support_of(kernel(np.ones((4, 5), np.float32), initializer)) is None
    assert support_of(kernel(np.full((4, 5), np.nan, np.float32), keras.initializers.Ones())) is None


def test_rounding_shows_in_the_values() -> None:
    values = np.random.default_rng(0).normal(size=4000).astype(np.float32)
    assert stored_rounding(values) == Rounding()
    assert stored_rounding(as_float16(values)) == Rounding(2**-11, 2**-25)
    assert stored_rounding(as_bfloat16(values)) == Rounding(2**-8)
    assert stored_rounding(as_int8(values)).absolute == pytest.approx(np.abs(values).max() / 254, rel=1e-3)
    assert few_levels(np.array([1.0, 2.0, 1.0]), 2) is not None
    assert few_levels(np.arange(20_000) // 10_000, 1) is None
