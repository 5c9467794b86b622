"""A file of weights alone, run with the architecture of another file."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from reportgen.errors import ModelError, UsageError
from reportgen.reading import LoadedModel, WeightsOnly, read_model
from reportgen.reading.containers.saved_model import read_architecture

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a model, and the same as weights.weights.h5 and architecture.json."""
    folder = tmp_path_factory.mktemp("parted")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(3, 3, activation="hard_sigmoid"), layers.Flatten(), layers.Dense(2)]
    )
    model.save(folder / "whole.keras")
    model.save_weights(folder / "weights.weights.h5")
    (folder / "architecture.json").write_text(model.to_json())
    return folder


def answers(path: Path, architecture: Path, inputs: np.ndarray) -> list[np.ndarray]:
    read = read_model(path, architecture=architecture)
    assert isinstance(read, LoadedModel), read.message
    assert read.rewrites[0].startswith("The architecture was read from another file, SHA-256 ")
    return [np.asarray(output) for output in keras.tree.flatten(read.model(inputs))]


def check(outputs: list[np.ndarray], arrays: Any) -> None:
    """Compare all outputs with those of the Keras that saved the model."""
    assert len(outputs) == sum(name.startswith("y") for name in arrays)
    for number, output in enumerate(outputs):
        np.testing.assert_allclose(output, arrays[f"y{number}"], atol=1e-5)


@pytest.mark.parametrize("architecture", ["architecture.json", "whole.keras"])
def test_weights_of_keras_3_are_run_with_the_architecture_of_another_file(parted: Path, architecture: str) -> None:
    inputs = np.linspace(0, 1, 128, dtype=np.float32).reshape(2, 8, 8, 1)
    expected = np.asarray(keras.saving.load_model(parted / "whole.keras")(inputs))
    np.testing.assert_array_equal(answers(parted / "weights.weights.h5", parted / architecture, inputs)[0], expected)


@pytest.mark.parametrize("fixture", ["branches-2.12.1.keras", "nested-2.15.1.keras"])
def test_weights_of_keras_2_numbered_as_in_an_archive_are_run(tmp_path: Path, fixture: str) -> None:
    with zipfile.ZipFile(FIXTURES / fixture) as archive:
        archive.extract("model.weights.h5", tmp_path)
        version = json.loads(archive.read("metadata.json"))["keras_version"]
        config = {**json.loads(archive.read("config.json")), "keras_version": version}
    (tmp_path / "m.json").write_text(json.dumps(config))
    arrays = np.load(FIXTURES / fixture.replace(".keras", ".npz"))
    check(answers(tmp_path / "model.weights.h5", tmp_path / "m.json", arrays["x0"]), arrays)


def test_weights_of_keras_2_under_the_names_of_layers_are_run(tmp_path: Path) -> None:
    with h5py.File(FIXTURES / "nested-2.4.4.h5") as whole, h5py.File(tmp_path / "w.h5", "w") as weights:
        for name in whole["model_weights"]:
            whole.copy(f"model_weights/{name}", weights)
        weights.attrs.update(whole["model_weights"].attrs)
        config = {**json.loads(whole.attrs["model_config"]), "keras_version": str(whole.attrs["keras_version"])}
    (tmp_path / "m.json").write_text(json.dumps(config))
    arrays = np.load(FIXTURES / "nested-2.4.4.npz")
    check(answers(tmp_path / "w.h5", tmp_path / "m.json", arrays["x0"]), arrays)


def test_a_checkpoint_is_run(tmp_path: Path) -> None:
    with zipfile.ZipFile(FIXTURES / "nested-2.15.1.savedmodel.zip") as archive:
        archive.extractall(tmp_path / "saved")
    saved = read_architecture(tmp_path / "saved", name="saved")
    shutil.move(tmp_path / "saved" / "variables", tmp_path / "checkpoint")
    (tmp_path / "m.json").write_text(json.dumps({**(saved.config or {}), "keras_version": saved.keras_version}))
    arrays = np.load(FIXTURES / "nested-2.15.1.savedmodel.npz")
    check(answers(tmp_path / "checkpoint" / "variables.index", tmp_path / "m.json", arrays["x0"]), arrays)


def test_a_model_with_an_architecture_takes_no_other(parted: Path) -> None:
    with pytest.raises(UsageError, match=r"whole.keras has an architecture of its own. Received: --architecture arch"):
        read_model(parted / "whole.keras", architecture=parted / "architecture.json")


def test_another_file_without_an_architecture_is_told(parted: Path) -> None:
    with pytest.raises(
        ModelError, match=r"weights.weights.h5 holds no architecture. Received: HDF5 \(.h5\). Give what"
    ):
        read_model(parted / "weights.weights.h5", architecture=parted / "weights.weights.h5")


def test_an_architecture_that_does_not_fit_is_one_line(parted: Path, tmp_path: Path) -> None:
    other: Any = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)])
    (tmp_path / "m.json").write_text(other.to_json())
    with pytest.raises(ModelError, match="the weights do not fit the architecture"):
        read_model(parted / "weights.weights.h5", architecture=tmp_path / "m.json")


def test_the_option_is_named_where_there_is_no_architecture(parted: Path) -> None:
    read = read_model(parted / "weights.weights.h5")
    assert isinstance(read, WeightsOnly)
    assert "unless --architecture FILE supplies the architecture as written by model.to_json()." in read.message
