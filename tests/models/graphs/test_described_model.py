"""What is known of a live model before it is run."""

from typing import Any

import keras
import pytest
from keras import layers

import reportgen
from reportgen.errors import UsageError
from reportgen.models.graphs.described_model import depth_ladder, describe_model


def test_summary_of_the_demo_model_has_its_totals(demo_model: Any) -> None:
    described = describe_model(demo_model)
    summary = described.summary
    assert (summary.name, summary.kind) == (demo_model.name, "Sequential")
    assert (summary.input_shape, summary.output_shape) == ((28, 28, 1), (10,))
    assert (summary.parameters, summary.trainable_parameters, summary.layers) == (333_526, 333_526, 8)
    assert (described.inputs, described.rescaling) == (1, None)


def test_frozen_weights_are_not_trainable() -> None:
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3), layers.BatchNormalization()])
    model.layers[0].trainable = False
    summary = describe_model(model).summary
    assert (summary.parameters, summary.trainable_parameters) == (20 + 8, 4)


def test_functional_and_subclassed_models_say_what_they_are(nested_model: Any, subclassed_model: Any) -> None:
    assert describe_model(nested_model).summary.kind == "Functional"
    summary = describe_model(subclassed_model).summary
    assert (summary.kind, summary.input_shape, summary.output_shape) == ("Subclassed", (6, 6, 1), None)
    assert (summary.parameters, summary.layers) == (119, 5)


def test_model_with_two_inputs_counts_them() -> None:
    left, right = keras.Input((3,)), keras.Input((4,))
    model = keras.Model([left, right], layers.Concatenate()([left, right]))
    described = describe_model(model)
    assert (described.inputs, described.summary.input_shape, described.summary.output_shape) == (2, (3,), (7,))


def test_first_two_convolutions_are_shown_by_default(demo_model: Any, nested_model: Any) -> None:
    names = [layer.name for layer in demo_model.layers]
    assert describe_model(demo_model).shown(()) == (names[0], names[2])
    assert describe_model(nested_model).shown(()) == ("middle/deep/conv", "middle/conv")


def test_of_a_deep_model_a_ladder_of_six_convolutions_is_shown_the_first_two_and_the_last_among_them() -> None:
    names = [f"c{number}" for number in range(10)]
    stack = [layers.Conv2D(2, 3, padding="same", name=name) for name in names]
    up = layers.Conv2DTranspose(1, 3, strides=2, name="up")
    input_ = keras.Input((8, 8, 1))
    assert describe_model(keras.Sequential([input_, *stack, up])).shown(()) == ("c0", "c1", "c3", "c5", "c8", "up")
    assert describe_model(keras.Sequential([input_, *stack[:5], up])).shown(()) == (*names[:5], "up")
    assert describe_model(keras.Sequential([input_, stack[0], up])).shown(()) == ("c0", "up")


def test_a_step_of_the_ladder_is_a_convolution_with_a_window_where_one_is_near() -> None:
    names = [f"c{number}" for number in range(53)]
    bottlenecks = {name for place, name in enumerate(names) if place % 3 == 2 or place == 0}
    assert depth_ladder(names, bottlenecks) == ("c0", "c1", "c14", "c26", "c38", "c52")
    assert depth_ladder(names, set()) == ("c0", "c1", "c14", "c27", "c39", "c52")


def test_an_input_that_an_embedding_receives_is_tokens() -> None:
    stack = [layers.Embedding(100, 4, name="words"), layers.Conv1D(2, 3), layers.Flatten(), layers.Dense(2)]
    described = describe_model(keras.Sequential([keras.Input((20,)), *stack]))
    assert (described.looked_up_by((20,)), described.looked_up_by((20, 4))) == ("words", "")


def test_convolutions_inside_a_called_subclassed_model_are_shown(subclassed_model: Any) -> None:
    inputs = keras.Input((6, 6, 1))
    described = describe_model(keras.Model(inputs, subclassed_model(inputs)))
    assert described.shown(()) == ("subclassed/block/conv",)


def test_shared_convolution_is_shown_once(shared_model: Any) -> None:
    assert describe_model(shared_model).shown(()) == ("shared",)


def test_layers_are_chosen_by_path_and_pattern_in_the_order_of_their_calls(nested_model: Any) -> None:
    described = describe_model(nested_model)
    assert described.shown(("scores", "middle/deep/conv")) == ("middle/deep/conv", "scores")
    assert described.shown(("middle/*",)) == ("middle/deep/conv", "middle/conv")


def test_pattern_that_matches_nothing_is_refused_with_what_there_is(nested_model: Any) -> None:
    with pytest.raises(UsageError) as caught:
        describe_model(nested_model).shown(("conv2d",))
    assert str(caught.value) == (
        "--layers must name layers of the model. Received: 'conv2d'. Did you mean 'middle/conv'? "
        "It has middle/deep/conv, middle/conv."
    )


def test_a_name_without_its_model_is_found_within_it(nested_model: Any) -> None:
    with pytest.raises(UsageError, match=r"Received: 'deep/conv'. Did you mean 'middle/deep/conv'\?"):
        describe_model(nested_model).shown(("deep/conv",))


def test_offer_names_at_most_eight_layers() -> None:
    stack = [layers.Conv1D(1, 1, name=f"c{number}") for number in range(10)]
    with pytest.raises(UsageError, match=r"It has c0, c1, c2, c3, c4, c5, c6, c7 and 2 more\."):
        describe_model(keras.Sequential([keras.Input((9, 1)), *stack])).shown(("x",))


def test_rectifiers_and_watched_layers_are_known_by_path(subclassed_model: Any) -> None:
    described = describe_model(subclassed_model)
    assert described.rectifiers == {"block/rectifier"}
    assert list(described.watched(("head",))) == ["block/conv", "block/rectifier", "head"]


def test_all_outputs_are_named_where_there_are_several() -> None:
    inputs = keras.Input((4, 4, 1))
    flat = keras.layers.Flatten()(inputs)
    heads = [keras.layers.Dense(2, name="gender")(flat), keras.layers.Dense(101, name="age")(flat)]
    summary = describe_model(keras.Model(inputs, heads)).summary
    assert [(output.name, output.shape) for output in summary.outputs] == [("gender", (2,)), ("age", (101,))]
    assert summary.output_shape == (2,)
    assert describe_model(keras.Model(inputs, heads[0])).summary.outputs == ()
    page = reportgen.build_report(keras.Model(inputs, heads)).to_html()
    assert "one of 2: gender (2), age (101)" in page
