"""Layers that several models of one file share: Keras 3 stores their arrays once and cannot read the file."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from reportgen.errors import ModelError
from reportgen.reading.loading.load import read_model
from reportgen.reading.rewriting.obstacles import Notes
from reportgen.reading.rewriting.shared_layers import unshare

SIZE = (6, 6, 2)
IMAGES = np.random.default_rng(3).normal(size=(2, *SIZE)).astype(np.float32)


def fix_weights(model: Any) -> Any:
    generator = np.random.default_rng(7)
    model.set_weights([generator.uniform(0.1, 1, weight.shape).astype(np.float32) for weight in model.weights])
    return model


def two_sequential() -> Any:
    shared = layers.Conv2D(2, 3, padding="same", name="shared")
    encoder = keras.Sequential([keras.Input(SIZE), shared, layers.ReLU()], name="encoder")
    decoder = keras.Sequential([keras.Input(SIZE), shared, layers.Conv2D(2, 1, name="own")], name="decoder")
    inputs = keras.Input(SIZE)
    return keras.Model(inputs, layers.Add()([encoder(inputs), decoder(inputs)]))


def two_functional() -> Any:
    shared = layers.Conv2D(2, 3, padding="same", name="shared")
    first, second = keras.Input(SIZE), keras.Input(SIZE)
    encoder = keras.Model(first, shared(first), name="encoder")
    decoder = keras.Model(second, shared(layers.Conv2D(2, 1, name="own")(second)), name="decoder")
    inputs = keras.Input(SIZE)
    return keras.Model(inputs, decoder(encoder(inputs)))


def outer_and_nested() -> Any:
    shared = layers.Conv2D(2, 3, padding="same", name="shared")
    nested = keras.Sequential([keras.Input(SIZE), shared, layers.BatchNormalization(name="norm")], name="nested")
    inputs = keras.Input(SIZE)
    return keras.Model(inputs, nested(shared(inputs)))


def shared_model_in_two() -> Any:
    base = keras.Sequential([keras.Input(SIZE), layers.Conv2D(2, 3, padding="same", name="conv")], name="base")
    first, second = keras.Input(SIZE), keras.Input(SIZE)
    encoder = keras.Model(first, base(first), name="encoder")
    decoder = keras.Model(second, layers.ReLU()(base(second)), name="decoder")
    inputs = keras.Input(SIZE)
    return keras.Model(inputs, decoder(encoder(inputs)))


def in_three() -> Any:
    shared = layers.Conv2D(2, 3, padding="same", name="shared")
    inputs = outputs = keras.Input(SIZE)
    for name in "abc":
        outputs = keras.Sequential([keras.Input(SIZE), shared], name=name)(outputs)
    return keras.Model(inputs, outputs)


@pytest.mark.parametrize("build", [two_sequential, two_functional, outer_and_nested, shared_model_in_two, in_three])
def test_an_archive_with_a_layer_of_several_models_computes_what_was_saved(build: Any, tmp_path: Path) -> None:
    model = fix_weights(build())
    model.save(tmp_path / "model.keras")
    loaded = read_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.model(IMAGES), model(IMAGES), rtol=1e-5)
    assert loaded.model.count_params() == model.count_params()
    assert len(loaded.rewrites) == 1
    assert loaded.rewrites[0].startswith(
        "A layer shared by several models was built for each, with the same variables:"
    )


def test_the_copies_of_a_shared_layer_have_one_kernel(tmp_path: Path) -> None:
    fix_weights(two_sequential()).save(tmp_path / "model.keras")
    model = read_model(tmp_path / "model.keras").model
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    assert encoder.layers[0].kernel is decoder.layers[0].kernel
    assert model.count_params() == (9 * 2 * 2 + 2) + (2 * 2 + 2)


def test_where_two_layers_may_be_the_shared_one_the_weights_are_missing(tmp_path: Path) -> None:
    model = two_sequential()
    twin = keras.Sequential([keras.Input(SIZE), layers.Conv2D(2, 3, padding="same", name="shared")], name="twin")
    inputs = keras.Input(SIZE)
    fix_weights(keras.Model(inputs, model(twin(inputs)))).save(tmp_path / "model.keras")
    with pytest.raises(ModelError, match="the weights do not fit the architecture"):
        read_model(tmp_path / "model.keras")


def test_a_lone_identity_says_nothing() -> None:
    config = {"class_name": "Sequential", "config": {"layers": [{"class_name": "ReLU", "shared_object_id": 7}]}}
    notes = Notes(old=False)
    assert unshare(config, notes) == ()
    assert notes.sentences() == ()
