"""Channels set to zero and kernels drawn anew, and put back."""

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from reportgen.models.graphs.layers import named_layers
from reportgen.models.passes.compiled import CompiledModel
from reportgen.models.passes.interventions import masking, predict_masked, randomised_kernels
from reportgen.models.passes.live_model import LiveModel
from reportgen.models.weights.kernels import layer_kernels

INPUTS = np.random.default_rng(2).normal(size=(5, 6, 6, 2)).astype(np.float32)


def test_masking_equals_zeros_in_the_kernel_behind() -> None:
    convolution = layers.Conv2D(4, 3, activation="relu", name="c")
    chain = [keras.Input((6, 6, 2)), convolution, layers.GlobalAveragePooling2D(), layers.Dense(3, name="d")]
    model = keras.Sequential(chain)
    masked = predict_masked(model, [INPUTS[:3], INPUTS[3:]], layers=named_layers(model), silenced={"c": (1, 3)})
    kernel, bias = (weight.numpy() for weight in model.get_layer("d").weights)
    kernel[[1, 3]] = 0
    model.get_layer("d").set_weights([kernel, bias])
    np.testing.assert_allclose(masked, model(INPUTS).numpy(), atol=1e-6)


def test_of_a_shared_layer_only_the_named_call_is_masked(shared_model: Any) -> None:
    found = named_layers(shared_model)
    first = predict_masked(shared_model, [INPUTS], layers=found, silenced={"shared": (0, 1)})
    second = predict_masked(shared_model, [INPUTS, INPUTS], layers=found, silenced={"shared (call 2)": (0, 1)})
    assert not np.allclose(first, second[:5])
    np.testing.assert_array_equal(second[:5], second[5:])


def test_every_wrapper_is_removed_also_after_an_error(nested_model: Any) -> None:
    found = named_layers(nested_model)
    with pytest.raises(KeyError), masking(found, {"middle/conv": (0,), "absent": (0,)}):
        pass
    with pytest.raises(RuntimeError, match="stop"), masking(found, {"middle/conv": (0,)}):
        raise RuntimeError("stop")
    assert [path for path, layer in found.items() if "call" in vars(layer)] == []


def test_a_masked_nan_is_zero() -> None:
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2, kernel_initializer="ones", name="d")])
    values = np.array([[np.nan, 1.0]], np.float32)
    assert predict_masked(model, [values], layers=named_layers(model), silenced={"d": (0, 1)}).tolist() == [[0, 0]]


@pytest.mark.dear
def test_masking_is_noticed_by_a_compiled_model_that_was_called_before() -> None:
    chain = [keras.Input((6, 6, 2)), layers.Conv2D(4, 3, activation="relu", name="c"), layers.Flatten()]
    model = keras.Sequential([*chain, layers.Dense(3, name="d")])
    compiled = CompiledModel(model)
    np.testing.assert_allclose(compiled(INPUTS).numpy(), model(INPUTS).numpy(), atol=1e-5)
    found = named_layers(model)
    batches = [INPUTS[:2], INPUTS[2:4], INPUTS[4:]]  # a shape comes twice: its trace serves both
    masked = predict_masked(compiled, batches, layers=found, silenced={"c": (1, 3)})
    np.testing.assert_allclose(masked, predict_masked(model, [INPUTS], layers=found, silenced={"c": (1, 3)}), atol=1e-5)
    assert np.abs(masked - model(INPUTS).numpy()).max() > 1e-3
    assert [path for path, layer in found.items() if "call" in vars(layer)] == []


def small_model() -> Any:
    return keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(3)])


def test_randomised_kernels_are_other_draws_and_are_put_back_exactly() -> None:
    model = small_model()
    live, kernels = LiveModel(model, named_layers(model), 64), layer_kernels(named_layers(model))
    before = [weight.numpy() for weight in model.weights]
    seen = []
    for _ in range(2):
        with randomised_kernels(live, kernels, seed=3) as count:
            seen.append([weight.numpy() for weight in model.weights])
        assert count == 2
    for first, second, original in zip(*seen, before, strict=True):
        np.testing.assert_array_equal(first, second)
        assert (first == original).all() == (original.ndim == 1)  # biases stay
    with pytest.raises(RuntimeError, match="stop"), randomised_kernels(live, kernels, seed=3):
        raise RuntimeError("stop")
    for weight, values in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), values)


def test_kernels_without_initialiser_stay() -> None:
    model = small_model()
    kernels = [SimpleNamespace(**vars(kernel) | {"initializer": None}) for kernel in layer_kernels(named_layers(model))]
    with randomised_kernels(LiveModel(model, named_layers(model), 64), kernels, seed=3) as count:  # type: ignore[arg-type]
        assert count == 0
