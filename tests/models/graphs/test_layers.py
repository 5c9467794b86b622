"""Layers by path, their data format and the activation that each ends in."""

from typing import Any

import keras
import pytest
from keras import layers

from reportgen.models.graphs.layers import (
    activation_of,
    common_data_format,
    data_format,
    is_normalization,
    is_rectifier,
    named_layers,
    watched_layers,
)


def test_layers_of_nested_models_are_named_by_their_path(nested_model: Any) -> None:
    assert list(named_layers(nested_model)) == ["middle/deep/conv", "middle/conv", "pool", "scores"]


def test_layers_of_a_subclassed_model_follow_the_block_that_holds_them(subclassed_model: Any) -> None:
    assert list(named_layers(subclassed_model)) == ["block", "block/conv", "block/rectifier", "flat", "head"]


def test_a_shared_layer_is_named_once(shared_model: Any) -> None:
    assert list(named_layers(shared_model)) == ["shared"]


def test_a_wrapped_layer_is_named_below_its_wrapper() -> None:
    inputs = keras.Input((4, 6, 6, 1))
    model = keras.Model(inputs, layers.TimeDistributed(layers.Conv2D(2, 3, name="conv"), name="each")(inputs))
    assert list(named_layers(model)) == ["each", "each/conv"]


def test_equal_names_are_told_apart_by_number() -> None:
    class Twins(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.twins = [layers.Conv2D(1, 3, name="twin") for _ in range(3)]

    assert list(named_layers(Twins())) == ["twin", "twin#2", "twin#3"]


def test_a_nested_subclassed_model_is_listed_with_its_layers(subclassed_model: Any) -> None:
    inputs = keras.Input((6, 6, 1))
    model = keras.Model(inputs, subclassed_model(inputs))
    assert list(named_layers(model))[:3] == ["subclassed", "subclassed/block", "subclassed/block/conv"]


def test_data_format_is_the_layers_or_the_default() -> None:
    first = layers.Conv2D(1, 3, data_format="channels_first")
    assert data_format(first) == "channels_first"
    assert data_format(layers.ReLU()) == "channels_last"
    assert data_format(layers.ReLU(), "channels_first") == "channels_first"
    assert common_data_format([layers.ReLU(), first, layers.Conv2D(1, 3)]) == "channels_first"
    assert common_data_format([layers.ReLU()]) == "channels_last"


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (layers.ReLU(), "relu"),
        (layers.ReLU(negative_slope=0.1), "leaky_relu"),
        (layers.ReLU(threshold=1.0), "leaky_relu"),
        (layers.LeakyReLU(), "leaky_relu"),
        (layers.PReLU(), "prelu"),
        (layers.ELU(), "elu"),
        (layers.Activation("gelu"), "gelu"),
        (layers.Activation("softmax"), "linear"),
        (layers.Dense(2, activation="softmax"), "linear"),
        (layers.Conv2D(2, 3, activation="tanh"), "tanh"),
        (layers.LSTM(3), "linear"),
        (layers.MaxPooling2D(), "linear"),
    ],
)
def test_the_activation_of_a_layer_has_its_keras_name(layer, expected: str) -> None:
    assert activation_of(layer) == expected
    assert is_rectifier(layer) is (expected == "relu")


def test_a_batch_normalisation_is_told_by_its_moving_statistics() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(), layers.LayerNormalization()])
    assert [is_normalization(layer) for layer in model.layers] == [True, False]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (layers.ReLU(), True),
        (layers.ReLU(max_value=6), True),
        (layers.ReLU(negative_slope=0.1), False),
        (layers.ReLU(threshold=1), False),
        (layers.Activation("relu"), True),
        (layers.Activation("relu6"), True),
        (layers.Conv2D(1, 3, activation="relu"), True),
        (layers.Conv2D(1, 3, activation="silu"), False),
        (layers.Dense(1), False),
        (layers.MaxPooling2D(), False),
        (layers.LeakyReLU(), False),
    ],
)
def test_a_rectifier_gives_zero_for_all_that_is_negative(layer: Any, expected: bool) -> None:
    assert is_rectifier(layer) is expected


def test_convolutions_activations_and_normalisations_are_watched(subclassed_model: Any, demo_model: Any) -> None:
    assert list(watched_layers(named_layers(subclassed_model))) == ["block/conv", "block/rectifier"]
    names = [layer.name for layer in demo_model.layers]
    assert list(watched_layers(named_layers(demo_model))) == [names[0], names[2], names[5]]


@pytest.mark.parametrize("cells", [layers.GRU(3), layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)])])
def test_cells_of_recurrent_layers_are_not_watched_as_they_are_called_once_a_step(cells: Any) -> None:
    stack = [layers.Dense(2, "relu", name="first"), layers.Bidirectional(cells), layers.Dense(2, "tanh", name="last")]
    model = keras.Sequential([keras.Input((5, 4)), *stack])
    assert list(watched_layers(named_layers(model))) == ["first", "last"]
