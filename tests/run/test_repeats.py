"""Changed samples run again, by one traced pass."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from builders import live_context
from keras import layers

from reportgen.errors import ForwardError
from reportgen.models.passes import CompiledModel, LiveModel
from reportgen.run import run_changed

IMAGES = np.random.default_rng(2).random((7, 4, 4, 1)).astype(np.float32)


class Counted(layers.Layer):
    """Counts how often its call runs as Python, and may refuse."""

    def __init__(self, error: str = "", in_eager: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.calls, self.error, self.in_eager = 0, error, in_eager

    def call(self, inputs: Any) -> Any:
        self.calls += 1
        if self.error:
            raise ValueError(self.error)
        if self.in_eager and not tf.executing_eagerly():
            raise TypeError("values are needed")
        return inputs * 2


def built(layer: Any) -> tuple[Any, Any]:
    """Return a live model that doubles sums, run three samples at once, and the samples that it was run on."""
    inputs = keras.Input((4, 4, 1))
    model = keras.Model(inputs, layers.GlobalAveragePooling2D()(layer(inputs)))
    context = live_context(model, IMAGES, batch_size=3)
    layer.calls = 0
    return context.live, context.samples


def test_outputs_are_those_of_each_sample_and_python_runs_once_for_any_number_of_samples() -> None:
    layer = Counted()
    live, samples = built(layer)
    found = run_changed(live, samples, IMAGES, range(7))
    assert found == pytest.approx(2 * IMAGES.mean(axis=(1, 2)), rel=1e-6)
    assert run_changed(live, samples, IMAGES[:2], range(2)) == pytest.approx(found[:2], rel=1e-6)
    assert layer.calls == 1


def test_a_layer_that_cannot_be_traced_is_run_eagerly() -> None:
    layer = Counted(in_eager=True)
    inputs = keras.Input((4, 4, 1))
    model = keras.Sequential([inputs, layers.GlobalAveragePooling2D()])
    _, samples = built(Counted())

    def called(values: Any, *, training: bool) -> Any:
        return model(layer.call(values), training=training)

    found = run_changed(LiveModel(called, {}, 3), samples, IMAGES, range(7))
    assert found == pytest.approx(2 * IMAGES.mean(axis=(1, 2)), rel=1e-6)


def test_a_compiled_model_runs_as_it_is() -> None:
    live, samples = built(Counted())
    found = run_changed(replace(live, model=CompiledModel(live.model)), samples, IMAGES, range(7))
    assert found == pytest.approx(2 * IMAGES.mean(axis=(1, 2)), rel=1e-6)


def test_weights_that_change_are_noticed() -> None:
    dense = layers.Dense(1, use_bias=False)
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), dense])
    context = live_context(model, IMAGES, batch_size=3)
    before = run_changed(context.live, context.samples, IMAGES, range(7))
    dense.set_weights([3 * dense.get_weights()[0]])
    assert run_changed(context.live, context.samples, IMAGES, range(7)) == pytest.approx(3 * before, rel=1e-5)


def test_a_layer_that_fails_is_named() -> None:
    layer = Counted()
    live, samples = built(layer)
    layer.error = "no"
    with pytest.raises(ForwardError, match="no"):
        run_changed(live, samples, IMAGES, range(7))
