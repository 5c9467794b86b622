"""How a model ends, read from its graph, and the tensors of an output."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from reportgen.models.graphs.outputs import UNKNOWN_HEAD, Head, choose_output, first_tensor, head_of, tensors_of


def sequential(*last: Any) -> Any:
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), *last])


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (lambda: [layers.Dense(3, "softmax", name="scores")], Head("softmax", "scores")),
        (lambda: [layers.Dense(3, name="scores")], Head("linear", "scores")),
        (lambda: [layers.Dense(1, "sigmoid", name="scores")], Head("sigmoid", "scores")),
        (lambda: [layers.Dense(3), layers.Softmax(name="last")], Head("softmax", "last")),
        (lambda: [layers.Dense(3), layers.Activation("sigmoid", name="last")], Head("sigmoid", "last")),
        (
            lambda: [layers.Dense(3, "tanh", name="scores"), layers.Dropout(0.5), layers.Reshape((3,))],
            Head("tanh", "scores"),
        ),
        (lambda: [layers.Dense(3), layers.ReLU(name="last")], Head("relu", "last")),
        (lambda: [layers.Dense(3), layers.LayerNormalization()], UNKNOWN_HEAD),
    ],
)
def test_the_last_activation_of_a_sequential_model_is_found(last: Callable[[], list[Any]], expected: Head) -> None:
    assert head_of(sequential(*last()).outputs[0]) == expected


def test_nested_models_are_followed_to_their_last_step(nested_model: Any) -> None:
    inputs = keras.Input((8, 8, 1))
    assert head_of(keras.Model(inputs, nested_model(inputs)).outputs[0]) == Head("softmax", "scores")


def test_operations_count_as_activations() -> None:
    inputs = keras.Input((4,))
    assert head_of(keras.Model(inputs, keras.ops.sigmoid(layers.Dense(2)(inputs))).outputs[0]).activation == "sigmoid"
    assert head_of(keras.Model(inputs, layers.Dense(2)(inputs) + 1.0).outputs[0]) == UNKNOWN_HEAD


def test_a_subclassed_model_does_not_tell(subclassed_model: Any) -> None:
    assert choose_output(subclassed_model).head == UNKNOWN_HEAD


def test_tensors_are_found_in_lists_and_dictionaries():
    one, two = np.zeros(1), np.zeros(2)
    nested = {"scores": [None, one], "features": (two, "name")}
    assert [len(tensor) for tensor in tensors_of(nested)] == [1, 2]
    assert first_tensor(nested) is one
    assert first_tensor([None]) is None


def test_scores_behind_a_softmax_are_read_before_numbers_of_another_output() -> None:
    source = keras.Input((4,))
    box, classes = layers.Dense(4, name="box")(source), layers.Dense(3, activation="softmax", name="classes")(source)
    assert choose_output(keras.Model(source, {"box": box, "classes": classes})).name == "classes"
    assert (
        choose_output(keras.Model(source, {"box": box, "other": layers.Dense(3, name="other")(source)})).name == "box"
    )
