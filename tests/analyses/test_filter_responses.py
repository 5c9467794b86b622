"""The patches that excite a channel most, against a search over all windows of all samples."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from builders import live_context
from fixed_weights import fix_weights
from keras import layers

from reportgen.analyses.base import Skip
from reportgen.analyses.filter_responses.analysis import FilterResponses
from reportgen.analyses.filter_responses.kernel_tiles import kernel_tiles
from reportgen.analyses.filter_responses.results import FilterResponsesResult
from reportgen.models.graphs import describe_model
from reportgen.models.weights import layer_kernels
from reportgen.results.plottables import Palette
from reportgen.run.patches import cut, excited_channels

GENERATOR = np.random.default_rng(21)


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.random(shape).astype(np.float32)


def run(model: Any, images: np.ndarray | None, shown: tuple[str, ...] | None = None, **options: Any) -> Any:
    shown = describe_model(model).shown(()) if shown is None else shown
    return FilterResponses().run(live_context(model, images, shown=shown, batch_size=3, chosen=2, first=50, **options))


def network(channels: int = 1) -> Any:
    model = keras.Sequential(
        [
            keras.Input((9, 8, channels)),
            layers.Conv2D(3, 3, padding="same", activation="relu", name="first"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Conv2D(2, 3, padding="same", name="second"),
        ]
    )
    return fix_weights(model, seed=5, mean=0)


def own(values: np.ndarray) -> np.ndarray:
    """Return weights as shares of the largest magnitude among them."""
    return values / np.abs(values).max()


def test_patches_equal_a_search_over_all_windows() -> None:
    model, images = network(), draw(7, 9, 8, 1)
    result = run(model, images)
    assert isinstance(result, FilterResponsesResult)
    assert [layer.name for layer in result.layers] == ["first", "second"]
    for layer, field, jump, start in zip(result.layers, (3, 8), (1, 2), (-1, -3), strict=True):
        assert (layer.field, layer.jump) == ((field, field), (jump, jump))
        maps = np.asarray(images)
        for step in model.layers[: 1 if layer.name == "first" else 3]:
            maps = np.asarray(step(maps))
        patches = np.stack([panel.images for panel in layer.figure.panels[1:]], axis=1)
        for number, channel in enumerate(layer.channels):
            answers = maps[..., channel.channel].reshape(len(images), -1)
            best = np.argsort(-answers.max(axis=1), kind="stable")[:4]
            assert channel.samples == tuple(50 + best)
            np.testing.assert_allclose(channel.values, answers.max(axis=1)[best], rtol=1e-5)
            for rank, sample in enumerate(best):
                row, column = np.unravel_index(answers[sample].argmax(), maps.shape[1:3])
                assert channel.places[rank] == (row, column)
                expected = np.full((field, field), np.nan)
                for y in range(field):
                    for x in range(field):
                        at = start + row * jump + y, start + column * jump + x
                        if 0 <= at[0] < 9 and 0 <= at[1] < 8:
                            expected[y, x] = images[(sample, *at, 0)]
                np.testing.assert_allclose(patches[number, rank], expected, rtol=1e-6)


def test_the_kernel_of_each_channel_stands_first_enlarged_and_centred() -> None:
    model = network()
    layer = run(model, draw(7, 9, 8, 1)).layers[1]
    kernel = model.layers[2].kernel.numpy()
    tile = layer.figure.panels[0]
    for number, channel in enumerate(layer.channels):
        filters = kernel[..., channel.channel]
        chosen = filters[..., np.sqrt((filters**2).sum(axis=(0, 1))).argmax()]
        chosen = own(chosen)
        np.testing.assert_allclose(tile.images[number][1:7, 1:7], chosen.repeat(2, axis=0).repeat(2, axis=1), rtol=1e-6)
        assert np.isnan(tile.images[number][[0, 7]]).all()
    assert (tile.palette, layer.kernel_size, layer.input_channels) == (Palette.DIVERGING, (3, 3), 3)
    assert tile.value_range == (-1, 1)  # each kernel to its own largest weight


def test_colour_samples_give_colour_patches() -> None:
    images = draw(5, 9, 8, 3)
    layer = run(network(3), images).layers[0]
    panel = layer.figure.panels[1]
    assert (panel.palette, panel.images.shape[1:]) == (Palette.COLOUR, (3, 3, 3))


def test_at_most_sixteen_channels_are_shown_and_silent_ones_left_out() -> None:
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(20, 3, activation="relu", name="conv")])
    kernel, bias = model.layers[0].get_weights()
    bias[:] = np.arange(1, 21)
    bias[[1, 7]] = -99
    model.layers[0].set_weights([kernel * 0.01, bias])
    (layer,) = run(model, draw(4, 6, 6, 1)).layers
    assert (layer.total, layer.silent) == (20, 2)
    assert [channel.channel for channel in layer.channels] == [3, 4, 5, 6, *range(8, 20)]
    assert (layer.figure.total, layer.figure.columns) == (20, 4)


def test_fewer_samples_give_fewer_patches() -> None:
    (layer,) = run(network(), draw(2, 9, 8, 1), ("first",)).layers
    assert len(layer.figure.panels) == 3
    assert all(len(channel.samples) == 2 for channel in layer.channels)


def test_depthwise_kernels_stand_beside_their_own_channel() -> None:
    model = keras.Sequential(
        [keras.Input((6, 6, 2)), layers.DepthwiseConv2D(3, depth_multiplier=2, bias_initializer="ones", name="deep")]
    )
    (layer,) = run(model, draw(4, 6, 6, 2)).layers
    kernel = model.layers[0].kernel.numpy().reshape(3, 3, 4)
    for number, channel in enumerate(layer.channels):
        np.testing.assert_allclose(layer.figure.panels[0].images[number], own(kernel[..., channel.channel]), rtol=1e-6)


def test_a_kernel_of_one_position_is_left_out_as_only_its_sign_would_be_seen() -> None:
    model = keras.Sequential([keras.Input((6, 6, 2)), layers.Conv2D(3, 1, bias_initializer="ones", name="mix")])
    (layer,) = run(model, draw(4, 6, 6, 2)).layers
    assert layer.kernel_size is None
    assert [panel.images.shape[1:3] for panel in layer.figure.panels] == [(1, 1)] * 4


def test_layers_whose_answers_cannot_be_traced_are_named_and_alone_are_a_skip() -> None:
    inputs = keras.Input((6, 6, 1))
    up = layers.Conv2DTranspose(2, 2, strides=2, bias_initializer="ones", name="up")(inputs)
    model = keras.Model(inputs, up)
    reason = "The responses of these layers cannot be traced back to input pixels."
    assert run(model, draw(3, 6, 6, 1)) == Skip(reason)
    first = layers.Conv2D(2, 1, bias_initializer="ones", name="plain")(inputs)
    both = keras.Model(inputs, layers.Conv2DTranspose(2, 2, name="up")(first))
    result = run(both, draw(3, 6, 6, 1))
    assert ([layer.name for layer in result.layers], result.left_out) == (["plain"], ("up",))


def test_without_samples_or_maps_the_section_is_a_skip() -> None:
    assert run(network(), None) == Skip("Give --samples.")
    flat = keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(2)])
    assert run(flat, draw(3, 6, 6, 1)) == Skip(
        "No layer of this model keeps the input's axes, so there are no patches to cut."
    )


@pytest.mark.dear
def test_inputs_are_made_only_when_asked_for() -> None:
    model, images = network(), draw(4, 9, 8, 1)
    assert run(model, images).steps is None
    assert run(model, images).layers[0].maximised is None
    result = run(model, images, ("first",), maximise=True, seed=4)
    grid = result.layers[0].maximised
    assert (grid.images.shape[1:], grid.total, result.steps, result.seed) == ((9, 8), len(grid.labels), 64, 4)


@pytest.mark.dear
@pytest.mark.parametrize(
    ("effort", "cost", "made"), [("quick", 20_000_000, 1), ("quick", 40_000_000, 0), ("full", 10**12, 4)]
)
def test_inputs_are_made_for_the_channels_that_the_effort_pays_for(effort: str, cost: int, made: int) -> None:
    """64 steps of three passes: 3.8 billion of 5 at 20 million multiply-adds up to the layer."""
    model, images = network(), draw(4, 9, 8, 1)
    given = live_context(model, images, shown=("first",), batch_size=3, chosen=2, maximise=True, effort=effort)
    first = next(layer for layer in given.layers if layer.path == "first")
    dear = tuple(replace(layer, multiply_adds=cost if layer is first else 0) for layer in given.layers)
    result = FilterResponses().run(replace(given, layers=dear))
    (layer,) = result.layers
    wanted = len(layer.channels)
    assert (0 if layer.maximised is None else len(layer.maximised.labels)) == min(made, wanted)
    told = f"Inputs were synthesised for {made} of {wanted} channels, the budget of effort “{effort}”; --effort full makes all."
    assert result.not_maximised == ("" if made >= wanted else told)


def test_windows_over_the_edge_are_empty_there() -> None:
    image = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(cut(image, (slice(0, 2), slice(1, 3))), [[1, 2], [5, 6]])
    nan = np.nan
    np.testing.assert_array_equal(cut(image, (slice(-1, 1), slice(3, 6))), [[nan] * 3, [3, nan, nan]])
    assert np.isnan(cut(image, (slice(-3, 0), slice(0, 2)))).all()
    assert np.isnan(cut(image, (slice(5, 7), slice(0, 2)))).all()


@pytest.mark.parametrize(
    ("values", "most", "expected"),
    [([3, 0, 5, -1, 4], 2, (2, 4)), ([3, 0, 5, -1, 4], 9, (0, 2, 4)), ([0, -np.inf], 3, ()), ([2, 2, 2], 2, (0, 1))],
)
def test_channels_with_the_largest_answers_are_shown(values: list[float], most: int, expected: tuple[int, ...]) -> None:
    assert excited_channels(np.array([values]), most) == expected


def test_pointwise_and_depthwise_parts_of_a_separable_layer_are_not_taken_for_its_channels() -> None:
    model = keras.Sequential([keras.Input((6, 6, 2)), layers.SeparableConv2D(3, 3, name="separable")])
    depthwise, pointwise = layer_kernels({"separable": model.layers[0]})
    assert kernel_tiles(pointwise, (0, 1), (3, 3)) is None
    assert kernel_tiles(depthwise, (0, 1), (3, 3)) is None


def test_patches_of_a_signal_are_the_steps_that_an_answer_sees_with_a_row_for_each_channel() -> None:
    model = keras.Sequential([keras.Input((20, 2)), layers.Conv1D(3, 5, padding="causal", name="first")])
    fix_weights(model, seed=5, mean=0)
    signals = draw(6, 20, 2)
    (layer,) = run(model, signals).layers
    assert (layer.field, layer.jump, layer.kernel_size) == ((5,), (1,), (5,))
    maps = np.asarray(model(signals))
    kernel = model.layers[0].get_weights()[0]
    for number, channel in enumerate(layer.channels):
        best = int(maps[..., channel.channel].max(axis=1).argmax())
        step = int(maps[best, :, channel.channel].argmax())
        assert (channel.samples[0], channel.places[0]) == (50 + best, (step,))
        known = range(max(step - 4, 0), step + 1)
        patch = layer.figure.panels[1].images[number]
        assert patch.shape == (2, 5)
        np.testing.assert_allclose(patch[:, 5 - len(known) :], signals[best, known].T, rtol=1e-6)
        assert np.isnan(patch[:, : 5 - len(known)]).all()
        weights = kernel[..., channel.channel]
        strongest = np.linalg.norm(weights, axis=0).argmax()
        np.testing.assert_allclose(
            layer.figure.panels[0].images[number], np.repeat(own(weights[None, :, strongest]), 2, axis=0), rtol=1e-6
        )


def test_patches_of_a_volume_are_the_middle_slice_of_what_an_answer_sees() -> None:
    model = keras.Sequential([keras.Input((6, 7, 8, 1)), layers.Conv3D(2, 3, name="first")])
    fix_weights(model, seed=5, mean=0)
    volumes = draw(5, 6, 7, 8, 1) - 0.5
    result = run(model, volumes, maximise=True)
    (layer,) = result.layers
    assert (layer.field, layer.kernel_size, layer.maximised) == ((3, 3, 3), (3, 3, 3), None)
    assert result.not_maximised == "No inputs are synthesised: that works for images only."
    kernel = model.layers[0].get_weights()[0]
    for number, channel in enumerate(layer.channels):
        depth, row, column = channel.places[0]
        window = volumes[channel.samples[0] - 50, depth + 1, row : row + 3, column : column + 3, 0]
        np.testing.assert_allclose(layer.figure.panels[1].images[number], window, rtol=1e-6)
        np.testing.assert_allclose(
            layer.figure.panels[0].images[number], own(kernel[1, :, :, 0, channel.channel]), rtol=1e-6
        )
