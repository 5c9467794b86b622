"""How a model was compiled, as files of every kind and live models tell."""

import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from reportgen.reading import TrainingSetup, adopt_model, read_model, recognise, take_inventory

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a model that was trained for three steps, compiled again, and saved without its optimiser."""
    root = tmp_path_factory.mktemp("compiled")
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="scores")], name="small")
    schedule = keras.optimizers.schedules.CosineDecay(0.5, 100)
    losses = [keras.losses.MeanSquaredError()]
    model.compile(keras.optimizers.SGD(0.5), losses, metrics=["mae", keras.metrics.RootMeanSquaredError()])
    model.fit(np.ones((6, 4)), np.ones((6, 2)), batch_size=2, verbose=0)
    for name in ("trained.keras", "trained.h5"):
        model.save(root / name)
    model.compile(keras.optimizers.Adam(schedule), "mse")
    model.save(root / "again.keras")
    keras.saving.load_model(root / "trained.keras", compile=False).save(root / "alone.keras")
    return root


def setup(path: Path) -> TrainingSetup | None:
    return take_inventory(recognise(path)).training


@pytest.mark.parametrize("name", ["trained.keras", "trained.h5"])
def test_optimiser_loss_metrics_and_steps_are_read(folder, name):
    found = setup(folder / name)
    assert found == TrainingSetup("SGD", 0.5, "", "MeanSquaredError", ("mae", "RootMeanSquaredError"), 3)


def test_a_model_compiled_again_has_a_counter_of_zero_and_a_schedule(folder):
    assert setup(folder / "again.keras") == TrainingSetup("Adam", None, "CosineDecay", "mse", (), 0)


def test_of_a_model_saved_without_its_optimiser_nothing_is_known(folder):
    assert setup(folder / "alone.keras") is None


def test_files_of_older_keras_tell_too():
    expected = TrainingSetup("SGD", 0.1, "", "my_loss", ("my_loss",), 1)
    for name in ("compiled-2.15.1.keras", "compiled-2.9.3.h5"):
        found = setup(FIXTURES / name)
        assert found.learning_rate == pytest.approx(0.1)
        assert (found.optimizer, found.loss, found.metrics, found.steps) == (
            expected.optimizer,
            expected.loss,
            expected.metrics,
            expected.steps,
        )


def test_a_live_model_tells_what_its_file_would(folder):
    live = adopt_model(keras.saving.load_model(folder / "trained.keras")).training
    assert live == TrainingSetup("SGD", 0.5, "", "MeanSquaredError", ("mae", "RootMeanSquaredError"), 3)
    assert adopt_model(keras.saving.load_model(folder / "trained.keras", compile=False)).training is None


def test_a_live_model_with_a_loss_of_somebody_s_own_tells_its_name():
    def my_own_loss(right, said):
        return keras.ops.mean(keras.ops.square(right - said))

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("adam", my_own_loss)
    found = adopt_model(model).training
    assert (found.optimizer, found.loss, found.steps) == ("Adam", "my_own_loss", 0)


def test_loading_takes_it_along(folder):
    assert read_model(folder / "trained.keras").training.steps == 3


HOSTILE = [
    [],
    "text",
    3,
    {"optimizer": 3, "loss": 4.5, "metrics": {"a": [["deep", {"class_name": 3}]], "b": None}},
    {"optimizer": {"class_name": ["x"], "config": {"learning_rate": 1e400}}, "loss": {"class_name": "A\nB" * 100}},
    {"optimizer": {"config": []}, "metrics": ["m"] * 1000},
]


@pytest.mark.parametrize("given", HOSTILE, ids=range(len(HOSTILE)))
def test_a_damaged_configuration_never_costs_the_report(folder, tmp_path, given):
    path = tmp_path / "hostile.keras"
    with zipfile.ZipFile(folder / "trained.keras") as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "config.json":
                content = json.dumps(json.loads(content) | {"compile_config": given}).encode()
            target.writestr(name, content)
    found = setup(path)
    assert found.steps == 3
    assert "\n" not in found.loss
    assert len(found.metrics) <= 12
    old = tmp_path / "hostile.h5"
    old.write_bytes((folder / "trained.h5").read_bytes())
    with h5py.File(old, "r+") as file:
        file.attrs["training_config"] = json.dumps(given)[:-1]
    assert setup(old).optimizer == ""


@pytest.mark.parametrize(
    "counter", [np.int64(-1), np.float32(0), np.zeros(2, np.int64)], ids=["negative", "float", "two"]
)
def test_a_counter_that_cannot_be_one_counts_as_unknown(folder, tmp_path, counter):
    path = tmp_path / "odd.h5"
    path.write_bytes((folder / "trained.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        places = []
        file["optimizer_weights"].visit(lambda name: places.append(name) if name.endswith("iteration") else None)
        del file["optimizer_weights"][places[0]]
        file["optimizer_weights"][places[0]] = counter
    assert setup(path).steps is None
