"""Which pixels an answer sees, against the support of gradients."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from reportgen.models.graphs.layers import named_layers
from reportgen.models.passes import placement, recording
from reportgen.models.passes.compiled import CompiledModel
from reportgen.models.passes.live_model import LiveModel
from reportgen.models.passes.placement import Placement, follow_placements


def alive(model: Any) -> LiveModel:
    return LiveModel(model, named_layers(model), 64)


def support(model: Any, place: tuple[int, int], size: tuple[int, int]) -> tuple[slice, slice]:
    """Return rows and columns of the input that one value of a model's output depends on."""
    inputs = tf.Variable(np.random.default_rng(1).normal(size=(1, *size, 1)).astype(np.float32))
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(model(inputs)[0, place[0], place[1]])
    rows, columns = np.nonzero(np.abs(tape.gradient(value, inputs).numpy()[0, :, :, 0]))
    return slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)


CHAINS = [
    [layers.Conv2D(2, 3)],
    [layers.Conv2D(2, 3, padding="same")],
    [layers.Conv2D(2, (3, 5), strides=2, padding="same"), layers.Conv2D(2, 3, padding="same")],
    [layers.Conv2D(2, 4, padding="same"), layers.AveragePooling2D(2), layers.Conv2D(2, 3, padding="same")],
    [layers.Conv2D(2, 3, dilation_rate=2, padding="same"), layers.BatchNormalization(), layers.Conv2D(2, 2)],
    [layers.ZeroPadding2D(((1, 2), (2, 0))), layers.Conv2D(2, 3, strides=2), layers.Dense(3)],
    [layers.Cropping2D(((2, 1), (1, 1))), layers.SeparableConv2D(2, 3, strides=2)],
]


@pytest.mark.parametrize("chain", CHAINS, ids=range(len(CHAINS)))
@pytest.mark.parametrize("size", [(13, 16), (12, 11)])
def test_windows_are_the_support_of_the_gradient(chain: list[Any], size: tuple[int, int]) -> None:
    built = [type(layer).from_config(layer.get_config()) for layer in chain]
    model = keras.Sequential([keras.Input((*size, 1)), *built])
    placed = follow_placements(alive(model), np.zeros((1, *size, 1), np.float32))[built[-1].name]
    rows, columns = model.output_shape[1:3]
    for place in ((0, 0), (rows // 2, columns // 2), (rows - 1, columns - 1)):
        inside = tuple(slice(max(w.start, 0), min(w.stop, n)) for w, n in zip(placed.window(place), size, strict=True))
        assert inside == support(model, place, size)


def test_nested_shared_and_subclassed_models_are_followed(
    nested_model: Any, shared_model: Any, subclassed_model: Any
) -> None:
    nested = follow_placements(alive(nested_model), np.zeros((1, 8, 8, 1), np.float32))
    assert nested["middle/deep/conv"] == Placement((3, 3), (1, 1), (-1, -1))
    assert nested["middle/conv"] == Placement((5, 5), (1, 1), (-1, -1))
    shared = follow_placements(alive(shared_model), np.zeros((1, 6, 6, 2), np.float32))
    assert shared["shared (call 2)"] == Placement((5, 5), (1, 1), (0, 0))
    subclassed = follow_placements(alive(subclassed_model), np.zeros((1, 6, 6, 1), np.float32))
    assert subclassed["block/conv"] == Placement((3, 3), (1, 1), (0, 0))
    assert "flat" not in subclassed
    assert "call" not in vars(subclassed_model.block)


def test_branches_are_merged_and_transposed_convolutions_left_out() -> None:
    inputs = keras.Input((8, 8, 1))
    narrow = layers.Conv2D(2, 1, name="narrow")(inputs)
    wide = layers.Conv2D(2, 5, padding="same", name="wide")(inputs)
    added = layers.Add(name="added")([narrow, wide])
    model = keras.Model(inputs, layers.Conv2DTranspose(1, 2, strides=2, name="up")(added))
    placed = follow_placements(alive(model), np.zeros((1, 8, 8, 1), np.float32))
    assert placed["added"] == Placement((5, 5), (1, 1), (-2, -2))
    assert "up" not in placed


def test_an_input_cast_to_another_precision_is_still_followed() -> None:
    convolution = layers.Conv2D(2, 3, name="conv", dtype="mixed_float16")
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), convolution, layers.Conv2D(2, 3, name="next", dtype="mixed_float16")]
    )
    inputs = np.random.default_rng(3).normal(size=(1, 8, 8, 1)).astype(np.float32)
    placed = follow_placements(alive(model), inputs)
    assert placed["conv"] == Placement((3, 3), (1, 1), (0, 0))
    assert placed["next"] == Placement((5, 5), (1, 1), (0, 0))


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_a_compiled_model_is_traced_to_the_same_placements(policy: str) -> None:
    parts = [
        layers.Conv2D(2, 3, strides=2, padding="same", name="a", dtype=policy),
        layers.MaxPooling2D(2, name="b", dtype=policy),
        layers.Conv2D(3, (1, 3), name="c", dtype=policy),
    ]
    model = keras.Sequential([keras.Input((12, 15, 1)), *parts])
    inputs = np.random.default_rng(3).normal(size=(1, 12, 15, 1)).astype(np.float32)
    expected = follow_placements(alive(model), inputs)
    traced = follow_placements(LiveModel(CompiledModel(model), named_layers(model), 64), inputs)
    assert traced == expected
    assert expected["c"] == Placement((5, 13), (4, 4), (0, -1))
    assert [path for path, layer in named_layers(model).items() if "call" in vars(layer)] == []


def test_only_what_sees_the_picture_alone_is_followed_with_several_inputs() -> None:
    image, other = keras.Input((8, 8, 1), name="image"), keras.Input((8, 8, 1), name="other")
    left, right = layers.Conv2D(1, 3, name="left")(image), layers.Conv2D(1, 3, name="right")(other)
    both = layers.Conv2D(1, 3, name="behind")(layers.Add(name="add")([left, right]))
    model = keras.Model([image, other], [both, layers.Conv2D(1, 3, name="deeper")(left)])
    pictures, others = np.ones((1, 8, 8, 1), np.float32), np.zeros((1, 8, 8, 1), np.float32)
    placed = follow_placements(alive(model), pictures, pack=lambda source: [source, tf.constant(others)])
    assert placed == {"left": Placement((3, 3), (1, 1), (0, 0)), "deeper": Placement((5, 5), (1, 1), (0, 0))}


def residual_model() -> Any:
    inputs = keras.Input((16, 20, 1))
    stem = layers.ReLU(name="stem")(layers.Conv2D(4, 3, strides=2, padding="same", name="conv")(inputs))
    inner = keras.Sequential([keras.Input((8, 10, 4)), layers.Conv2D(4, 3, padding="same", name="deep")], name="inner")
    added = layers.Add(name="add")([stem, layers.Dropout(0.5, name="drop")(inner(inner(stem)))])
    free = layers.Conv2D(2, 3, name="behind_arithmetic")(added * 2.0)
    pooled = layers.GlobalAveragePooling2D(name="pool")(layers.UpSampling2D(name="up")(added))
    return keras.Model(inputs, [layers.Dense(2, name="head")(pooled), free])


def test_a_graph_tells_what_a_run_tells_and_is_not_run(monkeypatch: Any) -> None:
    model = residual_model()
    ran: list[int] = []
    with recording({"head": model.get_layer("head")}, lambda _, output: ran.append(len(output))):
        told = follow_placements(alive(model), np.zeros((1, 16, 20, 1), np.float32))
        assert ran == []
        monkeypatch.setattr(placement, "_by_graph", lambda _: None)
        followed = follow_placements(alive(model), np.zeros((1, 16, 20, 1), np.float32))
    assert (ran, told) == ([1], followed)
    assert list(told) == ["conv", "stem", "inner/deep", "inner/deep (call 2)", "drop", "add"]
    assert told["add"] == Placement((11, 11), (2, 2), (-4, -4))
