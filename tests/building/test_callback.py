"""A training that writes reports is the training that writes none, bit for bit."""

import json
import random
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import reportgen
from reportgen.errors import UsageError

FEW = {"attribution": "none", "redraws": 5, "layers": "conv"}


def trained(callbacks: list[Any], epochs: int = 3, *, eager: bool = False) -> dict[str, Any]:
    """Train a small model that draws from every source, and return all that could differ.

    Args:
        callbacks, epochs: as `fit` takes them.
        eager: whether no graph is made, which takes longer than so few steps.
    """
    import keras
    import tensorflow as tf
    from keras import layers

    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.GaussianNoise(0.1),
            layers.Conv2D(3, 3, name="conv"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.3, name="drop"),
            layers.Flatten(),
            layers.Dense(2, activation="softmax", name="scores"),
        ]
    )
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"], run_eagerly=eager)
    x, y = samples()
    history = model.fit(x, y, validation_data=(x, y), epochs=epochs, batch_size=8, verbose=0, callbacks=callbacks)
    return {
        "history": history.history,
        "weights": [weight.numpy().tolist() for weight in model.weights],
        "optimizer": [variable.numpy().tolist() for variable in model.optimizer.variables],
        "seeds": model.get_layer("drop").seed_generator.state.numpy().tolist(),
        "metrics": [float(metric.result()) for metric in model.metrics if metric.name == "loss"],
        "functions": (model.train_function is not None, model.test_function is not None, model.predict_function),
        "evaluated": model.evaluate(x, y, verbose=0),
        "drawn": [
            random.random(),
            float(np.random.rand()),
            float(tf.random.uniform([])),
            float(keras.random.uniform([])),
        ],
        "named": layers.Dense(1).name,
    }


def samples() -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(0).random((24, 6, 6, 1), np.float32), np.arange(24) % 2


def test_losses_weights_draws_and_names_are_those_without_reports(tmp_path):
    callback = reportgen.ReportCallback(
        samples(), path=tmp_path / "r-{epoch:02d}-{val_loss:.1f}.html", every=2, json=True, **FEW
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with_reports = trained([callback])
    without = trained([])
    for name, value in without.items():
        assert with_reports[name] == value, name
    losses = without["history"]["val_loss"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"r-{epoch:02d}-{losses[epoch - 1]:.1f}.{end}" for epoch in (2, 3) for end in ("html", "json")
    )
    (last,) = tmp_path.glob("r-03*.json")
    training = {one["name"]: one["result"] for one in json.loads(last.read_text())["sections"]}["training"]
    assert (training["optimizer"], training["loss"], training["steps"]) == (
        "Adam",
        "sparse_categorical_crossentropy",
        9,
    )
    assert (training["epochs"], training["last_epoch"]) == (3, 3)
    assert training["curves"][0]["curve"]["lines"]["validation"] == pytest.approx(losses, rel=1e-5)
    assert callback.report.provenance.format == "a keras.Model in memory"


def test_a_report_that_fails_warns_and_the_training_goes_on(tmp_path):
    x, _ = samples()
    callback = reportgen.ReportCallback((x[:, :5], None), path=tmp_path / "r-{epoch}.html", **FEW)
    with pytest.warns(UserWarning, match=r"reportgen: no report of epoch [12]. Received: MisfitError: ") as warned:
        assert len(trained([callback], epochs=2, eager=True)["history"]["loss"]) == 2
    assert len(warned) == 2
    assert list(tmp_path.iterdir()) == []
    assert callback.report is None


def test_a_path_that_names_no_metric_is_a_warning_too(tmp_path):
    callback = reportgen.ReportCallback(path=tmp_path / "{val_f1}.html", **{**FEW, "layers": ()})
    with pytest.warns(UserWarning, match="no report of epoch 1. Received: KeyError: 'val_f1'"):
        trained([callback], epochs=1, eager=True)


def test_what_cannot_be_used_is_told_before_the_training():
    with pytest.raises(UsageError, match=r"every must be a whole number of epochs above 0. Received: 0."):
        reportgen.ReportCallback(every=0)
    with pytest.raises(UsageError, match="--bins"):
        reportgen.ReportCallback(bins=0)
    with pytest.raises(TypeError, match="there is no option 'binz'"):
        reportgen.ReportCallback(binz=1)


def test_importing_reportgen_imports_no_keras():
    code = "import sys, reportgen; print('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
