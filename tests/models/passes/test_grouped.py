"""Grouped convolutions by TensorFlow's own kernel are those that Keras compiles."""

from typing import Any

import numpy as np
import pytest
from keras import layers

from reportgen.models.passes.grouped import grouped_convolutions_run


@pytest.mark.parametrize(
    ("groups", "filters", "options"),
    [
        (6, 6, {"padding": "same"}),
        (6, 12, {"padding": "valid"}),
        (3, 12, {"padding": "same", "strides": 2}),
        (2, 4, {"padding": "same", "dilation_rate": 2, "activation": "relu"}),
    ],
)
def test_values_are_those_of_the_compiled_convolution(groups: int, filters: int, options: dict[str, Any]) -> None:
    layer = layers.Conv2D(filters, 3, groups=groups, **options)
    inputs = np.random.default_rng(0).normal(size=(2, 9, 8, 6)).astype(np.float32)
    expected = np.asarray(layer(inputs))
    with grouped_convolutions_run({"a": layer}):
        assert "convolution_op" in vars(layer)
        found = np.asarray(layer(inputs))
    assert "convolution_op" not in vars(layer)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_the_kernel_refuses_is_left_to_keras() -> None:
    layer = layers.Conv2D(4, 5, groups=2)
    layer.build((None, 9, 9, 4))
    with grouped_convolutions_run({"a": layer}), pytest.raises(ValueError, match=r"empty output|Negative dimension"):
        layer(np.zeros((1, 3, 3, 4), np.float32))


def test_other_convolutions_are_not_touched() -> None:
    first = layers.Conv2D(4, 3, groups=2, data_format="channels_first")
    others = (layers.Conv2D(4, 3), first, layers.Conv1D(4, 3, groups=2), layers.Dense(3))
    with grouped_convolutions_run(dict(zip("abcd", others, strict=True))):
        assert all("convolution_op" not in vars(layer) for layer in others)
