"""Live models from files and from memory."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from reportgen.errors import ModelError
from reportgen.reading.loading.load import adopt_model, read_model, weights_digest


def sequential() -> Any:
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(3, 3, name="conv", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax"),
        ],
        name="seq",
    )


def functional() -> Any:
    inputs = keras.Input((8, 8, 1))
    left = keras.layers.Conv2D(2, 3, padding="same")(inputs)
    joined = keras.layers.Concatenate()([left, inputs])
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(joined + 1.0))


def nested() -> Any:
    inner = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3, name="deep")], name="inner")
    middle_in = keras.Input((8, 8, 1))
    middle = keras.Model(middle_in, keras.layers.BatchNormalization()(inner(middle_in)), name="middle")
    inputs = keras.Input((8, 8, 1))
    return keras.Model(inputs, keras.layers.GlobalMaxPooling2D()(middle(inputs)))


KINDS = {"sequential": sequential, "functional": functional, "nested": nested}
INPUT = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype("float32")


@pytest.mark.parametrize("extension", [".keras", ".h5"])
@pytest.mark.parametrize("kind", KINDS)
def test_loaded_model_computes_what_the_saved_one_did(tmp_path: Path, kind: str, extension: str) -> None:
    model = KINDS[kind]()
    path = tmp_path / f"model{extension}"
    model.save(path)
    loaded = read_model(path)
    assert loaded.file is not None
    assert loaded.file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.keras_version == keras.__version__
    assert loaded.rewrites == ()
    assert not loaded.model.compiled
    np.testing.assert_array_equal(loaded.model(INPUT), model(INPUT))


def test_a_live_model_is_taken_as_it_is() -> None:
    model = sequential()
    loaded = adopt_model(model)
    assert loaded.model is model
    assert loaded.file is None
    assert loaded.rewrites == ()


def test_anything_but_a_model_is_refused() -> None:
    with pytest.raises(ModelError, match=r"a path or a keras\.Model.* Received: builtins\.dict\.") as caught:
        adopt_model({})
    assert caught.value.exit_code == 3


def test_weights_digest_is_over_dtype_shape_and_bytes() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    expected = hashlib.sha256(b"float32 (2, 1)\n" + np.ones((2, 1), "<f4").tobytes()).hexdigest()
    assert weights_digest(model) == expected


def embedding() -> Any:
    return keras.Sequential(
        [keras.Input((8,)), keras.layers.Embedding(10, 3), keras.layers.Conv1D(2, 3), keras.layers.GlobalMaxPooling1D()]
    )


def without_weights() -> Any:
    inputs = keras.Input((8, 8, 1))
    x = keras.ops.concatenate([keras.ops.relu(inputs * 2 - 1)[:, 1:-1, ::2, ...], -inputs[:, 2:, 1::2]], -1)
    return keras.Model(inputs, keras.ops.mean(keras.ops.transpose(x, (0, 3, 1, 2)), axis=1))


def normalised() -> Any:
    layer = keras.layers.Normalization()
    layer.adapt(np.arange(64.0).reshape(8, 8, 1))
    inner = keras.Sequential([keras.Input((8, 8, 1)), layer, keras.layers.Conv2D(1, 2)])
    return keras.Sequential([keras.Input((8, 8, 1)), inner])


def several_axes() -> Any:
    return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Softmax(axis=[1, 2])])


def in_order_of_depth() -> Any:
    frames = keras.Sequential([keras.Input((8, 1)), keras.layers.Conv1D(2, 3), keras.layers.BatchNormalization()])
    return keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.TimeDistributed(frames), keras.layers.ConvLSTM1D(2, 3)]
    )


OTHERS = (embedding, without_weights, normalised, several_axes, in_order_of_depth)


@pytest.mark.parametrize("extension", [".keras", ".h5"])
@pytest.mark.parametrize("make", OTHERS)
def test_what_keras_itself_does_not_restore_is_restored(tmp_path: Path, make: Any, extension: str) -> None:
    model = make()
    path = tmp_path / f"model{extension}"
    model.save(path)
    values = np.abs(INPUT[:, 0, :, 0] if make is embedding else INPUT)
    np.testing.assert_array_equal(read_model(path).model(values), model(values))


def test_a_file_without_weights_for_its_layers_is_refused(tmp_path: Path) -> None:
    without_weights().save(tmp_path / "empty.keras")
    sequential().save(tmp_path / "full.keras")
    with zipfile.ZipFile(tmp_path / "empty.keras") as empty, zipfile.ZipFile(tmp_path / "full.keras") as full:
        members = {"config.json": full.read("config.json"), "model.weights.h5": empty.read("model.weights.h5")}
    with zipfile.ZipFile(tmp_path / "mixed.keras", "w") as mixed:
        for name, content in members.items():
            mixed.writestr(name, content)
    with pytest.raises(ModelError, match=r"mixed\.keras cannot be loaded") as caught:
        read_model(tmp_path / "mixed.keras")
    assert caught.value.exit_code == 3


def test_arrays_of_other_shapes_are_told_before_keras_looks_for_them(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = members["config.json"].replace(b'"units": 4', b'"units": 2')
    with zipfile.ZipFile(tmp_path / "changed.keras", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ModelError, match=r"no array of shape \(3, 2\) for 1 of the architecture's weights"):
        read_model(tmp_path / "changed.keras")


def test_low_rank_weights_that_were_merged_are_not_missed(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4)])
    model.layers[0].enable_lora(2)
    model.layers[0].lora_kernel_b.assign(np.ones((2, 4)))
    model.save(tmp_path / "model.keras")
    inputs = np.eye(6, dtype=np.float32)
    np.testing.assert_allclose(read_model(tmp_path / "model.keras").model(inputs), model(inputs), atol=1e-5)
