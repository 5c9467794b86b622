"""Calls are named by the layer's path, and their numbers read back."""

from typing import Any

import keras
import pytest
from keras import layers

from reportgen.models.graphs.call_names import call_name, call_number, layer_path
from reportgen.models.graphs.calls import layer_calls
from reportgen.results.findings import LayerSummary


def test_names_of_calls_tell_path_and_number():
    names = [call_name("block/conv", number) for number in (1, 2, 12)]
    assert names == ["block/conv", "block/conv (call 2)", "block/conv (call 12)"]
    assert [call_number(name) for name in names] == [1, 2, 12]
    assert {layer_path(name) for name in names} == {"block/conv"}


def by_path(model: Any) -> dict[str, LayerSummary]:
    return {call.path: call for call in layer_calls(model)}


def test_demo_model_is_summarised_row_by_row(demo_model: Any) -> None:
    rows = [
        (c.class_name, c.output_shape, c.parameters, c.receptive_field, c.multiply_adds)
        for c in layer_calls(demo_model)
    ]
    assert rows == [
        ("Conv2D", (28, 28, 32), 320, (3, 3), 225_792),
        ("MaxPooling2D", (14, 14, 32), 0, (4, 4), 0),
        ("Conv2D", (14, 14, 64), 18_496, (8, 8), 3_612_672),
        ("MaxPooling2D", (7, 7, 64), 0, (10, 10), 0),
        ("Flatten", (3136,), 0, (10, 10), 0),
        ("Dense", (100,), 313_700, (28, 28), 313_600),
        ("Dropout", (100,), 0, (28, 28), 0),
        ("Dense", (10,), 1_010, (28, 28), 1_000),
    ]


def test_kernel_and_strides_are_those_of_the_window(demo_model: Any) -> None:
    first, pooling, *_, dense = layer_calls(demo_model)
    assert (first.kernel_size, first.strides, first.trainable) == ((3, 3), (1, 1), True)
    assert (pooling.kernel_size, pooling.strides) == ((2, 2), (2, 2))
    assert (dense.kernel_size, dense.strides) == (None, None)


def test_layers_of_nested_models_stand_where_they_are_called(nested_model: Any) -> None:
    calls = layer_calls(nested_model)
    assert [call.path for call in calls] == ["middle/deep/conv", "middle/conv", "pool", "scores"]
    assert [call.receptive_field for call in calls] == [(3, 3), (5, 5), (8, 8), (8, 8)]
    assert [call.multiply_adds for call in calls] == [8 * 8 * 9 * 3, 6 * 6 * 9 * 3 * 4, 0, 8]


def test_shared_layer_has_an_entry_for_each_call(shared_model: Any) -> None:
    first, second = layer_calls(shared_model)
    assert (first.path, second.path) == ("shared", "shared")
    assert (first.output_shape, second.output_shape) == ((4, 4, 2), (2, 2, 2))
    assert (first.receptive_field, second.receptive_field) == ((3, 3), (5, 5))
    assert (first.multiply_adds, second.multiply_adds) == (16 * 36, 4 * 36)


def test_layers_of_a_subclassed_model_are_listed_without_shapes(subclassed_model: Any) -> None:
    calls = layer_calls(subclassed_model)
    assert [call.path for call in calls] == ["block", "block/conv", "block/rectifier", "flat", "head"]
    assert [call.parameters for call in calls] == [0, 20, 0, 0, 99]
    assert all(call.output_shape is call.receptive_field is call.multiply_adds is None for call in calls)


def test_layers_inside_a_called_subclassed_model_follow_it(subclassed_model: Any) -> None:
    inputs = keras.Input((6, 6, 1))
    calls = layer_calls(keras.Model(inputs, layers.Softmax(name="softmax")(subclassed_model(inputs))))
    assert [call.path for call in calls] == [
        "subclassed", "subclassed/block", "subclassed/block/conv", "subclassed/block/rectifier", "subclassed/flat",
        "subclassed/head", "softmax",
    ]  # fmt: skip
    assert calls[0].output_shape == (3,)
    assert sum(call.parameters for call in calls) == 119


def test_wrapper_counts_no_weight_of_the_layer_inside() -> None:
    inputs = keras.Input((4, 6, 6, 1))
    model = keras.Model(inputs, layers.TimeDistributed(layers.Conv2D(2, 3, name="conv"), name="each")(inputs))
    calls = by_path(model)
    assert (calls["each"].parameters, calls["each"].output_shape) == (0, (4, 4, 4, 2))
    assert (calls["each/conv"].parameters, calls["each/conv"].multiply_adds) == (20, None)


def test_functional_model_inside_another_gets_the_sizes_of_the_call() -> None:
    inner_input = keras.Input((None, None, 3))
    inner = keras.Model(inner_input, layers.Conv2D(4, 3, name="conv")(inner_input), name="inner")
    inputs = keras.Input((10, 12, 3))
    (call,) = layer_calls(keras.Model(inputs, inner(inputs)))
    assert (call.path, call.output_shape) == ("inner/conv", (8, 10, 4))
    assert call.multiply_adds == 8 * 10 * 27 * 4


def test_free_sizes_stay_free_and_costs_unknown() -> None:
    model = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3), layers.GlobalMaxPooling2D()])
    convolution, pooling = layer_calls(model)
    assert (convolution.output_shape, convolution.multiply_adds) == ((None, None, 4), None)
    assert (convolution.receptive_field, pooling.receptive_field) == ((3, 3), None)


def test_operation_without_a_shape_rule_keeps_its_recorded_shape() -> None:
    inner_input = keras.Input((None, None, 3))
    inner = keras.Model(inner_input, inner_input / 255.0)
    inputs = keras.Input((10, 12, 3))
    (call,) = layer_calls(keras.Model(inputs, inner(inputs)))
    assert call.output_shape == (None, None, 3)


def test_branches_are_merged_by_the_larger_field() -> None:
    inputs = keras.Input((16, 16, 1))
    narrow = layers.Conv2D(2, 1, padding="same", name="narrow")(inputs)
    wide = layers.Conv2D(2, 5, padding="same", name="wide")(inputs)
    calls = by_path(keras.Model(inputs, layers.Add(name="sum")([narrow, wide])))
    assert calls["narrow"].receptive_field == (1, 1)
    assert calls["sum"].receptive_field == (5, 5)


def test_with_two_inputs_what_sees_the_whole_is_unknown() -> None:
    images, numbers = keras.Input((8, 8, 1)), keras.Input((3,))
    flat = layers.Flatten(name="flat")(layers.Conv2D(2, 3, name="conv")(images))
    joined = layers.Concatenate(name="joined")([flat, numbers])
    calls = by_path(keras.Model([images, numbers], layers.Dense(2, name="dense")(joined)))
    assert calls["conv"].receptive_field == (3, 3)
    assert (calls["dense"].output_shape, calls["dense"].receptive_field) == ((2,), None)
    assert calls["dense"].multiply_adds == (72 + 3) * 2


def test_channels_first_model_has_its_whole_input_as_the_field_of_pooling() -> None:
    inputs = keras.Input((3, 20, 24))
    convolved = layers.Conv2D(2, 3, data_format="channels_first", name="conv")(inputs)
    pooled = layers.GlobalAveragePooling2D(data_format="channels_first", name="pool")(convolved)
    calls = by_path(keras.Model(inputs, pooled))
    assert calls["conv"].multiply_adds == 18 * 22 * 27 * 2
    assert calls["pool"].receptive_field == (20, 24)


def test_patches_reshaped_into_a_sequence_are_summarised() -> None:
    inputs = keras.Input((32, 32, 3))
    tokens = layers.Reshape((16, 8), name="tokens")(layers.Conv2D(8, 8, strides=8, name="patches")(inputs))
    mixed = layers.Conv1D(4, 3, name="mixed")(layers.MultiHeadAttention(2, 4, name="heads")(tokens, tokens))
    calls = by_path(keras.Model(inputs, mixed))
    assert calls["patches"].receptive_field == (8, 8)
    assert calls["tokens"].receptive_field is None
    assert calls["heads/query"].multiply_adds is None
    assert calls["mixed"].multiply_adds == 14 * 3 * 8 * 4


# Multiply-adds as published to three digits: He et al., arXiv 1512.03385 (ResNet50: 3.8); Sandler et al., arXiv 1801.04381
# (300 M). Fields: Araujo et al., Distill 2019, table 1, of the last layer before pooling.
PUBLISHED = [("ResNet50", 3_857_973_248, 483), ("MobileNetV2", 300_774_272, 491), ("DenseNet121", 2_834_161_664, 2071)]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "multiply_adds", "field"), PUBLISHED)
def test_published_networks_have_their_published_cost_and_field(name: str, multiply_adds: int, field: int) -> None:
    """Look at ten times the published size, in which the whole field lies and each convolution costs 100 times as much."""
    network = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(2240, 2240, 3))
    calls = layer_calls(network)
    head = 1000 * network.output.shape[-1]
    assert sum(call.multiply_adds or 0 for call in calls) == 100 * (multiply_adds - head)
    assert calls[-1].receptive_field == (field, field)


@pytest.mark.slow
def test_published_network_with_its_head_sees_no_more_than_its_input() -> None:
    name, multiply_adds, _ = PUBLISHED[1]
    calls = layer_calls(getattr(keras.applications, name)(weights=None))
    assert sum(call.multiply_adds or 0 for call in calls) == multiply_adds
    assert calls[-3].receptive_field == (224, 224)
    assert calls[-1].output_shape == (1000,)
