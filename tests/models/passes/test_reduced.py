"""Batches run as a graph give the statistics of those that are run eagerly."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from reportgen.models.graphs.layers import named_layers
from reportgen.models.passes import TOP_SAMPLES, Activations, run_forward

SAMPLES = np.random.default_rng(3).normal(size=(90, 6, 6, 2)).astype(np.float32)
BATCH = 8


@keras.saving.register_keras_serializable("tests")
class Counted(layers.Layer):
    """Gives what it receives, and counts the samples that are run eagerly and the times that it is traced."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.eager: list[int] = []
        self.traced = 0

    def call(self, inputs: Any) -> Any:
        if tf.executing_eagerly():
            self.eager.append(len(inputs))
        else:
            self.traced += 1
        return inputs


def classifier(**given: Any) -> Any:
    keras.utils.set_random_seed(1)
    shared = layers.Dense(4, activation="relu", name="shared")
    inputs = keras.Input((6, 6, 2))
    values = layers.Conv2D(5, 3, activation="relu", bias_initializer="ones", name="conv", **given)(inputs)
    values = layers.BatchNormalization(name="norm")(layers.Conv2D(4, 3, name="plain", **given)(values))
    values = layers.Activation("sigmoid", name="act")(values)
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, activation="tanh", name="deep")], name="inner")
    values = shared(inner(shared(Counted(name="counted")(layers.GlobalAveragePooling2D()(values)))))
    return keras.Model(inputs, {"scores": layers.Dense(3, activation="softmax", name="head")(values)})


def forward(model: Any, samples: np.ndarray, *, graph: bool, batch: int = BATCH) -> Activations:
    batches = (samples[start : start + batch] for start in range(0, len(samples), batch))
    kept = frozenset({"conv", "plain"})
    return run_forward(
        model, batches, layers=named_layers(model), keep=kept, keep_samples=9, samples=len(samples) if graph else 0
    )


def assert_alike(found: Activations, expected: Activations) -> None:
    assert (found.order, found.sources) == (expected.order, expected.sources)
    np.testing.assert_allclose(found.outputs, expected.outputs, rtol=1e-5)
    assert found.statistics.keys() == expected.statistics.keys()
    for name, one in expected.statistics.items():
        assert found.statistics[name].count == one.count
        for part in ("minimum", "maximum", "mean", "magnitude", "positive", "at_ends", "non_finite"):
            values = getattr(found.statistics[name], part)
            np.testing.assert_allclose(values, getattr(one, part), rtol=1e-5, atol=1e-6, err_msg=f"{part} of {name}")
            assert values.dtype == getattr(one, part).dtype
    for name, moments in expected.moments.items():
        assert found.moments[name].count == moments.count
        np.testing.assert_allclose(found.moments[name].mean, moments.mean, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found.moments[name].variance, moments.variance, rtol=1e-5)
    for name, kept in expected.kept.items():
        np.testing.assert_allclose(found.kept[name], kept, rtol=1e-5)
    for name, top in expected.top.items():
        np.testing.assert_allclose(found.top[name].values, top.values, rtol=1e-5)
        assert found.top[name].samples.tolist() == top.samples.tolist()
        assert found.top[name].places.tolist() == top.places.tolist()


@pytest.mark.dear
def test_batches_run_as_a_graph_give_what_eager_ones_give() -> None:
    model = classifier()
    counted = model.get_layer("counted")
    expected = forward(model, SAMPLES, graph=False)
    assert (sum(counted.eager), set(expected.top)) == (90, {"conv", "plain"})
    assert set(expected.statistics) == {"conv", "act", "shared", "inner/deep", "shared (call 2)"}
    counted.eager.clear()
    counted.traced = 0
    assert_alike(forward(model, SAMPLES, graph=True), expected)
    # eager: until the nine samples to keep are passed, and the last two, which are no whole batch
    assert (counted.eager, counted.traced) == ([8, 8, 2], 1)


def test_few_batches_are_not_worth_a_graph() -> None:
    model = classifier()
    model.get_layer("counted").eager.clear()
    forward(model, SAMPLES[:72], graph=True)
    assert model.get_layer("counted").eager == [8] * 9


@pytest.mark.dear
def test_batches_with_values_that_are_not_finite_are_run_eagerly() -> None:
    samples = SAMPLES.copy()
    samples[40, 0, 0, 0], samples[60, 2, 2, 1] = np.nan, np.inf
    model = classifier()
    expected = forward(model, samples, graph=False)
    model.get_layer("counted").eager.clear()
    found = forward(model, samples, graph=True)
    assert model.get_layer("counted").eager == [8, 8, 8, 8, 2]
    assert expected.statistics["conv"].non_finite.tolist() == found.statistics["conv"].non_finite.tolist() != [0] * 5
    for name in ("conv", "act"):
        for part in ("minimum", "maximum", "mean", "positive"):
            values = [getattr(one.statistics[name], part) for one in (found, expected)]
            np.testing.assert_allclose(*values, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(np.isnan(found.moments["norm"].mean), np.isnan(expected.moments["norm"].mean))


@keras.saving.register_keras_serializable("tests")
class ByValue(layers.Layer):
    """Decides by a value, which a graph does not have."""

    def call(self, inputs: Any) -> Any:
        return inputs if tf.executing_eagerly() and float(inputs[0, 0]) < 1e9 else inputs / float(inputs[0, 0])


def test_a_model_that_no_graph_can_be_made_of_is_run_eagerly() -> None:
    class Subclassed(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.conv = layers.Conv2D(3, 3, activation="relu")
            self.pool, self.by_value = layers.GlobalMaxPooling2D(), ByValue()

        def call(self, inputs: Any) -> Any:
            return self.by_value(self.pool(self.conv(inputs)))

    model = Subclassed()
    model(SAMPLES[:1])
    assert_alike(forward(model, SAMPLES, graph=True), forward(model, SAMPLES, graph=False))


@pytest.mark.parametrize("batch", [7, 128])
def test_the_largest_answers_are_looked_for_among_the_first_thousand_samples(batch: int) -> None:
    model = keras.Sequential([keras.Input((6, 6, 2)), layers.Conv2D(1, 6, use_bias=False, name="conv"), layers.ReLU()])
    model.layers[0].set_weights([np.full((6, 6, 2, 1), 1 / 72, np.float32)])
    height = np.random.default_rng(0).permutation(1100).astype(np.float32)
    samples = np.broadcast_to(height[:, None, None, None], (1100, 6, 6, 2))
    top = forward(model, samples, graph=True, batch=batch).top["conv"]
    expected = np.argsort(-height[:TOP_SAMPLES])[:4]
    assert (TOP_SAMPLES, top.samples[:, 0].tolist()) == (1000, expected.tolist())
    np.testing.assert_allclose(top.values[:, 0], height[expected], rtol=1e-6)
