"""Inputs made to excite a channel."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from fixed_weights import fix_weights
from keras import layers

from reportgen.models.gradients.activation_maximisation import maximise_channels
from reportgen.models.graphs.layers import named_layers
from reportgen.models.passes.live_model import LiveModel


def alive(model: Any) -> LiveModel:
    return LiveModel(model, named_layers(model), 64)


@pytest.mark.slow
def test_maximised_inputs_excite_their_channels_more_than_noise_and_are_the_same_twice() -> None:
    model = keras.Sequential([keras.Input((12, 12, 1)), layers.Conv2D(3, 3, activation="relu", name="conv")])
    fix_weights(model, seed=4, mean=0)
    live = alive(model)
    made, again = (
        maximise_channels(live, "conv", (0, 2), shape=(12, 12, 1), value_range=(0.0, 1.0), seed=1) for _ in range(2)
    )
    np.testing.assert_array_equal(made.images, again.images)
    assert made.images.shape == (2, 12, 12, 1)
    assert made.images.min() >= 0
    assert made.images.max() <= 1
    noise = np.random.default_rng(9).random((50, 12, 12, 1)).astype(np.float32)
    kernel, bias = (weight.numpy() for weight in model.weights)
    usual = tf.nn.conv2d(noise, kernel, 1, "VALID").numpy().mean(axis=(1, 2)) + bias
    assert made.activations[0] > usual[:, 0].max()
    assert made.activations[1] > usual[:, 2].max()
    assert "call" not in vars(model.layers[0])
    assert model.layers[0].activation is keras.activations.relu
