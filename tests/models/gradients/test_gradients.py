"""Gradients through captured tensors, and models that stay as they were."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from fixed_weights import fix_weights
from keras import layers

from reportgen.errors import ForwardError
from reportgen.models.gradients.gradient_target import affine_bias, find_target
from reportgen.models.gradients.gradients import (
    ClassLogits,
    LogitGradients,
    integrated_gradients,
    logits_at,
    predicted_logits,
)
from reportgen.models.gradients.graph_target import explained_call
from reportgen.models.graphs.layers import named_layers
from reportgen.models.passes import recording
from reportgen.models.passes.live_model import LiveModel, SampleInputs


def alive(model: Any, batch: int = 64) -> LiveModel:
    return LiveModel(model, named_layers(model), batch)


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).normal(size=shape).astype(np.float32)


def sequential(*last: Any) -> Any:
    first = layers.Conv2D(3, 3, activation="relu", name="conv")
    return fix_weights(keras.Sequential([keras.Input((6, 6, 1)), first, layers.Flatten(), *last]))


FIRST = ClassLogits(np.array([0, 1]), np.ones(2, np.float32))


def by_hand(model: Any, inputs: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return maps of the convolution and the gradients of the dense layer's logits, by a tape over single layers."""
    convolution, dense = model.layers[0], model.layers[-1]
    with tf.GradientTape() as tape:
        maps = convolution(inputs)
        tape.watch(maps)
        logits = tf.reshape(maps, (len(inputs), -1)) @ dense.kernel + dense.bias
        total = tf.reduce_sum(tf.gather(logits, columns, batch_dims=1))
    return maps.numpy(), tape.gradient(total, maps).numpy()


def test_gradients_of_a_fused_softmax_are_those_of_the_value_before_it() -> None:
    model, inputs = sequential(layers.Dense(3, activation="softmax", name="head")), draw(2, 6, 6, 1)
    live = alive(model)
    target = find_target(live, SampleInputs(inputs))
    assert target is not None
    assert (target.features, target.logits, target.inside, target.size) == ("conv", "head", True, (4, 4))
    assert target.rule == "the logits (head before its softmax)"
    found = LogitGradients(live, target).of(SampleInputs(inputs), FIRST)
    maps, gradients = by_hand(model, inputs, FIRST.columns)
    np.testing.assert_allclose(found.values, maps, atol=1e-6)
    np.testing.assert_allclose(found.gradients, gradients, atol=1e-6)
    flat = maps.reshape(2, -1) @ model.layers[-1].kernel.numpy() + model.layers[-1].bias.numpy()
    np.testing.assert_allclose(found.logits, flat[[0, 1], [0, 1]], rtol=1e-5)
    np.testing.assert_allclose(logits_at(live, target, SampleInputs(inputs), FIRST), found.logits, rtol=1e-6)


@pytest.mark.parametrize(
    ("last", "rule"),
    [
        (
            [layers.Dense(3, name="head"), layers.Softmax(name="soft")],
            "the logits (the output of head before the softmax)",
        ),
        (
            [layers.Dense(3, name="head"), layers.Activation("softmax", name="act")],
            "the logits (act before its softmax)",
        ),
        ([layers.Dense(3, activation="sigmoid", name="head")], "the logits (head before its sigmoid)"),
        ([layers.Dense(3, name="head")], "the output (no softmax or sigmoid)"),
    ],
)
def test_every_kind_of_head_is_seen_through(last: list[Any], rule: str) -> None:
    inputs = draw(2, 6, 6, 1)
    plain = alive(sequential(layers.Dense(3, name="plain")))
    expected = LogitGradients(plain, find_target(plain, SampleInputs(inputs))).of(SampleInputs(inputs), FIRST)  # type: ignore[arg-type]
    live = alive(sequential(*last))
    target = find_target(live, SampleInputs(inputs))
    assert target is not None
    assert target.rule == rule
    found = LogitGradients(live, target).of(SampleInputs(inputs), FIRST)
    np.testing.assert_allclose(found.gradients, expected.gradients, atol=1e-6)
    np.testing.assert_allclose(found.logits, expected.logits, rtol=1e-5)


@pytest.mark.parametrize(
    "last",
    [
        [layers.Dense(3, activation="softmax", name="head")],
        [layers.Dropout(0.5), layers.Dense(3, name="head"), layers.Softmax(name="soft")],
        [layers.Dense(3, name="head")],
    ],
)
def test_maps_of_an_earlier_pass_give_the_same_gradients_without_running_what_leads_to_them(last: list[Any]) -> None:
    inputs, model = SampleInputs(draw(2, 6, 6, 1)), sequential(*last)
    live = alive(model)
    outputs = model(inputs.values).numpy()
    target = find_target(live, inputs, outputs)
    assert target is not None
    assert target.features == explained_call(model, live.layers, 0) == "conv"
    gradients = LogitGradients(live, target)
    expected = gradients.of(inputs, FIRST)
    ran: list[str] = []
    with recording({"conv": live.layers["conv"]}, lambda path, _: ran.append(path)):
        found = gradients.of(inputs, FIRST, features=model.layers[0](inputs.values).numpy())
    assert ran == ["conv"]  # the call above
    for name in ("values", "gradients", "logits"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-6)


def test_maps_inside_a_nested_model_have_no_head_of_their_own() -> None:
    inner = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(3, 3, name="conv")], name="inner")
    model = fix_weights(keras.Sequential([keras.Input((6, 6, 1)), inner, layers.Flatten(), layers.Dense(3)]))
    inputs = SampleInputs(draw(2, 6, 6, 1))
    target = find_target(alive(model), inputs, model(inputs.values).numpy())
    assert target is not None
    assert (target.features, target.head_alone, target.head) == ("inner/conv", True, None)
    gradients = LogitGradients(alive(model), target)
    kept = gradients.of(inputs, FIRST, features=np.zeros((2, 4, 4, 3), np.float32))  # not to be used
    np.testing.assert_allclose(kept.values, gradients.of(inputs, FIRST).values)
    assert explained_call(model, named_layers(model), 0) == "inner/conv"


def test_scores_that_hide_their_logits_are_explained_themselves() -> None:
    doubled = [layers.Dense(3, activation="softmax", name="head"), layers.Rescaling(0.5)]
    target = find_target(alive(sequential(*doubled)), SampleInputs(draw(2, 6, 6, 1)))
    assert target is not None
    assert target.logits is None
    assert target.rule == "the scores (no logits before a softmax or sigmoid were found)"


def test_evidence_for_class_0_of_a_single_output_is_that_against_class_1() -> None:
    logits = predicted_logits(np.array([[0.9, 0.1], [0.2, 0.8]]), 1)
    assert (logits.columns.tolist(), logits.signs.tolist()) == ([0, 0], [-1, 1])
    several = predicted_logits(np.array([[0.9, 0.1], [0.2, 0.8]]), 2)
    assert (several.columns.tolist(), several.signs.tolist()) == ([0, 1], [1, 1])


def test_nested_models_are_explained_at_their_last_convolution(nested_model: Any) -> None:
    live, inputs = alive(nested_model), draw(2, 8, 8, 1)
    target = find_target(live, SampleInputs(inputs))
    assert target is not None
    assert (target.features, target.logits, target.size) == ("middle/conv", "scores", (6, 6))
    found = LogitGradients(live, target).of(SampleInputs(inputs), FIRST)
    # after global average pooling, every place has the dense kernel's weight over the number of places
    kernel = live.layers["scores"].kernel.numpy()
    expected = np.broadcast_to(kernel.T[[0, 1]][:, None, None] / 36, found.gradients.shape)
    np.testing.assert_allclose(found.gradients, expected, atol=1e-6)


def test_subclassed_models_are_explained_after_the_separate_rectifier(subclassed_model: Any) -> None:
    live, inputs = alive(subclassed_model), draw(2, 6, 6, 1)
    target = find_target(live, SampleInputs(inputs))
    assert target is not None
    assert (target.convolution, target.size, target.logits) == ("block/conv", (4, 4), None)
    found = LogitGradients(live, target).of(SampleInputs(inputs), FIRST)
    np.testing.assert_array_equal(found.values, np.maximum(found.values, 0))
    head = live.layers["head"].kernel.numpy().reshape(4, 4, 2, 3)
    np.testing.assert_allclose(found.gradients, np.moveaxis(head, -1, 0)[[0, 1]], atol=1e-6)


def test_shared_layers_are_explained_at_their_last_call(shared_model: Any) -> None:
    target = find_target(alive(shared_model), SampleInputs(draw(2, 6, 6, 2)))
    assert target is not None
    assert (target.features, target.path, target.size) == ("shared (call 2)", "shared", (2, 2))


def test_a_convolution_over_a_single_place_is_passed_over() -> None:
    model = fix_weights(
        keras.Sequential(
            [
                keras.Input((6, 6, 1)),
                layers.Conv2D(3, 3, name="conv"),
                layers.GlobalAveragePooling2D(keepdims=True),
                layers.Conv2D(2, 1, name="scores"),
                layers.Flatten(),
            ]
        )
    )
    target = find_target(alive(model), SampleInputs(draw(2, 6, 6, 1)))
    assert target is not None
    assert target.features == "conv"
    assert (
        find_target(
            alive(fix_weights(keras.Sequential([keras.Input((4,)), layers.Dense(2)]))), SampleInputs(draw(2, 4))
        )
        is None
    )


def test_a_convolution_of_another_output_is_passed_over() -> None:
    inputs = keras.Input((6, 6, 1))
    maps = layers.Conv2D(3, 3, name="trunk")(inputs)
    scores = layers.Dense(2, name="scores")(layers.Flatten()(maps))
    model = fix_weights(keras.Model(inputs, [scores, layers.Conv2D(2, 1, name="other")(maps)]))
    live, samples = alive(model), draw(2, 6, 6, 1)
    target = find_target(live, SampleInputs(samples))
    assert target is not None
    assert target.convolution == "trunk"
    assert LogitGradients(live, target).of(SampleInputs(samples), FIRST).gradients.any()


def test_batches_change_nothing() -> None:
    model, inputs = sequential(layers.Dense(3, activation="softmax")), draw(5, 6, 6, 1)
    logits = ClassLogits(np.array([0, 1, 2, 1, 0]), np.ones(5, np.float32))
    target = find_target(alive(model), SampleInputs(inputs[:2]))
    assert target is not None
    whole, single = (LogitGradients(alive(model, size), target).of(SampleInputs(inputs), logits) for size in (64, 8))
    np.testing.assert_allclose(whole.gradients, single.gradients, atol=1e-6)


def test_models_are_left_as_they_were_also_after_an_error() -> None:
    model, inputs = sequential(layers.Dense(3, activation="softmax", name="head")), draw(2, 6, 6, 1)
    live = alive(model)
    model.layers[0].trainable = False
    before = [weight.numpy() for weight in model.weights]
    target = find_target(live, SampleInputs(inputs))
    assert target is not None
    LogitGradients(live, target).of(SampleInputs(inputs), FIRST)
    with pytest.raises(ForwardError):
        LogitGradients(live, target).of(SampleInputs(draw(2, 5, 5, 1)), FIRST)
    for layer in model.layers:
        assert "call" not in vars(layer)
    assert model.layers[-1].activation is keras.activations.softmax
    assert [layer.trainable for layer in model.layers] == [False, True, True]
    for weight, values in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), values)


def test_logits_without_a_gradient_are_told() -> None:
    class Rounded(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return tf.cast(tf.cast(inputs, tf.int32), tf.float32)

    model, inputs = sequential(Rounded(), layers.Dense(3)), draw(2, 6, 6, 1)
    target = find_target(alive(model), SampleInputs(inputs))
    assert target is not None
    with pytest.raises(ForwardError, match="the logits have no gradient by conv"):
        LogitGradients(alive(model), target).of(SampleInputs(inputs), FIRST)


def test_input_gradients_equal_finite_differences() -> None:
    model, inputs = sequential(layers.Dense(3, activation="softmax")), draw(1, 6, 6, 1)
    live, logits = alive(model), ClassLogits(np.array([2]), np.ones(1, np.float32))
    target = find_target(live, SampleInputs(inputs))
    assert target is not None
    found = LogitGradients(live, target, by_input=True).of(SampleInputs(inputs), logits).gradients[0, :, :, 0]
    step = 1e-2
    for row, column in ((0, 0), (2, 3), (5, 5)):
        moved = np.repeat(inputs, 2, axis=0)
        moved[0, row, column, 0] += step
        moved[1, row, column, 0] -= step
        ends = logits_at(live, target, SampleInputs(moved), logits.take([0, 0]))
        assert found[row, column] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=2e-3)


@pytest.mark.dear
def test_integrated_gradients_equal_a_fine_riemann_sum() -> None:
    model, inputs = sequential(layers.Dense(3, activation="softmax")), draw(2, 6, 6, 1)
    live = alive(model)
    target = find_target(live, SampleInputs(inputs))
    assert target is not None
    baseline = np.full((6, 6, 1), 0.1, np.float32)
    found = integrated_gradients(
        LogitGradients(live, target, by_input=True), SampleInputs(inputs), baseline, FIRST, points=200
    )
    steps = (np.arange(500) + 0.5)[:, None, None, None] / 500
    for sample in range(2):
        points = SampleInputs((baseline + steps * (inputs[sample] - baseline)).astype(np.float32))
        gradients = LogitGradients(live, target, by_input=True).of(points, FIRST.take([sample] * 500)).gradients
        total = gradients.mean(axis=0)
        np.testing.assert_allclose(found[sample], total * (inputs[sample] - baseline), atol=5e-3)


def test_the_bias_is_known_where_one_dense_layer_ends_the_model(nested_model: Any) -> None:
    live = alive(nested_model)
    target = find_target(live, SampleInputs(draw(2, 8, 8, 1)))
    assert target is not None
    np.testing.assert_array_equal(affine_bias(live, target), live.layers["scores"].bias.numpy())  # type: ignore[arg-type]
    deep = alive(sequential(layers.Dense(4, activation="relu"), layers.Dense(3)))
    assert affine_bias(deep, find_target(deep, SampleInputs(draw(2, 6, 6, 1)))) is None  # type: ignore[arg-type]
    unbiased = alive(sequential(layers.Dense(3, use_bias=False)))
    assert affine_bias(unbiased, find_target(unbiased, SampleInputs(draw(2, 6, 6, 1)))).tolist() == [0, 0, 0]  # type: ignore
