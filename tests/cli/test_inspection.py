"""`reportgen inspect`: what a file holds, told without Keras and TensorFlow."""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import keras
import pytest

from reportgen.cli.app import run
from reportgen.cli.inspection import inspect_model
from reportgen.demo import MODEL
from reportgen.reading import read_model


@pytest.fixture(scope="module")
def custom_path(tmp_path_factory) -> Path:
    @keras.saving.register_keras_serializable("mine")
    class Twice(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2

    path = tmp_path_factory.mktemp("custom") / "custom.keras"
    keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3, name="conv"), Twice(name="odd")]).save(path)
    return path


def test_the_demos_model_would_be_run():
    inspection = inspect_model(MODEL)
    assert (inspection.decision, inspection.rewrites, inspection.custom_code, inspection.message) == ("run", (), (), "")
    assert (inspection.kind, inspection.parameters, len(inspection.weights)) == ("Sequential", 333_526, 8)
    first = inspection.layers[1]
    assert (first.path, first.class_name, first.kernel) == ("conv2d", "Conv2D", (3, 3))
    assert first.initializers == {"kernel": "GlorotUniform", "bias": "Zeros"}


def test_code_that_is_not_keras_is_named_with_the_option_that_would_run_it(custom_path):
    inspection = inspect_model(custom_path)
    assert inspection.decision == "weights only"
    assert inspection.custom_code == ("layer 'odd': mine>Twice is not part of Keras",)
    assert inspection.options == ("--custom-objects MODULE",)
    lines = inspection.to_text().splitlines()
    assert "decision  weights only" in lines
    assert "because   layer 'odd': mine>Twice is not part of Keras" in lines
    assert "option    --custom-objects MODULE" in lines


@pytest.fixture(scope="module")
def lambda_path(tmp_path_factory) -> Path:
    """Return a file in which six layers have a Python lambda as activation, of which Keras 2 stored the name alone."""
    path = tmp_path_factory.mktemp("lambda") / "lambda.h5"
    layers = [keras.layers.Conv1D(2, 3, padding="same", activation="relu", name=f"conv_{i}") for i in range(6)]
    keras.Sequential([keras.Input((8, 2)), *layers, keras.layers.Dense(1, name="answer")]).save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace(
            '"activation": "relu"', '"activation": "<lambda>"'
        )
    return path


def test_lambdas_as_activations_are_one_line_that_names_a_way_out(lambda_path):
    inspection = inspect_model(lambda_path)
    assert inspection.custom_code == (
        "layers 'conv_0', 'conv_1', 'conv_2', 'conv_3', 'conv_4' and 1 more: activation <lambda> is a function whose code is "
        "not in the file",
    )
    assert inspection.message.endswith("If you know what it computes, give --activation '<lambda>=NAME'.")
    assert inspection.options == ("--activation '<lambda>=NAME'",)


def test_activations_of_keras_take_the_place_of_lambdas(lambda_path):
    inspection = inspect_model(lambda_path, activation=["<lambda>=relu", "conv_3=tanh"])
    assert inspection.decision == "rewrite and run"
    assert inspection.rewrites == (
        "Activation <lambda> was replaced by relu (--activation): conv_0, conv_1, conv_2, conv_4, conv_5.",
        "Activation <lambda> was replaced by tanh (--activation): conv_3.",
    )
    model = read_model(lambda_path, activation=["<lambda>=relu", "conv_3=tanh"]).model
    activations = [layer.activation.__name__ for layer in model.layers]
    assert activations == ["relu", "relu", "relu", "tanh", "relu", "relu", "linear"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("relu", "--activation must be NAME=ACTIVATION, such as '<lambda>=relu'. Received: 'relu'."),
        ("<lambda>=relu7", "--activation must name an activation of Keras. Received: relu7. Did you mean relu?"),
        (
            "conv_9=relu",
            "--activation must name an activation in lambda.h5 that is not Keras', or its layer. Received: 'conv_9=relu', which "
            "nothing has. Did you mean 'conv_5'?",
        ),
        (
            "swishh=relu",
            "--activation must name an activation in lambda.h5 that is not Keras', or its layer. Received: 'swishh=relu', which "
            "nothing has. There are: <lambda>, conv_0, conv_1, conv_2 and 3 more.",
        ),
    ],
)
def test_an_activation_that_is_not_keras_is_told(lambda_path, given, message, capsys):
    assert run(["inspect", str(lambda_path), "--activation", given]) == 2
    assert capsys.readouterr().err == f"reportgen: {message}\n"


def test_the_arrays_of_a_file_of_weights_are_listed(tmp_path):
    layers = [keras.layers.Conv2D(3, 2), keras.layers.Flatten(), *[keras.layers.Dense(2) for _ in range(31)]]
    keras.Sequential([keras.Input((4, 4, 1)), *layers]).save_weights(tmp_path / "m.weights.h5")
    inspection = inspect_model(tmp_path / "m.weights.h5")
    lines = inspection.to_text().splitlines()
    assert [line.split() for line in lines if "/conv2d/" in line] == [
        ["layers/conv2d/vars/0", *["2", "x", "2", "x", "1", "x", "3"], "float32"],
        ["layers/conv2d/vars/1", "3", "float32"],
    ]
    assert lines[-1] == "  and 4 more; --json lists all"
    assert len(lines) - lines.index("arrays") == 62
    assert json.loads(inspection.to_json())["dtypes"]["layers/conv2d/vars/0"] == "float32"


@pytest.mark.dear
def test_many_layers_are_cut_in_the_text_and_whole_in_the_json(tmp_path):
    model = keras.Sequential([keras.Input((2,)), *[keras.layers.Dense(2, name=f"dense_{i}") for i in range(70)]])
    model.save(tmp_path / "deep.keras")
    inspection = inspect_model(tmp_path / "deep.keras")
    assert inspection.to_text().splitlines()[-1] == "  and 11 more; --json lists all"
    assert len(json.loads(inspection.to_json())["layers"]) == 71


def test_the_command_prints_the_inspection_and_its_errors_are_one_line(custom_path, capfd, tmp_path):
    assert run(["inspect", str(custom_path), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["decision"] == "weights only"
    assert run(["inspect", str(custom_path)]) == 0
    assert "layers" in capfd.readouterr().out
    assert run(["inspect", str(tmp_path / "none.keras")]) == 3
    assert capfd.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_inspecting_imports_neither_keras_nor_tensorflow():
    code = (
        "import sys; from reportgen.cli.app import run; run(['inspect', sys.argv[1]]); "
        "sys.exit(bool({'tensorflow', 'keras', 'matplotlib', 'jinja2'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code, str(MODEL)], check=True, capture_output=True)
