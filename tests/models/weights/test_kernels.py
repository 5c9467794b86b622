"""Kernels of every kind of layer."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from reportgen.keras_internals import own_weights
from reportgen.models.graphs.layers import named_layers
from reportgen.models.weights.kernels import LayerKernel, is_convolution, layer_kernels


def kernels_of(layer: Any, input_shape: tuple[int, ...]) -> tuple[LayerKernel, ...]:
    layer.build((None, *input_shape))
    return layer_kernels({layer.name: layer})


def test_a_layer_with_layers_keeps_weights_of_its_own() -> None:
    class Scaled(layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="scaled")
            self.layers = [layers.Conv2D(1, 3, name="conv")]

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(2, 3), name="kernel")
            self.layers[0].build(input_shape)

        def call(self, inputs: Any) -> Any:
            return self.layers[0](inputs)

    model = keras.Sequential([keras.Input((6, 6, 1)), Scaled()])
    kernels = layer_kernels(named_layers(model))
    assert [(kernel.label, kernel.shape) for kernel in kernels] == [("scaled", (2, 3)), ("scaled/conv", (3, 3, 1, 1))]


def test_own_weights_are_trainable_then_frozen_ones() -> None:
    layer = layers.BatchNormalization()
    layer.build((None, 4))
    assert [weight.name for weight in own_weights(layer)] == ["gamma", "beta", "moving_mean", "moving_variance"]


def test_an_operation_has_no_weights() -> None:
    assert own_weights(object()) == []


def test_convolution_filters_are_the_kernels_last_axis() -> None:
    (kernel,) = kernels_of(layers.Conv2D(4, (3, 2), name="conv"), (8, 8, 5))
    assert (kernel.label, kernel.kind, kernel.groups, kernel.shape) == ("conv", "convolution", 1, (3, 2, 5, 4))
    values = np.arange(120, dtype=np.float32).reshape(3, 2, 5, 4)
    filters = kernel.by_filter(values)
    assert filters.shape == (4, 3, 2, 5)
    np.testing.assert_array_equal(filters[3], values[..., 3])


def test_transposed_convolution_filters_are_the_kernels_third_axis() -> None:
    (kernel,) = kernels_of(layers.Conv2DTranspose(4, 3, name="up"), (8, 8, 5))
    assert (kernel.kind, kernel.shape) == ("transposed", (3, 3, 4, 5))
    values = np.arange(180, dtype=np.float32).reshape(3, 3, 4, 5)
    filters = kernel.by_filter(values)
    assert filters.shape == (4, 3, 3, 5)
    np.testing.assert_array_equal(filters[2], values[:, :, 2])


def test_depthwise_filters_are_one_for_each_channel_and_multiplier() -> None:
    (kernel,) = kernels_of(layers.DepthwiseConv2D(3, depth_multiplier=2, name="dw"), (8, 8, 5))
    assert (kernel.kind, kernel.shape) == ("depthwise", (3, 3, 5, 2))
    values = np.arange(90, dtype=np.float32).reshape(3, 3, 5, 2)
    filters = kernel.by_filter(values)
    assert filters.shape == (10, 3, 3, 1)
    np.testing.assert_array_equal(filters[7, :, :, 0], values[:, :, 3, 1])


def test_separable_convolution_has_a_depthwise_and_a_pointwise_kernel() -> None:
    depthwise, pointwise = kernels_of(layers.SeparableConv2D(4, 3, name="sep"), (8, 8, 5))
    assert (depthwise.label, depthwise.kind, depthwise.shape) == ("sep depthwise_kernel", "depthwise", (3, 3, 5, 1))
    assert (pointwise.label, pointwise.kind, pointwise.shape) == ("sep pointwise_kernel", "convolution", (1, 1, 5, 4))


def test_grouped_convolution_knows_its_groups() -> None:
    (kernel,) = kernels_of(layers.Conv2D(4, 3, groups=2, name="grouped"), (8, 8, 6))
    assert (kernel.groups, kernel.shape) == (2, (3, 3, 3, 4))


def test_dense_kernel_has_units_and_an_empty_window() -> None:
    (kernel,) = kernels_of(layers.Dense(3, name="dense"), (5,))
    values = np.arange(15, dtype=np.float32).reshape(5, 3)
    assert (kernel.kind, kernel.is_spatial) == ("dense", False)
    np.testing.assert_array_equal(kernel.by_filter(values), values.T)


def test_each_kernel_has_its_own_initialiser() -> None:
    layer = layers.SeparableConv2D(4, 3, depthwise_initializer="he_normal", pointwise_initializer="zeros")
    depthwise, pointwise = kernels_of(layer, (8, 8, 5))
    assert (type(depthwise.initializer).__name__, type(pointwise.initializer).__name__) == ("HeNormal", "Zeros")
    (single,) = kernels_of(layers.DepthwiseConv1D(3, depthwise_initializer="orthogonal"), (8, 5))
    assert type(single.initializer).__name__ == "Orthogonal"


def test_recurrent_kernels_are_found_in_their_cell() -> None:
    model = keras.Sequential([keras.Input((5, 2)), layers.LSTM(3, name="lstm")])
    kernels = layer_kernels(named_layers(model))
    assert [kernel.label for kernel in kernels] == ["lstm/lstm_cell", "lstm/lstm_cell recurrent_kernel"]
    assert [type(kernel.initializer).__name__ for kernel in kernels] == ["GlorotUniform", "Orthogonal"]


def test_a_function_is_no_initialiser() -> None:
    def ones(shape: Any, dtype: Any = None) -> Any:
        return keras.ops.ones(shape, dtype)

    (kernel,) = kernels_of(layers.Dense(3, kernel_initializer=ones), (5,))
    assert kernel.initializer is None


def test_quantised_kernels_have_no_initialiser() -> None:
    model = keras.Sequential([keras.Input((5,)), layers.Dense(3)])
    largest = np.abs(model.layers[0].kernel.numpy()).max()
    model.layers[0].quantize("int8")
    (kernel,) = layer_kernels(named_layers(model))
    assert kernel.initializer is None
    assert np.abs(kernel.values()).max() == pytest.approx(largest, rel=1e-5)


@pytest.mark.parametrize(
    ("stored", "read"), [("float64", np.float64), ("float32", np.float32), ("float16", np.float32)]
)
def test_values_are_read_as_float32_or_as_float64_where_stored_so(stored: str, read: Any) -> None:
    layer = layers.Dense(1, kernel_initializer=keras.initializers.Constant(0.5), dtype=stored)
    (kernel,) = kernels_of(layer, (2,))
    values = kernel.values()
    assert values.dtype == read
    assert values.tolist() == [[0.5], [0.5]]


def test_bias_and_normalisation_hold_no_kernel() -> None:
    assert kernels_of(layers.BatchNormalization(), (4,)) == ()


@pytest.mark.parametrize(
    ("layer", "input_shape", "expected"),
    [
        (layers.Conv1D(2, 3), (8, 1), True),
        (layers.DepthwiseConv2D(3), (8, 8, 1), True),
        (layers.Dense(2), (8,), False),
        (layers.MaxPooling2D(2), (8, 8, 1), False),
    ],
)
def test_a_convolution_slides_a_kernel(layer: Any, input_shape: tuple[int, ...], expected: bool) -> None:
    layer.build((None, *input_shape))
    assert is_convolution(layer) is expected


def test_attention_kernels_are_drawn_as_the_layer_draws_them() -> None:
    inputs = keras.Input((16, 16))
    model = keras.Model(inputs, layers.MultiHeadAttention(2, 8, name="heads")(inputs, inputs))
    kernels = layer_kernels(named_layers(model))
    assert [kernel.label for kernel in kernels] == [
        "heads/query", "heads/key", "heads/value", "heads/attention_output",
    ]  # fmt: skip
    for kernel in kernels:
        drawn = np.asarray(kernel.initializer(kernel.shape))
        # of a uniform distribution, the largest of 256 magnitudes is within 5 % of the limit
        assert np.abs(drawn).max() == pytest.approx(np.abs(kernel.values()).max(), rel=0.05)


def test_a_wrapper_that_tracks_the_kernel_inside_it_has_none_of_its_own() -> None:
    inputs = keras.Input((4, 4, 2))
    wrapped = layers.SpectralNormalization(layers.Conv2D(3, 2, name="conv"), name="spectral")
    model = keras.Model(inputs, wrapped(inputs))
    assert [kernel.path for kernel in layer_kernels(named_layers(model))] == ["spectral/conv"]
    assert [tuple(weight.shape) for weight in own_weights(wrapped)] == [(1, 3)]


def test_a_kernel_with_height_and_width_of_somebody_elses_layer_is_a_convolution() -> None:
    class Tied(layers.Layer):
        def build(self, _: Any) -> None:
            self.kernel = self.add_weight(shape=(3, 3, 2, 2), name="kernel")
            self.mixing = self.add_weight(shape=(2, 4, 2), name="mixing_kernel")

    kinds = {kernel.name: kernel.kind for kernel in kernels_of(Tied(), (6, 6, 2))}
    assert kinds == {"kernel": "convolution", "mixing_kernel": "dense"}
    many = layers.EinsumDense("abcd,cdef->abef", output_shape=(None, 3, 2))
    assert kernels_of(many, (4, 3, 2))[0].kind == "dense"
