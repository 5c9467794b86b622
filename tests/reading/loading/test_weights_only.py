"""Kernels of models that are not run: what they are called, and those that are stored as whole numbers."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from reportgen.reading.loading.load import read_model
from reportgen.reading.loading.stored_kernels import RECURRENT_CELL, class_of_group
from reportgen.reading.loading.weights_only import WeightsOnly


@keras.saving.register_keras_serializable("weights_only")
class Block(layers.Layer):
    """Two convolutions in a list and one in a dictionary."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.convs = [layers.Conv2D(2, 3, padding="same", name=f"c{number}") for number in range(2)]
        self.by_name = {"short": layers.Conv2D(2, 1, name="short")}

    def call(self, inputs: Any) -> Any:
        outputs = inputs
        for conv in self.convs:
            outputs = conv(outputs)
        return outputs + self.by_name["short"](inputs)


@keras.saving.register_keras_serializable("weights_only")
class Net(keras.Model):
    """Two such blocks in a list."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.blocks = [Block(name="first"), Block(name="second")]

    def call(self, inputs: Any) -> Any:
        for block in self.blocks:
            inputs = block(inputs)
        return inputs

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}


def stored(path: Path) -> dict[str, Any]:
    found = read_model(path)
    assert isinstance(found, WeightsOnly)
    return {kernel.path: kernel for kernel in found.kernels}


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_kernels_in_lists_of_custom_layers_are_named_as_in_the_live_model(name: str, tmp_path: Path) -> None:
    model = Net()
    model(np.zeros((1, 4, 4, 2), np.float32))
    model.save(tmp_path / name)
    paths = {f"{block}/{conv}" for block in ("first", "second") for conv in ("c0", "c1", "short")}
    kernels = stored(tmp_path / name)
    assert set(kernels) == paths
    np.testing.assert_array_equal(kernels["second/c1"].values, model.blocks[1].convs[1].kernel)


def test_kernels_of_a_custom_layer_stand_at_its_place(tmp_path: Path) -> None:
    inputs = keras.Input((4, 4, 2))
    after = layers.Conv2D(2, 3, name="after")(Block(name="block")(layers.Conv2D(2, 1, name="before")(inputs)))
    keras.Model(inputs, after).save(tmp_path / "model.keras")
    assert list(stored(tmp_path / "model.keras")) == ["before", "block/short", "block/c0", "block/c1", "after"]


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.weights.h5"])
def test_int8_kernels_are_dequantised(name: str, tmp_path: Path) -> None:
    model = quantised_model("int8")
    model.save_weights(tmp_path / name) if "weights" in name else model.save(tmp_path / name)
    kernel = stored(tmp_path / name)["scores"]
    np.testing.assert_allclose(kernel.values, np.round(KERNEL * 127) / 127, atol=1e-6)
    assert (kernel.quantised, kernel.initializer) == ("int8", None)


def test_packed_int4_kernels_are_left_out(tmp_path: Path) -> None:
    quantised_model("int4").save(tmp_path / "model.keras")
    assert list(stored(tmp_path / "model.keras")) == ["conv"]


KERNEL = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
KERNEL[0] = 1


def quantised_model(mode: str) -> Any:
    """Return a model that is not run without leave, with a kernel of whole numbers."""
    inputs = keras.Input((4, 4, 2))
    doubled = layers.Lambda(lambda values: ops.mean(values, axis=(1, 2)))(layers.Conv2D(4, 3, name="conv")(inputs))
    model = keras.Model(inputs, layers.Dense(3, name="scores")(doubled))
    model.get_layer("scores").kernel.assign(KERNEL)
    model.quantize(mode)
    return model


def test_an_archive_without_an_architecture_tells_the_kinds_of_its_kernels(tmp_path: Path) -> None:
    inputs = keras.Input((6, 6, 4))
    outputs = layers.SeparableConv2D(3, 3, name="split")(inputs)
    outputs = layers.PReLU(name="slope")(layers.Conv2DTranspose(2, 3, name="up")(outputs))
    outputs = layers.Embedding(5, 4, name="table")(layers.Reshape((72,))(outputs))
    outputs = layers.GRU(3, name="memory")(layers.MultiHeadAttention(2, 3, name="look")(outputs, outputs))
    model = keras.Model(inputs, outputs)
    model.save_weights(tmp_path / "model.weights.h5")
    found = read_model(tmp_path / "model.weights.h5")
    assert isinstance(found, WeightsOnly)
    kinds = {(kernel.path, kernel.name): kernel.kind for kernel in found.kernels}
    assert kinds == {
        ("split", "depthwise_kernel"): "depthwise",
        ("split", "pointwise_kernel"): "convolution",
        ("up", "kernel"): "transposed",
        **{(f"look/{name}", "kernel"): "dense" for name in ("query", "key", "value", "attention_output")},
        ("memory/gru_cell", "kernel"): "dense",
        ("memory/gru_cell", "recurrent_kernel"): "dense",
    }


@pytest.mark.parametrize(
    ("group", "class_name"),
    [
        ("layers/conv2d_12", "Conv2D"),
        ("layers/conv2d_transpose", "Conv2DTranspose"),
        ("multi_head_attention_1/query", "EinsumDense"),
        ("head/query", None),
        ("layers/bidirectional/forward_layer/cell", RECURRENT_CELL),
        ("stem", None),
    ],
)
def test_a_group_or_a_name_that_keras_gave_tells_the_class(group: str, class_name: str | None) -> None:
    assert class_of_group(group) == class_name
