"""How often the samples go through the network for a whole report, counted at its last layer."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from reportgen.api import build_report
from reportgen.models.passes import recording


def network(sharpness: float) -> Any:
    """Return a small classifier whose scores differ the more from sample to sample, the sharper it is; its pictures are too
    small to be moved or covered."""
    keras.utils.set_random_seed(2)
    model = keras.Sequential(
        [
            keras.Input((7, 7, 1)),
            layers.Conv2D(8, 3, name="conv"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(8, 3, activation="relu", name="second"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax", name="head"),
        ]
    )
    head = model.get_layer("head")
    kernel = head.get_weights()[0] * sharpness
    hidden = keras.Sequential(model.layers[:-1])(np.random.default_rng(1).uniform(0, 1, (50, 7, 7, 1))).numpy()
    head.set_weights([kernel, -(hidden @ kernel).mean(axis=0)])
    return model


def passes(samples: np.ndarray, sharpness: float, wrong: int) -> list[int]:
    """Return the sizes of the batches that a report runs to the network's end, where so many answers are wrong."""
    model = network(sharpness)
    labels = model((samples / 255).astype(np.float32)).numpy().argmax(axis=1)
    labels[:wrong] = (labels[:wrong] + 1) % 3
    ran: list[int] = []

    def count(_: str, output: tf.Tensor) -> None:
        if tf.executing_eagerly():
            ran.append(len(output))
        else:  # a traced graph counts whenever it runs
            tf.py_function(lambda size: ran.append(int(size)), [tf.shape(output)[0]], [])

    with recording({"head": model.get_layer("head")}, count):
        build_report(model, samples, labels=labels, attribution=("none",))
    return ran


@pytest.mark.parametrize(
    ("count", "sharpness", "wrong", "expected"),
    [
        # eight samples decide nothing about scales or idle channels: the pass that serves all is the only one
        (8, 1e4, 7, 8),
        # scores that hardly depend on the sample: four other scales on four samples each
        (8, 1.0, 0, 8 + 4 * 4),
        # enough samples to call a channel idle: dormant ones are masked; no scaling could be better than all right, and how
        # classes separate is told by the first pass
        (60, 1e4, 0, 60 + 60),
        # six other scalings on 10 samples each, all of which are then behind
        (60, 1e4, 15, 60 + 60 + 6 * 10),
    ],
)
def test_samples_are_run_once_where_nothing_follows_from_more(
    count: int, sharpness: float, wrong: int, expected: int
) -> None:
    samples = np.random.default_rng(0).integers(0, 256, (count, 7, 7, 1)).astype(np.uint8)
    assert sum(passes(samples, sharpness, wrong)) == expected


def test_maps_of_the_trained_network_are_those_of_the_first_pass_and_cost_none_of_their_own() -> None:
    model = network(1e4)
    samples = np.random.default_rng(0).integers(0, 256, (6, 7, 7, 1)).astype(np.uint8)
    ran: list[int] = []
    with recording({"conv": model.get_layer("conv")}, lambda _, output: ran.append(len(output))):
        report = build_report(model, samples, attribution=("hirescam",))
    (maps,) = next(one.result for one in report.sections if one.name == "attribution").methods
    # the pass that serves all, one of the randomised network for each map, two for a map's own order and each random one
    assert sum(ran) == 6 + 6 + sum(2 * (1 + sample.orders) for sample in maps.samples)
