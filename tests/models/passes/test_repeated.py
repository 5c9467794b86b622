"""A model on many samples, as one graph."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from reportgen.models.graphs.layers import named_layers
from reportgen.models.passes import LiveModel, SampleInputs
from reportgen.models.passes.forward import LARGEST_BATCH

VALUES = np.random.default_rng(5).random((40, 6, 6, 2)).astype(np.float32)


class Counted(layers.Layer):
    """Counts how often its call runs as Python."""

    calls = 0

    def call(self, inputs: Any) -> Any:
        self.calls += 1
        return inputs


class Fixed(Counted):
    """Needs to know how many samples there are."""

    def call(self, inputs: Any) -> Any:
        assert inputs.shape[0] is not None
        return super().call(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


def live_with(layer: Counted, *, batch: int, explained: str = "") -> LiveModel:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 2))
    maps = layers.Conv2D(3, 3, activation="relu", name="conv")(layer(inputs))
    model = keras.Model(inputs, layers.Dense(4, activation="softmax")(layers.Flatten()(maps)))
    layer.calls = 0
    return LiveModel(model, named_layers(model), batch, explained=explained)


@pytest.mark.parametrize("kind", [Counted, Fixed])
def test_a_graph_gives_what_the_model_does_a_quarter_of_the_samples_at_a_time(kind: type[Counted]) -> None:
    layer = kind()
    live = live_with(layer, batch=20)
    assert live.repeated.over(40).size == 5
    found = live.answers(SampleInputs(VALUES))
    assert layer.calls == 1
    assert found == pytest.approx(np.asarray(live.model(VALUES)), rel=1e-5)


def test_one_graph_serves_batches_of_any_size() -> None:
    layer = Counted()
    live = live_with(layer, batch=20)
    live.answers(SampleInputs(VALUES[:33]))
    assert len(live.answers(SampleInputs(VALUES[:3]))) == 3
    assert layer.calls == 1


@pytest.mark.parametrize("wanted", [{}, {"disable_meta_optimizer": True}])
def test_what_is_asked_of_tensorflow_s_rewriting_stays_as_it_was(wanted: dict[str, bool]) -> None:
    """A large network's graph runs without it; other graphs of the process go on as before."""
    options, asked = tf.config.optimizer, []

    class Asking(Counted):
        """Notes at each run of the graph whether graphs are rewritten."""

        def call(self, inputs: Any) -> Any:
            def ask(values: Any) -> Any:
                asked.append(options.get_experimental_options().get("disable_meta_optimizer", False))
                return values

            return tf.ensure_shape(tf.py_function(ask, [inputs], inputs.dtype), inputs.shape)

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

    before = options.get_experimental_options().get("disable_meta_optimizer", False)
    options.set_experimental_options(wanted)
    try:
        for batch in (20, LARGEST_BATCH):
            live_with(Asking(), batch=batch).repeated.over(600).run([VALUES[:5]])
            assert options.get_experimental_options().get("disable_meta_optimizer", False) is bool(wanted)
    finally:
        options.set_experimental_options({"disable_meta_optimizer": before})
    assert asked[-2:] == [True, bool(wanted)]


def test_few_samples_and_those_of_a_small_network_are_run_as_ever() -> None:
    for batch, count, size in ((20, 10, 10), (128, 40, 128)):
        layer = Counted()
        live = live_with(layer, batch=batch)
        assert live.repeated.over(count).size == size
        live.answers(SampleInputs(VALUES[:count]))
        live.answers(SampleInputs(VALUES[:count]))
        assert layer.calls == 2


def test_a_graph_is_made_earlier_where_more_samples_are_to_follow() -> None:
    layer = Counted()
    live = replace(live_with(layer, batch=20), ahead=30)
    for first in (0, 2, 4):
        live.answers(SampleInputs(VALUES[first : first + 2]))
    assert layer.calls == 1


def test_the_explained_maps_come_with_the_graph_and_follow_changed_weights() -> None:
    live = live_with(Counted(), batch=20, explained="conv")
    assert live.features(SampleInputs(VALUES[:9])) is None
    first = live.features(SampleInputs(VALUES))
    assert first is not None
    assert first.shape == (40, 4, 4, 3)
    kernel, bias = live.layers["conv"].get_weights()
    live.layers["conv"].set_weights([2 * kernel, bias])
    again = live.features(SampleInputs(VALUES[:9]))
    assert again == pytest.approx(2 * first[:9], rel=1e-5)
