"""In which order of its axes the first convolution sees the input."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from reportgen.models.graphs import arranged_input, describe_model
from reportgen.models.graphs.layers import named_layers

FIRST: dict[str, Any] = {"data_format": "channels_first"}


def model_of(shape: tuple[int | None, ...], *steps: Any) -> Any:
    source = output = keras.Input(shape)
    for step in steps:
        output = step(output)
    return keras.Model(source, output)


@pytest.mark.parametrize(
    ("shape", "steps", "picture"),
    [
        ((3, 6, 5), [layers.Permute((2, 3, 1)), layers.Conv2D(2, 3)], (6, 5, 3)),
        ((3, 6, 5), [layers.Rescaling(2.0), layers.Permute((2, 3, 1)), layers.Conv2D(2, 3)], (6, 5, 3)),
        ((3, 6, 5), [lambda x: keras.ops.transpose(x, (0, 2, 3, 1)), layers.MaxPooling2D()], (6, 5, 3)),
        ((3, 6, 5), [lambda x: keras.ops.moveaxis(x, 1, -1), layers.Conv2D(2, 3)], (6, 5, 3)),
        ((6, 5, 3), [lambda x: keras.ops.swapaxes(x, 1, 2), layers.Conv2D(2, 3)], (5, 6, 3)),
        ((3, 6, 5), [layers.Conv2D(2, 3, **FIRST)], (6, 5, 3)),
        ((2, 3, 6, 5), [layers.Conv3D(2, 3, padding="same", **FIRST)], (3, 6, 5, 2)),
        ((90,), [layers.Reshape((3, 6, 5)), layers.Permute((2, 3, 1)), layers.Conv2D(2, 3)], (6, 5, 3)),
        ((6, 5), [layers.Reshape((6, 5, 1)), layers.Conv2D(2, 3)], (6, 5, 1)),
        ((6, 5), [lambda x: keras.ops.expand_dims(x, -1), layers.Conv2D(2, 3)], (6, 5, 1)),
        ((2, 8), [layers.Permute((2, 1)), layers.Conv1D(2, 3)], (8, 2)),
        ((3, None, 5), [layers.Permute((2, 3, 1)), layers.Conv2D(2, 3)], (None, 5, 3)),
        ((6, 5, 3), [layers.Conv2D(2, 3)], (6, 5, 3)),
        ((6, 5, 3), [layers.Reshape((30, 3)), layers.Conv1D(2, 3)], (6, 5, 3)),
        ((4,), [layers.Dense(30), layers.Reshape((6, 5, 1)), layers.Conv2D(2, 3)], (4,)),
        ((6, 5), [layers.LSTM(2)], (6, 5)),
    ],
)
def test_a_picture_is_what_the_first_convolution_sees(
    shape: tuple[int | None, ...], steps: list[Any], picture: tuple[int | None, ...]
) -> None:
    model = model_of(shape, *steps)
    found = arranged_input(model, named_layers(model))
    assert found.arrangement.shape_of(shape) == picture


def test_values_are_turned_as_the_model_turns_them() -> None:
    turn = model_of((90,), layers.Reshape((3, 6, 5)), layers.Permute((2, 3, 1)))
    model = model_of((90,), *turn.layers[1:], layers.Conv2D(2, 3))
    values = np.random.default_rng(3).random((4, 90)).astype(np.float32)
    arrangement = arranged_input(model, named_layers(model)).arrangement
    np.testing.assert_array_equal(arrangement.apply(values), turn(values))
    np.testing.assert_array_equal(arrangement.undo(turn(values), keras.ops), values)


def test_inside_a_nested_model_and_of_one_of_several_inputs_it_is_told_too() -> None:
    nested = model_of((3, 6, 5), layers.Permute((2, 3, 1)), layers.Conv2D(2, 3))
    picture, numbers = keras.Input((3, 6, 5), name="picture"), keras.Input((4,), name="numbers")
    both = layers.concatenate([layers.Flatten()(nested(picture)), numbers])
    model = keras.Model([numbers, picture], both)
    found = arranged_input(model, named_layers(model), name="picture")
    assert found.arrangement.shape_of((3, 6, 5)) == (6, 5, 3)
    assert arranged_input(model, named_layers(model), name="numbers").arrangement.shape_of((4,)) == (4,)


def test_without_a_graph_the_data_format_tells() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first = layers.Conv2D(2, 3, **FIRST)

        def call(self, inputs: Any) -> Any:
            return self.first(inputs)

    model = Own()
    assert arranged_input(model, named_layers(model), shape=(3, 6, 5)).arrangement.shape_of((3, 6, 5)) == (6, 5, 3)
    assert not arranged_input(model, named_layers(model)).arrangement.turns


def test_receptive_fields_are_counted_in_the_picture() -> None:
    model = model_of((90,), layers.Reshape((3, 6, 5)), layers.Permute((2, 3, 1)), layers.Conv2D(2, 3), layers.Flatten())
    calls = describe_model(model).calls
    assert [call.receptive_field for call in calls] == [(1, 1), (1, 1), (3, 3), (3, 3)]
