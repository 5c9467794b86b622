"""Live models from files and from memory."""

import hashlib
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from reportgen.errors import ModelError
from reportgen.models.load import adopt_model, load_model, weights_digest


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
    loaded = load_model(path)
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
