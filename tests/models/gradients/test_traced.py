"""Filter gradients, which nobody asks for and which end the process where oneDNN writes past its memory, are never computed."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tensorflow.python.ops import gen_nn_ops

from reportgen.models.gradients import LogitGradients, find_target, integrated_gradients, maximise_channels
from reportgen.models.gradients.gradients import ClassLogits
from reportgen.models.gradients.traced import traced
from reportgen.models.graphs.layers import named_layers
from reportgen.models.passes import LiveModel, SampleInputs


@pytest.fixture(autouse=True)
def no_filter_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise where a filter's gradient is computed; in a graph it may be named, as what is not needed is left out."""
    named = gen_nn_ops.conv2d_backprop_filter

    def computed(*args: Any, **kwargs: Any) -> Any:
        assert not tf.executing_eagerly(), "the gradient of a filter was computed"
        return named(*args, **kwargs)

    monkeypatch.setattr(gen_nn_ops, "conv2d_backprop_filter", computed)


def residual(seed: int = 8) -> Any:
    """Return a network with a strided 1 x 1 shortcut on 8 channels at 60 pixels."""
    keras.utils.set_random_seed(seed)
    image = keras.Input((60, 60, 1))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    shortcut = layers.Conv2D(16, 1, strides=2, padding="same")(x)
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Add()([shortcut, layers.Conv2D(16, 3, padding="same")(x)])
    x = layers.Conv2D(16, 3, name="last")(x)
    return keras.Model(image, layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


@pytest.mark.dear
def test_maps_of_a_strided_shortcut_on_8_channels_do_without_filter_gradients() -> None:
    model, inputs = residual(), SampleInputs(np.random.default_rng(0).random((3, 60, 60, 1), "float32"))
    live, logits = LiveModel(model, named_layers(model), 64), ClassLogits(np.array([0, 1, 2]), np.ones(3, np.float32))
    target = find_target(live, inputs)
    assert target is not None
    assert target.features == "last"
    assert LogitGradients(live, target).of(inputs, logits).gradients.shape == (3, 28, 28, 16)
    by_input = LogitGradients(live, target, by_input=True)
    maps = integrated_gradients(by_input, inputs, np.zeros((60, 60, 1), np.float32), logits, points=4)
    assert maps.shape == (3, 60, 60, 1)
    made = maximise_channels(live, "last", (0,), shape=(60, 60, 1), value_range=(0.0, 1.0), seed=1)
    assert made.images.shape == (1, 60, 60, 1)


def test_a_function_that_looks_at_values_is_called_without_a_graph() -> None:
    def doubled(values: Any) -> Any:
        return values * float(values.numpy().max())

    assert traced(doubled)(tf.constant([1.0, 2.0])).numpy().tolist() == [2, 4]
