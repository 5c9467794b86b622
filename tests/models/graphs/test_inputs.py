"""What a model takes, and whether it scales it by itself."""

from typing import Any

import keras
import pytest
from keras import layers

from reportgen.keras_internals import graph_inputs
from reportgen.models.graphs.calls import layer_calls
from reportgen.models.graphs.inputs import InputRescaling, input_rescaling, model_input_shape
from reportgen.models.graphs.layers import named_layers


def test_input_shape_is_that_of_one_sample(demo_model: Any, nested_model: Any, subclassed_model: Any) -> None:
    assert model_input_shape(demo_model) == (28, 28, 1)
    assert model_input_shape(nested_model) == (8, 8, 1)
    assert model_input_shape(subclassed_model) == (6, 6, 1)


def test_input_shape_of_a_model_never_built_is_unknown() -> None:
    model = keras.Sequential([layers.Dense(2)])
    assert model_input_shape(model) is None
    assert graph_inputs(model) == []


def rescaling_of(*stack: Any) -> InputRescaling | None:
    model = keras.Sequential([keras.Input((8, 8, 3)), *stack, layers.Conv2D(2, 3)])
    return input_rescaling(layer_calls(model), named_layers(model))


@pytest.mark.parametrize(
    ("scale", "offset", "expected"),
    [
        (1 / 255, 0.0, (0, 255)),
        (1 / 127.5, -1.0, (0, 255)),
        (2.0, -1.0, (0, 1)),
        (-1 / 255, 1.0, (0, 510)),
        ([1 / 255] * 3, 0.0, (0, 255)),
    ],
)
def test_expected_range_is_the_rescaling_read_backwards(scale: Any, offset: float, expected: Any) -> None:
    found = rescaling_of(layers.Rescaling(scale, offset, name="rescale"))
    assert found is not None
    assert found.path == "rescale"
    assert found.expected_range == pytest.approx(expected)


def test_rescaling_by_zero_expects_nothing() -> None:
    assert rescaling_of(layers.Rescaling(0.0, name="zero")) == InputRescaling("zero", None)


def test_augmentation_may_come_first() -> None:
    found = rescaling_of(layers.RandomFlip(), layers.Rescaling(1 / 255, name="rescale"))
    assert found == InputRescaling("rescale", pytest.approx((0, 255)))


def test_normalisation_rescales_to_a_range_that_is_not_known() -> None:
    found = rescaling_of(layers.Normalization(mean=0.5, variance=0.1, name="normalise"))
    assert found == InputRescaling("normalise", None)


def test_arithmetic_in_the_model_rescales() -> None:
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, layers.Conv2D(2, 3)(inputs / 127.5 - 1.0))
    found = input_rescaling(layer_calls(model), named_layers(model))
    assert found is not None
    assert (found.path.startswith("true_divide"), found.expected_range) == (True, None)


def test_rescaling_after_the_first_weights_does_not_count() -> None:
    assert rescaling_of(layers.Conv2D(2, 3), layers.Rescaling(1 / 255)) is None


def test_model_without_rescaling_has_none(demo_model: Any) -> None:
    assert input_rescaling(layer_calls(demo_model), named_layers(demo_model)) is None
    assert input_rescaling((), {}) is None
