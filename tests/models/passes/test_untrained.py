"""The network as it was before its training, and what its layers make of samples."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from fixed_weights import fix_weights
from keras import layers

from reportgen.models.graphs import describe_model
from reportgen.models.passes import LiveModel, before_training, pooled_untrained
from reportgen.models.passes.pooled import pool
from reportgen.models.weights import draw_initial

IMAGES = np.random.default_rng(4).normal(size=(7, 8, 8, 2)).astype(np.float32)


def network() -> Any:
    shared = layers.Conv2D(2, 3, padding="same", activation="relu", name="shared")
    inputs = keras.Input((8, 8, 2))
    values = layers.BatchNormalization(name="norm")(shared(shared(inputs)))
    values = layers.Dense(4, bias_initializer="he_normal", name="units")(layers.Flatten()(values))
    return fix_weights(keras.Model(inputs, layers.Dense(3, activation="softmax")(values)), seed=5, mean=1)


@pytest.fixture(scope="module")
def live() -> LiveModel:
    model = network()
    return LiveModel(model, describe_model(model).layers, 64)


def test_every_weight_begins_as_its_layer_says_and_is_put_back(live: LiveModel) -> None:
    described = describe_model(live.model)
    before = [weight.numpy() for weight in live.model.weights]
    with before_training(live, described.kernels, seed=3) as complete:
        assert complete
        for kernel in described.kernels:
            np.testing.assert_array_equal(live.layers[kernel.path].kernel.numpy(), draw_initial(kernel, seed=3))
        found = {f"{weight.path}": weight.numpy() for weight in live.model.weights}
    with pytest.raises(RuntimeError, match="stop"), before_training(live, described.kernels, seed=3):
        raise RuntimeError("stop")
    assert [found[f"norm/{name}"].tolist() for name in ("gamma", "beta", "moving_mean", "moving_variance")] == [
        [1, 1],
        [0, 0],
        [0, 0],
        [1, 1],
    ]
    assert found["shared/bias"].tolist() == [0, 0]
    assert 0 < np.abs(found["units/bias"]).max() < 2 * np.sqrt(2 / 4) / 0.87  # he_normal, cut at two deviations
    for weight, values in zip(live.model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), values)


def test_what_the_untrained_layers_give_is_pooled_call_by_call(live: LiveModel) -> None:
    kernels = describe_model(live.model).kernels
    names = ("shared", "shared (call 2)", "units")
    found = pooled_untrained(live, kernels, [IMAGES[:4], IMAGES[4:]], names, seed=3)
    assert found is not None
    assert tuple(found) == names
    with before_training(live, kernels, seed=3):
        shared, units = live.layers["shared"], live.layers["units"]
        first = np.asarray(shared(IMAGES))
        second = np.asarray(shared(first))
        flat = np.asarray(live.layers["norm"](second)).reshape(7, -1)
        expected = (pool(first)[2], pool(second)[2], np.asarray(units(flat)))
    for name, values in zip(names, expected, strict=True):
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-6)


def test_a_kernel_without_an_initialiser_makes_no_untrained_network(live: LiveModel) -> None:
    first, *others = describe_model(live.model).kernels
    kernels = [replace(first, initializer=None), *others]
    assert pooled_untrained(live, kernels, [IMAGES], ("units",), seed=3) is None


def test_the_forget_gate_of_an_lstm_begins_open_as_in_keras() -> None:
    stack = [keras.Input((6, 3)), layers.Conv1D(4, 3, name="conv"), layers.LSTM(2, name="memory"), layers.Dense(2)]
    fresh = keras.Sequential(stack)
    begun = [weight.numpy() for weight in fresh.weights if weight.name == "bias"]
    model = fix_weights(fresh, seed=5, mean=1)
    described = describe_model(model)
    with before_training(LiveModel(model, described.layers, 16), described.kernels, seed=3):
        drawn = [weight.numpy() for weight in model.weights if weight.name == "bias"]
    assert [one.tolist() for one in drawn] == [one.tolist() for one in begun]
    assert drawn[1].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
