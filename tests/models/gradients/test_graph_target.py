"""What the graph tells of where gradients are taken is what running the model tells."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from fixed_weights import fix_weights
from keras import layers

from reportgen.models.gradients.gradient_target import find_target
from reportgen.models.gradients.gradients import LogitGradients, predicted_logits
from reportgen.models.gradients.graph_target import graph_target
from reportgen.models.graphs import OneOutput
from reportgen.models.graphs.layers import named_layers
from reportgen.models.passes.live_model import LiveModel, SampleInputs


def alive(model: Any) -> LiveModel:
    return LiveModel(model, named_layers(model), 64)


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).normal(size=shape).astype(np.float32)


def model_of(build: Callable[[Any], Any], shape: tuple[int, ...] = (8, 8, 2)) -> Any:
    inputs = keras.Input(shape)
    return fix_weights(keras.Model(inputs, build(inputs)))


def trunk(inputs: Any) -> Any:
    return layers.Conv2D(3, 3, activation="relu", name="conv")(inputs)


def residual(inputs: Any) -> Any:
    first = layers.Conv2D(4, 3, padding="same")(inputs)
    other = layers.Conv2D(4, 1, padding="same")(inputs)
    joined = layers.ReLU()(layers.LayerNormalization()(layers.add([first, other])))
    return layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(joined))


def nested(inputs: Any) -> Any:
    inner = keras.Input((8, 8, 2))
    block = keras.Model(inner, layers.Activation("relu")(layers.Conv2D(3, 3, name="conv")(inner)), name="middle")
    return layers.Dense(3, activation="softmax")(layers.Flatten()(block(inputs)))


def nested_head(inputs: Any) -> Any:
    head = keras.Sequential(
        [keras.Input((6, 6, 3)), layers.Flatten(), layers.Dense(3, activation="softmax")], name="top"
    )
    return head(trunk(inputs))


def shared(inputs: Any) -> Any:
    convolution = layers.Conv2D(2, 3, padding="same", name="again")
    return layers.Dense(3)(layers.Flatten()(convolution(convolution(inputs))))


HEADS: dict[str, Callable[[Any], Any]] = {
    "fused softmax": lambda x: layers.Dense(3, activation="softmax", name="head")(layers.Flatten()(trunk(x))),
    "softmax layer": lambda x: layers.Softmax(name="soft")(layers.Dense(3, name="head")(layers.Flatten()(trunk(x)))),
    "activation": lambda x: layers.Activation("softmax")(layers.Dense(3)(layers.Flatten()(trunk(x)))),
    "operation": lambda x: keras.ops.softmax(layers.Dense(3, name="head")(layers.Flatten()(trunk(x)))),
    "linear": lambda x: layers.Dense(3)(layers.Flatten()(trunk(x))),
    "one sigmoid": lambda x: layers.Dense(1, activation="sigmoid")(layers.Flatten()(trunk(x))),
    "rescaled": lambda x: layers.Rescaling(0.5)(layers.Dense(3, activation="softmax")(layers.Flatten()(trunk(x)))),
    "softmax, flattened": lambda x: layers.Flatten()(
        layers.Softmax()(layers.Conv2D(3, 1, name="scores")(layers.GlobalAveragePooling2D(keepdims=True)(trunk(x))))
    ),
    "sigmoid convolution": lambda x: layers.Flatten()(
        layers.Conv2D(3, 1, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(trunk(x)))
    ),
    "residual": residual,
    "nested": nested,
    "nested head": nested_head,
    "shared": shared,
    "skipped": lambda x: layers.Dense(3)(
        layers.Flatten()(layers.Conv2D(3, 3, padding="same", name="last")(first := trunk(x)) + first)
    ),
    "bypass": lambda x: layers.Dense(3)(layers.concatenate([layers.Flatten()(trunk(x)), layers.Flatten()(x)])),
}


@pytest.mark.parametrize("head", HEADS)
def test_the_graph_tells_what_a_pass_tells_and_gradients_are_the_same(head: str) -> None:
    model, inputs = model_of(HEADS[head]), draw(4, 8, 8, 2)
    live, samples, outputs = alive(model), SampleInputs(inputs), np.asarray(model(inputs))
    told, found = graph_target(live, samples, outputs), find_target(live, samples)
    assert told is not None
    assert found is not None
    assert replace(told, head_alone=False, head=None, rest=()) == replace(found, rest=())
    assert [path for path in found.rest if path not in told.rest] == []
    logits = predicted_logits(outputs, outputs.shape[1])
    one, other = (LogitGradients(live, target).of(samples, logits) for target in (told, found))
    np.testing.assert_allclose(one.values, other.values, atol=1e-6)
    np.testing.assert_allclose(one.gradients, other.gradients, atol=1e-6)
    np.testing.assert_allclose(one.logits, other.logits, rtol=1e-5, atol=1e-6)


def test_no_tape_and_no_pass_where_a_convolution_follows_the_features() -> None:
    live = alive(model_of(HEADS["sigmoid convolution"]))
    target = graph_target(live, SampleInputs(draw(2, 8, 8, 2)), draw(2, 3))
    assert target is not None
    assert not target.head_alone
    for head in ("residual", "skipped", "nested", "bypass"):
        alone = graph_target(alive(model_of(HEADS[head])), SampleInputs(draw(2, 8, 8, 2)), draw(2, 3))
        assert alone is not None
        assert alone.head_alone


def test_a_convolution_of_another_output_is_passed_over() -> None:
    inputs = keras.Input((8, 8, 2))
    maps = trunk(inputs)
    scores = layers.Dense(2, name="scores")(layers.Flatten()(maps))
    model = fix_weights(keras.Model(inputs, [layers.Conv2D(2, 1, name="other")(maps), scores]))
    live = LiveModel(OneOutput(model, 1), named_layers(model), 64)
    target = graph_target(live, SampleInputs(draw(2, 8, 8, 2)), draw(2, 2))
    assert target is not None
    assert (target.convolution, target.features) == ("conv", "conv")


class Own(layers.Layer):  # type: ignore[misc]
    def call(self, inputs: Any) -> Any:
        return keras.ops.softmax(inputs)


@pytest.mark.parametrize(
    "head",
    [
        lambda x: Own()(layers.Dense(3)(layers.Flatten()(trunk(x)))),
        lambda x: layers.Lambda(keras.ops.softmax)(layers.Dense(3)(layers.Flatten()(trunk(x)))),
        lambda x: layers.Dense(3)(keras.ops.cast(layers.Flatten()(trunk(x)) > 0, "float32")),
        lambda x: layers.Dense(3)(layers.Flatten()(layers.TimeDistributed(layers.Conv1D(2, 3))(x))),
    ],
)
def test_what_the_graph_does_not_tell_is_left_to_a_pass(head: Callable[[Any], Any]) -> None:
    assert graph_target(alive(model_of(head)), SampleInputs(draw(2, 8, 8, 2)), draw(2, 3)) is None
