"""One forward pass that records what every wanted layer puts out, and leaves nothing behind."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from reportgen.errors import ForwardError
from reportgen.models.graphs.layers import named_layers
from reportgen.models.passes import recorder
from reportgen.models.passes.channel_statistics import channel_statistics as statistics
from reportgen.models.passes.forward import batch_size, predict, run_forward
from reportgen.models.passes.recorder import Activations, Recorder
from reportgen.models.passes.wrapping import recording

GENERATOR = np.random.default_rng(5)


def batches(shape: tuple[int, ...], *sizes: int) -> list[np.ndarray]:
    inputs = np.random.default_rng(3).normal(size=(sum(sizes), *shape)).astype(np.float32)
    return np.split(inputs, np.cumsum(sizes)[:-1])


def run(model: Any, inputs: list[np.ndarray], *keep: str, keep_samples: int = 100) -> Activations:
    return run_forward(model, inputs, layers=named_layers(model), keep=frozenset(keep), keep_samples=keep_samples)


def convolved(inputs: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Valid convolution by its definition, in float64."""
    height, width = kernel.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(inputs.astype(np.float64), (height, width), axis=(1, 2))
    return np.einsum("nxycij,ijcf->nxyf", windows, kernel) + bias


def assert_no_wrapper(model: Any) -> None:
    assert [path for path, layer in named_layers(model).items() if "call" in vars(layer)] == []


def test_recorded_outputs_of_a_sequential_model_equal_those_of_rewired_models(demo_model: Any) -> None:
    (inputs,) = batches((28, 28, 1), 3)
    recorded = run(demo_model, [inputs], *named_layers(demo_model))
    for layer in demo_model.layers:
        expected = keras.Model(demo_model.inputs[0], layer.output)(inputs).numpy()
        np.testing.assert_allclose(recorded.kept[layer.name], expected, atol=1e-6)
    np.testing.assert_allclose(recorded.outputs, demo_model(inputs).numpy(), atol=1e-6)


def test_recorded_outputs_of_a_nested_model_equal_a_computation_by_hand(nested_model: Any) -> None:
    (inputs,) = batches((8, 8, 1), 2)
    kernel, bias, second_kernel, second_bias = (weight.numpy() for weight in nested_model.weights[:4])
    padded = np.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)))
    first = np.maximum(convolved(padded, kernel, bias), 0)
    recorded = run(nested_model, [inputs], "middle/deep/conv", "middle/conv")
    np.testing.assert_allclose(recorded.kept["middle/deep/conv"], first, atol=1e-5)
    np.testing.assert_allclose(recorded.kept["middle/conv"], convolved(first, second_kernel, second_bias), atol=1e-5)


def test_shared_layer_is_recorded_once_for_each_call(shared_model: Any) -> None:
    (inputs,) = batches((6, 6, 2), 2)
    kernel, bias = (weight.numpy() for weight in shared_model.weights)
    first = np.maximum(convolved(inputs, kernel, bias), 0)
    second = np.maximum(convolved(first, kernel, bias), 0)
    recorded = run(shared_model, [inputs], "shared", "shared (call 2)")
    assert recorded.order == ("shared", "shared (call 2)")
    np.testing.assert_allclose(recorded.kept["shared"], first, atol=1e-5)
    np.testing.assert_allclose(recorded.kept["shared (call 2)"], second, atol=1e-5)
    np.testing.assert_allclose(recorded.statistics["shared"].maximum, first.max(axis=(0, 1, 2)), atol=1e-5)


def test_recorded_outputs_of_a_subclassed_model_equal_a_computation_by_hand(subclassed_model: Any) -> None:
    (inputs,) = batches((6, 6, 1), 2)
    kernel, bias = (weight.numpy() for weight in subclassed_model.weights[:2])
    linear = convolved(inputs, kernel, bias)
    recorded = run(subclassed_model, [inputs], "block/conv", "block/rectifier")
    np.testing.assert_allclose(recorded.kept["block/conv"], linear, atol=1e-5)
    np.testing.assert_allclose(recorded.kept["block/rectifier"], np.maximum(linear, 0), atol=1e-5)


def test_every_wrapper_is_removed_after_a_pass(nested_model: Any, subclassed_model: Any) -> None:
    run(nested_model, batches((8, 8, 1), 1))
    run(subclassed_model, batches((6, 6, 1), 1))
    assert_no_wrapper(nested_model)
    assert_no_wrapper(subclassed_model)


def test_every_wrapper_is_removed_after_an_error_in_the_pass(nested_model: Any) -> None:
    with pytest.raises(ForwardError, match="shape"):
        run(nested_model, [np.zeros((1, 5, 5, 3), np.float32)])
    assert_no_wrapper(nested_model)


def test_every_wrapper_is_removed_after_an_error_in_the_recorder(nested_model: Any) -> None:
    def broken(path: str, output: Any) -> None:
        raise RuntimeError(path)

    with pytest.raises(RuntimeError, match="middle/deep/conv"), recording(named_layers(nested_model), broken):
        nested_model(np.zeros((1, 8, 8, 1), np.float32))
    assert_no_wrapper(nested_model)


def test_every_wrapper_is_removed_when_a_later_layer_cannot_be_wrapped(nested_model: Any) -> None:
    with pytest.raises(AttributeError), recording({**named_layers(nested_model), "odd": object}, lambda *_: None):
        pass
    assert_no_wrapper(nested_model)


def test_what_a_layer_raises_is_told_in_one_line_without_colours() -> None:
    class Picky(layers.Layer):
        armed = False

        def call(self, inputs: Any) -> Any:
            if self.armed:
                raise RuntimeError("no thanks\nsecond line " + 300 * "x")
            return inputs

    inputs, picky = keras.Input((4,)), Picky()
    model = keras.Model(inputs, picky(inputs))
    picky.armed = True
    for attempt in (run, predict):
        with pytest.raises(ForwardError) as caught:
            attempt(model, [np.zeros((2, 4), np.float32)])
        assert str(caught.value).startswith(
            "RuntimeError: Exception encountered when calling Picky.call(). no thanks second line xxx"
        )
        assert len(str(caught.value)) == len("RuntimeError: ") + 200
    assert_no_wrapper(model)


def test_a_call_of_the_instance_itself_comes_back() -> None:
    layer = layers.ReLU()
    original = layer.call
    vars(layer)["call"] = original
    with recording({"layer": layer}, lambda *_: None):
        assert vars(layer)["call"] is not original
    assert vars(layer)["call"] is original


def test_pass_changes_no_output_weight_or_trainable_flag() -> None:
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(2, 3),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Flatten(),
        ]
    )
    model.layers[0].trainable = False
    (inputs,) = batches((6, 6, 1), 4)
    output, weights = model(inputs).numpy(), model.get_weights()
    flags = [layer.trainable for layer in model.layers]
    run(model, [inputs])
    np.testing.assert_array_equal(model(inputs).numpy(), output)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)
    assert [layer.trainable for layer in model.layers] == flags


def test_batches_of_any_size_give_the_same_statistics_and_outputs(nested_model: Any) -> None:
    at_once = run(nested_model, batches((8, 8, 1), 7))
    in_parts = run(nested_model, batches((8, 8, 1), 3, 3, 1))
    assert list(at_once.statistics) == list(in_parts.statistics) == ["middle/deep/conv", "middle/conv"]
    for name, one in at_once.statistics.items():
        for field in ("maximum", "minimum", "mean", "magnitude", "positive"):
            np.testing.assert_allclose(getattr(in_parts.statistics[name], field), getattr(one, field), atol=1e-6)
    np.testing.assert_allclose(in_parts.outputs, at_once.outputs, atol=1e-6)


@pytest.mark.parametrize("keep_samples", [1, 3, 4, 5, 7, 9])
def test_kept_samples_are_the_first_ones_across_batches(nested_model: Any, keep_samples: int) -> None:
    everything = run(nested_model, batches((8, 8, 1), 7), "middle/conv").kept["middle/conv"]
    kept = run(nested_model, batches((8, 8, 1), 3, 3, 1), "middle/conv", keep_samples=keep_samples).kept
    np.testing.assert_allclose(kept["middle/conv"], everything[:keep_samples], atol=1e-6)


def test_statistics_are_over_all_samples_and_places(nested_model: Any) -> None:
    recorded = run(nested_model, batches((8, 8, 1), 2, 2), "middle/conv")
    maps, found = recorded.kept["middle/conv"], recorded.statistics["middle/conv"]
    np.testing.assert_array_equal(found.maximum, maps.max(axis=(0, 1, 2)))
    np.testing.assert_allclose(found.mean, maps.mean(axis=(0, 1, 2)), atol=1e-6)
    assert (found.maximum.shape, found.count) == ((4,), maps.size // 4)


def test_an_activation_is_looked_at_in_place_of_its_convolution_and_normalisation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shapes = []
    monkeypatch.setattr(
        recorder, "channel_statistics", lambda values, ends: shapes.append(values.shape) or statistics(values, ends)
    )
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(3, 3, name="conv")(inputs)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="norm")(x))
    x = layers.Conv2D(3, 3, name="alone")(x)
    x = layers.Add(name="add")([x, x])
    x = layers.Activation("tanh", name="tanh")(x)
    x = layers.Dense(4, name="linear")(layers.Flatten()(x))
    x = layers.Dense(2, activation="sigmoid", name="head")(x)
    recorded = run(keras.Model(inputs, x), batches((8, 8, 1), 3, 2))
    # a convolution that is followed by an addition has no activation of its own
    assert list(recorded.statistics) == ["relu", "alone", "tanh"]
    assert recorded.sources == {"relu": "conv"}
    assert list(recorded.moments) == ["norm"]
    # nor are those of what is passed over computed: two batches of three calls each
    assert shapes == [(n, *rest) for n in (3, 2) for rest in ((6, 6, 3), (4, 4, 3), (4, 4, 3))]


def test_the_layers_of_the_models_output_are_left_out() -> None:
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(3, 3, activation="relu", name="conv")(inputs)
    separate = layers.Activation("sigmoid", name="head")(layers.Conv2D(1, 1, name="last")(x))
    assert list(run(keras.Model(inputs, separate), batches((8, 8, 1), 2)).statistics) == ["conv"]
    joint = layers.Conv2D(1, 1, activation="sigmoid", name="last")(x)
    assert list(run(keras.Model(inputs, joint), batches((8, 8, 1), 2)).statistics) == ["conv"]


def test_an_activation_before_its_normalisation_is_looked_at_itself() -> None:
    chain = [layers.Conv2D(3, 3, activation="relu", name="conv"), layers.BatchNormalization(name="norm")]
    model = keras.Sequential([keras.Input((8, 8, 1)), *chain, layers.Flatten()])
    recorded = run(model, batches((8, 8, 1), 2))
    assert (list(recorded.statistics), recorded.sources) == (["conv"], {})


def test_moments_are_those_of_a_normalisations_inputs() -> None:
    norm = layers.BatchNormalization(name="norm")
    model = keras.Sequential([keras.Input((4, 4, 3)), norm, layers.Flatten()])
    inputs = batches((4, 4, 3), 5, 2)
    found = run(model, inputs).moments["norm"]
    np.testing.assert_allclose(found.mean, np.concatenate(inputs).mean(axis=(0, 1, 2)), atol=1e-6)
    np.testing.assert_allclose(found.variance, np.concatenate(inputs).var(axis=(0, 1, 2)), rtol=1e-5)
    transposed = keras.Sequential([keras.Input((4, 4, 3)), layers.BatchNormalization(axis=1, name="norm")])
    found = run(transposed, inputs).moments["norm"]
    np.testing.assert_allclose(found.mean, np.concatenate(inputs).mean(axis=(0, 2, 3)), atol=1e-6)


def test_where_each_channel_answers_most_is_recorded_for_kept_calls(nested_model: Any) -> None:
    recorded = run(nested_model, batches((8, 8, 1), 3, 2), "middle/conv", keep_samples=1)
    assert list(recorded.top) == ["middle/conv"]
    np.testing.assert_array_equal(recorded.top["middle/conv"].values[0], recorded.statistics["middle/conv"].maximum)


def test_only_wanted_calls_are_kept(shared_model: Any) -> None:
    recorded = run(shared_model, batches((6, 6, 2), 2), "shared")
    assert list(recorded.kept) == ["shared"]


def test_half_precision_is_recorded_as_float32() -> None:
    layer = layers.Conv2D(2, 3, kernel_initializer="ones", dtype="mixed_float16", name="conv")
    model = keras.Sequential([keras.Input((4, 4, 1)), layer])
    recorded = run(model, [np.full((1, 4, 4, 1), 0.1, np.float32)], "conv")
    assert recorded.kept["conv"].dtype == recorded.outputs.dtype == np.float32
    np.testing.assert_allclose(recorded.kept["conv"], 0.9, atol=1e-3)


def test_channels_first_outputs_are_recorded_channels_last() -> None:
    convolution = layers.Conv2D(2, 3, data_format="channels_first")
    convolution.build((None, 2, 5, 6))
    records = Recorder({"conv": convolution, "relu": layers.ReLU()}, frozenset({"conv", "relu"}), 1)
    records.begin(1)
    output = tf.constant(GENERATOR.normal(size=(1, 2, 3, 4)).astype(np.float32))
    records.on_output("conv", output)
    records.on_output("relu", [output])
    records.end([])
    found = records.finish(np.empty(0))
    for name in ("conv", "relu"):
        np.testing.assert_array_equal(found.kept[name], output.numpy().transpose(0, 2, 3, 1))
        np.testing.assert_array_equal(found.statistics[name].maximum, output.numpy().max(axis=(0, 2, 3)))


def test_the_first_output_of_several_is_recorded() -> None:
    inputs = keras.Input((3,))
    first, second = layers.Dense(2, kernel_initializer="ones")(inputs), layers.Dense(4)(inputs)
    model = keras.Model(inputs, {"first": first, "second": second})
    assert predict(model, [np.ones((2, 3), np.float32)]).tolist() == [[3, 3], [3, 3]]
    several = keras.Model(inputs, [first, second])
    assert predict(several, [np.ones((1, 3), np.float32)] * 2).tolist() == [[3, 3], [3, 3]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [(0, 128), (2_343_750, 128), (2_343_751, 127), (37_000_000, 8), (150_000_001, 1), (10**9, 1)],
)
def test_batch_keeps_at_most_300_million_values(values: int, expected: int) -> None:
    assert batch_size(values) == expected


def test_an_activation_is_kept_in_the_place_of_the_convolution_before_it() -> None:
    parts = [layers.Conv2D(3, 3, name="conv"), layers.BatchNormalization(name="norm"), layers.ReLU(name="act")]
    model = keras.Sequential([keras.Input((6, 6, 1)), *parts, layers.Conv2D(2, 3, activation="relu", name="inner")])
    live = {layer.name: layer for layer in model.layers}
    batches = [GENERATOR.normal(size=(2, 6, 6, 1)).astype(np.float32) for _ in range(2)]
    given = {"layers": live, "keep": frozenset({"conv", "inner"}), "keep_samples": 3}
    found = run_forward(model, batches, keep_activations=True, **given)
    assert list(found.kept) == ["act", "inner"]
    assert (found.kept["act"].shape, float(found.kept["act"].min()), found.sources["act"]) == (
        (3, 4, 4, 3),
        0.0,
        "conv",
    )
    expected = keras.Model(model.inputs, live["act"].output)(np.concatenate(batches)[:3], training=False)
    np.testing.assert_allclose(found.kept["act"], expected, atol=1e-6)
    assert list(run_forward(model, batches, **given).kept) == ["conv", "inner"]
    assert set(found.top) == {"conv", "inner"}


def test_the_steps_of_a_recurrent_layer_are_no_calls_whose_channels_are_judged() -> None:
    stack = [
        layers.ConvLSTM1D(2, 3, name="steps"),
        layers.Conv1D(3, 2, activation="relu", name="conv"),
        layers.Flatten(),
    ]
    model = keras.Sequential([keras.Input((4, 6, 1)), *stack, layers.Dense(2)])
    found = run(model, batches((4, 6, 1), 3), "steps/conv_lstm_cell", "conv")
    assert list(found.statistics) == ["conv"]
    assert "steps/conv_lstm_cell" in {name.partition(" ")[0] for name in found.kept}
