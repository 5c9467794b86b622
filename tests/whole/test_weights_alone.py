"""A file of weights without their architecture needs neither Keras nor TensorFlow."""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import keras
import pytest
from keras import layers

import reportgen

pytestmark = pytest.mark.slow

PROGRAM = """
import sys
import reportgen
report = reportgen.build_report(sys.argv[1])
report.save("r.html", json_path="r.json")
sys.exit(bool({"tensorflow", "keras", "jax", "torch"} & set(sys.modules)))
"""


def network() -> keras.Model:
    return keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Dense(3)])


@pytest.fixture(params=[0, 1024], ids=["", "after a user block"])
def weights(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    keras.utils.clear_session()  # which numbers the layers anew
    network().save_weights(tmp_path / "alone.weights.h5")
    with (
        h5py.File(tmp_path / "alone.weights.h5") as stored,
        h5py.File(tmp_path / "copy.weights.h5", "w", userblock_size=request.param) as copy,
    ):
        for name in stored:
            stored.copy(name, copy)
    return tmp_path / "copy.weights.h5"


def test_a_report_on_weights_alone_loads_neither_keras_nor_tensorflow(weights: Path, tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", PROGRAM, str(weights)], cwd=tmp_path).returncode == 0
    numbers = json.loads((tmp_path / "r.json").read_text("utf-8"))
    result = next(each for each in numbers["sections"] if each["name"] == "weight_histograms")["result"]
    assert [kernel["label"] for kernel in (result["first"], *result["others"])] == ["conv2d", "dense"]
    assert numbers["provenance"]["backend"] == ""
    assert "tensorflow" in numbers["provenance"]["versions"]
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "without Keras. This page makes no network requests" in page
    assert "and TensorFlow" not in page


def test_what_is_run_says_what_keras_ran_on(weights: Path, tmp_path: Path) -> None:
    architecture = tmp_path / "model.json"
    architecture.write_text(network().to_json())
    assert reportgen.build_report(weights, architecture=architecture).provenance.backend == "tensorflow"
