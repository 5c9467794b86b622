"""Keras on something else than TensorFlow: what the command line does about it, and what a live model's report lacks."""

import importlib.util
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

import reportgen
from reportgen import UsageError
from reportgen.models.startup import backend, import_keras
from reportgen.results.report import SkippedSection

ELSEWHERE = """
import sys
import keras, numpy as np
from keras import layers
import reportgen
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(),
                          layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax")])
samples = np.linspace(0, 1, 12 * 64, dtype=np.float32).reshape(12, 8, 8, 1)
for given in (model, sys.argv[1]):
    report = reportgen.build_report(given, samples, labels=np.arange(12) % 3)
    print(report.provenance.backend, [section.name for section in report.sections if not hasattr(section, "result")])
"""


def small_model() -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize(("variable", "settings"), [("nonsense", {"backend": "jax"}), ("", {"backend": "torch"})])
def test_the_command_line_runs_on_tensorflow_whatever_the_settings_say(tmp_path, variable, settings):
    small_model().save(tmp_path / "m.keras")
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    environment = {**os.environ, "KERAS_BACKEND": variable, "KERAS_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "reportgen", "build", "m.keras", "--json", "r.json", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "report.html\n", "")
    assert json.loads((tmp_path / "r.json").read_text())["provenance"]["backend"] == "tensorflow"
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f"with Keras {keras.__version__} and TensorFlow 2." in page


@pytest.mark.slow
def test_settings_that_keras_does_not_take_are_one_line(tmp_path):
    (tmp_path / "keras.json").write_text('{"floatx": "float5"}')
    small_model().save(tmp_path / "m.keras")
    environment = {**os.environ, "KERAS_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "reportgen", "build", "m.keras", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("reportgen: Keras cannot be imported. Received: ValueError: Invalid `floatx`")
    assert done.stderr.count("\n") == 1


def test_keras_is_imported_on_tensorflow_and_the_environment_is_put_back(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "nonsense")
    import_keras()
    assert (os.environ["KERAS_BACKEND"], backend()) == ("nonsense", "tensorflow")


def test_a_broken_installation_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(UsageError, match=r"Received: ModuleNotFoundError: import of tensorflow"):
        import_keras()


@pytest.mark.slow
def test_a_live_model_of_another_backend_gets_everything_but_gradients(monkeypatch):
    model = small_model()
    samples = np.linspace(0, 1, 12 * 64, dtype=np.float32).reshape(12, 8, 8, 1)
    ours = reportgen.build_report(model, samples, labels=np.arange(12) % 3)
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    report = reportgen.build_report(model, samples, labels=np.arange(12) % 3, maximise=True)
    missing = {section.name: section.reason for section in report.sections if isinstance(section, SkippedSection)}
    reason = "This section needs TensorFlow's gradients, but Keras runs on jax here."
    assert missing == {
        **{section.name: section.reason for section in ours.sections if isinstance(section, SkippedSection)},
        "attribution": reason,
    }
    responses = next(section.result for section in report.sections if section.name == "filter_responses")
    assert (responses.steps, responses.not_maximised) == (None, reason)
    assert (ours.provenance.backend, report.provenance.backend) == ("tensorflow", "jax")
    assert "jax" in report.provenance.versions
    assert "and JAX " in report.to_html()


@pytest.mark.slow
@pytest.mark.parametrize("other", ["jax", "torch"])
def test_a_report_is_made_where_keras_runs_on_something_else(tmp_path, other):
    if importlib.util.find_spec(other) is None:
        pytest.skip(f"no {other} on this machine")
    small_model().save(tmp_path / "m.keras")
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path / "m.keras")]
    environment = {**os.environ, "KERAS_BACKEND": other}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        f"{other} ['attribution']",
        f"{other} ['batch_normalization', 'attribution']",
    ], done.stderr
