"""Which kernels have no scale of their own."""

from typing import Any

import keras
import pytest
from keras import layers

from reportgen.models.graphs import describe_model
from reportgen.models.graphs.normalised import normalised_in_order


@pytest.mark.parametrize(
    ("between", "found"),
    [
        ([], True),
        ([layers.ReLU(), layers.MaxPooling2D(), layers.Dropout(0.5)], True),
        ([layers.Activation("relu")], True),
        ([layers.LeakyReLU()], True),
        ([layers.ReLU(6.0)], False),
        ([layers.Activation("swish")], False),
        ([layers.Conv2D(4, 1, name="other")], False),
    ],
)
def test_between_kernel_and_normalisation_stands_what_keeps_scale(between: list[Any], found: bool) -> None:
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(4, 3, name="conv"), *between, layers.BatchNormalization(name="norm")]
    )
    assert (describe_model(model).normalised.get("conv") == "norm") is found


def test_every_way_on_must_end_in_a_normalisation() -> None:
    inputs = keras.Input((8, 8, 1))
    values = layers.Conv2D(4, 3, name="conv")(inputs)
    normed = layers.LayerNormalization(name="norm")(values)
    assert describe_model(keras.Model(inputs, normed)).normalised == {"conv": "norm"}
    assert describe_model(keras.Model(inputs, layers.add([values, normed]))).normalised == {}
    assert describe_model(keras.Model(inputs, [values, normed])).normalised == {}


def test_an_activation_of_the_layer_itself_counts_and_nested_models_are_followed() -> None:
    inner = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="tanh", name="bent"),
            layers.BatchNormalization(name="first"),
            layers.Conv2D(4, 3, activation="relu", name="straight"),
            layers.BatchNormalization(name="second"),
        ],
        name="inner",
    )
    model = keras.Sequential([keras.Input((8, 8, 1)), inner, layers.Flatten()])
    assert describe_model(model).normalised == {"inner/straight": "inner/second"}


def test_without_a_graph_the_order_of_the_calls_tells() -> None:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, name="conv"),
            layers.Activation("relu"),
            layers.BatchNormalization(name="norm"),
            layers.Dense(3, name="head"),
        ]
    )
    calls = describe_model(model).calls
    assert normalised_in_order(calls)["conv"] == "norm"
    assert "head" not in normalised_in_order(calls)
