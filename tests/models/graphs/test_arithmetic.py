"""Receptive fields and multiply-adds of single layers, against values computed by hand."""

from typing import Any

import keras
import pytest
from keras import layers

from reportgen.models.graphs.arithmetic import (
    ReceptiveField,
    merged_field,
    multiply_adds,
    receptive_field,
    spatial_axes,
)

PIXEL = ReceptiveField((1, 1), (1.0, 1.0))
AFTER_STRIDE = ReceptiveField((3, 3), (2.0, 2.0))
WHOLE = (28, 28)
EVERYTHING = ReceptiveField((28, 28), (0.0, 0.0))


@pytest.mark.parametrize(
    ("layer", "before", "size", "jump"),
    [
        (layers.Conv2D(1, 3), PIXEL, (3, 3), (1, 1)),
        (layers.Conv2D(1, (5, 1)), PIXEL, (5, 1), (1, 1)),
        (layers.Conv2D(1, 3, strides=2), PIXEL, (3, 3), (2, 2)),
        # 3 + (3 - 1) * 2: the window spans three values that are two pixels apart
        (layers.Conv2D(1, 3), AFTER_STRIDE, (7, 7), (2, 2)),
        # a window of 3 with dilation 4 spans 9 values
        (layers.Conv2D(1, 3, dilation_rate=4), PIXEL, (9, 9), (1, 1)),
        (layers.Conv2D(1, 3, dilation_rate=(1, 2)), AFTER_STRIDE, (7, 11), (2, 2)),
        (layers.DepthwiseConv2D(3, strides=2), AFTER_STRIDE, (7, 7), (4, 4)),
        (layers.SeparableConv2D(1, 3), PIXEL, (3, 3), (1, 1)),
        (layers.MaxPooling2D(2), PIXEL, (2, 2), (2, 2)),
        (layers.AveragePooling2D(3, strides=1), AFTER_STRIDE, (7, 7), (2, 2)),
        # each output of a transposed window of 3 at stride 2 gathers from at most two inputs
        (layers.Conv2DTranspose(1, 3, strides=2), AFTER_STRIDE, (5, 5), (1, 1)),
        (layers.Conv2DTranspose(1, 2, strides=2), AFTER_STRIDE, (3, 3), (1, 1)),
        (layers.UpSampling2D(2), AFTER_STRIDE, (3, 3), (1, 1)),
        (layers.UpSampling2D((1, 2), interpolation="bilinear"), AFTER_STRIDE, (5, 5), (2, 1)),
        (layers.BatchNormalization(), AFTER_STRIDE, (3, 3), (2, 2)),
        (layers.Add(), AFTER_STRIDE, (3, 3), (2, 2)),
        (layers.RandomFlip(), AFTER_STRIDE, (3, 3), (2, 2)),
    ],
)
def test_receptive_field_equals_the_one_computed_by_hand(
    layer: Any, before: ReceptiveField, size: tuple[int, ...], jump: tuple[float, ...]
) -> None:
    assert receptive_field(layer, before, WHOLE) == ReceptiveField(size, jump)


def test_three_convolutions_after_upsampling_count_source_pixels() -> None:
    field = receptive_field(layers.UpSampling2D(2), AFTER_STRIDE, WHOLE)
    assert receptive_field(layers.Conv2D(1, 3), field, WHOLE) == ReceptiveField((5, 5), (1.0, 1.0))


@pytest.mark.parametrize(
    "layer",
    [
        layers.GlobalAveragePooling2D(),
        layers.GlobalMaxPooling2D(),
        layers.Dense(3),
        layers.GroupNormalization(1),
        layers.MultiHeadAttention(1, 2),
    ],
)
def test_what_looks_at_everything_has_the_whole_input_as_its_field(layer: Any) -> None:
    assert receptive_field(layer, AFTER_STRIDE, WHOLE) == EVERYTHING


def test_what_depends_on_everything_stays_so_whatever_follows() -> None:
    for layer in (layers.Conv2D(1, 9), layers.Reshape((7, 7, 1)), layers.Resizing(9, 9), layers.Conv1D(1, 3)):
        assert receptive_field(layer, EVERYTHING, WHOLE) == EVERYTHING


def test_dense_on_a_map_works_at_every_place_by_itself() -> None:
    assert receptive_field(layers.Dense(3), AFTER_STRIDE, WHOLE, from_shape=(13, 13, 8)) == AFTER_STRIDE
    assert receptive_field(layers.Dense(3), AFTER_STRIDE, WHOLE, from_shape=(64,)) == EVERYTHING


@pytest.mark.parametrize("whole", [None, (None, 28)])
def test_field_of_the_whole_is_unknown_where_the_input_size_is(whole: Any) -> None:
    assert receptive_field(layers.GlobalAveragePooling2D(), PIXEL, whole) is None


def test_unknown_layers_have_an_unknown_field() -> None:
    class Custom(layers.Layer):
        pass

    assert receptive_field(Custom(), PIXEL, WHOLE) is None
    assert receptive_field(layers.Permute((2, 1, 3)), PIXEL, WHOLE) is None
    assert receptive_field(layers.UpSampling2D(2, interpolation="bicubic"), PIXEL, WHOLE) is None
    assert receptive_field(layers.Conv2D(1, 3), None, WHOLE) is None


def test_a_window_of_another_rank_has_an_unknown_field() -> None:
    assert receptive_field(layers.Conv1D(1, 3), PIXEL, WHOLE) is None
    assert receptive_field(layers.ConvLSTM2D(1, 3), ReceptiveField((1, 1, 1), (1.0, 1.0, 1.0)), None) is None


def test_reshape_keeps_the_field_only_where_places_stay() -> None:
    flat = layers.Reshape((-1,))
    assert receptive_field(flat, PIXEL, WHOLE, from_shape=(4, 4, 2), to_shape=(32,)) == PIXEL
    assert receptive_field(flat, PIXEL, WHOLE, from_shape=(4, 4, 2), to_shape=(4, 4, 2)) == PIXEL
    assert receptive_field(flat, PIXEL, WHOLE, from_shape=(4, 4, 2), to_shape=(16, 2)) is None


def test_operations_at_every_place_keep_the_field_and_others_lose_it() -> None:
    inputs = keras.Input((8, 8, 1))
    rectified, mean = keras.ops.relu(inputs / 2), keras.ops.mean(inputs, axis=(1, 2))
    assert receptive_field(rectified._keras_history.operation, AFTER_STRIDE, WHOLE) == AFTER_STRIDE
    assert receptive_field(mean._keras_history.operation, AFTER_STRIDE, WHOLE) is None


def test_merged_field_is_the_largest_of_each_axis() -> None:
    wide, tall = ReceptiveField((3, 9), (1.0, 2.0)), ReceptiveField((5, 1), (4.0, 1.0))
    assert merged_field([wide, tall]) == ReceptiveField((5, 9), (4.0, 2.0))


def test_merged_field_is_unknown_when_one_is_or_ranks_differ() -> None:
    assert merged_field([PIXEL, None]) is None
    assert merged_field([]) is None
    assert merged_field([PIXEL, ReceptiveField((1,), (1.0,))]) is None


def test_spatial_axes_follow_the_data_format() -> None:
    assert spatial_axes((3, 28, 32)) == (3, 28)
    assert spatial_axes((3, 28, 32), layers.Conv2D(1, 3, data_format="channels_first")) == (28, 32)
    assert spatial_axes((3, 28, 32), layers.ReLU(), data_format="channels_first") == (28, 32)


def cost(layer: Any, before: tuple[int | None, ...]) -> int | None:
    from reportgen.models.weights.kernels import layer_kernels

    layer.build((None, *before))
    after = tuple(layer.compute_output_shape((None, *before))[1:])
    return multiply_adds(layer, {k.name: k.shape for k in layer_kernels({"layer": layer})}, before, after)


@pytest.mark.parametrize(
    ("layer", "before", "expected"),
    [
        (layers.Conv2D(32, 3, padding="same"), (28, 28, 1), 28 * 28 * 3 * 3 * 1 * 32),
        (layers.Conv2D(8, 3, strides=2), (29, 29, 4), 14 * 14 * 3 * 3 * 4 * 8),
        (layers.Conv2D(8, 3, dilation_rate=2), (28, 28, 4), 24 * 24 * 3 * 3 * 4 * 8),
        (layers.Conv2D(8, 3, groups=2), (28, 28, 4), 26 * 26 * 3 * 3 * 2 * 8),
        (layers.DepthwiseConv2D(3, depth_multiplier=2), (28, 28, 4), 26 * 26 * 3 * 3 * 4 * 2),
        (layers.SeparableConv2D(8, 3), (28, 28, 4), 26 * 26 * (3 * 3 * 4 + 4 * 8)),
        # every input value meets every weight once
        (layers.Conv2DTranspose(8, 3, strides=2, padding="same"), (14, 14, 4), 14 * 14 * 3 * 3 * 4 * 8),
        (layers.Conv1D(8, 5), (100, 2), 96 * 5 * 2 * 8),
        (layers.Conv3D(2, 3), (8, 8, 8, 1), 6 * 6 * 6 * 27 * 2),
        (layers.Dense(10), (100,), 1000),
        (layers.Dense(10), (7, 7, 100), 7 * 7 * 1000),
        (layers.BatchNormalization(), (28, 28, 4), 0),
        (layers.PReLU(), (28, 28, 4), 0),
        (layers.MaxPooling2D(2), (28, 28, 4), 0),
        (layers.Conv2D(8, 3), (None, None, 4), None),
        (layers.Embedding(100, 8), (5,), 0),
    ],
)
def test_multiply_adds_equal_those_computed_by_hand(layer: Any, before: Any, expected: int | None) -> None:
    assert cost(layer, before) == expected


def test_channels_first_convolution_costs_what_channels_last_costs() -> None:
    assert cost(layers.Conv2D(8, 3, data_format="channels_first"), (4, 28, 28)) == 26 * 26 * 3 * 3 * 4 * 8


def test_cost_of_weights_whose_use_is_unknown_is_unknown() -> None:
    class Custom(layers.Layer):
        def build(self, _: Any) -> None:
            self.matrix = self.add_weight(shape=(4, 4), name="matrix")

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

    assert cost(Custom(), (4,)) is None
    assert cost(layers.EinsumDense("abc,cde->abde", output_shape=(5, 2, 8)), (5, 16)) is None
