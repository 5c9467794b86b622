"""In which ways a network's channels can change places without a change of what it computes."""

import numpy as np
import pytest

from reportgen.models.graphs import channel_orders, describe_model


def asked(model):
    """Return the paths of the layers whose order is looked for, each of which is found reversed, and the orders."""
    kernels = {kernel.path: kernel for kernel in describe_model(model).kernels}
    paths = []

    def match(kernel, received, blocks):
        paths.append(kernel.path)
        return np.arange(kernel.shape[-1])[::-1]

    return paths, channel_orders(model, kernels, match)


@pytest.fixture(scope="module")
def layers():
    from keras import layers

    return layers


def test_a_layers_order_is_what_the_next_one_receives(layers):
    import keras

    model = keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            layers.Conv2D(3, 1, name="first"),
            layers.MaxPooling2D(2),
            layers.Flatten(name="flat"),
            layers.Dense(2, name="last"),
        ]
    )
    paths, orders = asked(model)
    assert paths == ["first"]  # the outputs of the last layer keep their meaning
    assert orders.inputs["first"].tolist() == [0, 1]
    assert orders.outputs["first"].tolist() == [2, 1, 0]
    assert orders.inputs["last"].tolist() == [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9]
    assert orders.outputs["last"].tolist() == [0, 1]
    assert (orders.moved("first"), orders.moved("last")) == (2, 0)


def test_channels_that_are_added_share_the_order_of_the_first(layers):
    import keras

    inputs = keras.Input((4, 4, 2))
    first = layers.Conv2D(3, 1, name="first")(inputs)
    added = layers.Add()([first, layers.Conv2D(3, 1, name="second")(first)])
    model = keras.Model(inputs, layers.Dense(2, name="last")(layers.GlobalAveragePooling2D()(added)))
    paths, orders = asked(model)
    assert paths == ["first"]
    assert orders.outputs["second"].tolist() == orders.outputs["first"].tolist() == [2, 1, 0]


def test_channels_put_one_after_the_other_keep_each_their_order(layers):
    import keras

    inputs = keras.Input((4, 4, 2))
    both = layers.Concatenate()([layers.Conv2D(2, 1, name="left")(inputs), layers.Conv2D(3, 1, name="right")(inputs)])
    model = keras.Model(inputs, layers.Conv2D(1, 1, name="last")(both))
    _, orders = asked(model)
    assert orders.inputs["last"].tolist() == [1, 0, 4, 3, 2]


@pytest.mark.parametrize("between", ["reshape", "groups of two sizes", "output"])
def test_what_tells_channels_apart_holds_them(layers, between):
    import keras

    inputs = keras.Input((4, 4, 2))
    first = layers.Conv2D(4, 1, name="first")(inputs)
    if between == "reshape":
        tensor = layers.Reshape((4, 8, 2))(first)
    elif between == "groups of two sizes":  # [0, 1], [2, 3] and [0], [1], [2], [3]
        grouped = [layers.Conv2D(8, 1, groups=groups)(first) for groups in (2, 4)]
        tensor = layers.Concatenate()(grouped)
    else:
        tensor = layers.Conv2D(4, 1, name="next")(first)
    last = layers.Conv2D(1, 1, name="last")(tensor)
    model = keras.Model(inputs, [last, first] if between == "output" else last)
    paths, orders = asked(model)
    assert "first" not in paths
    assert orders.outputs["first"].tolist() == [0, 1, 2, 3]


def test_groups_are_taken_to_groups_and_their_filters_follow(layers):
    import keras

    inputs = keras.Input((4, 4, 2))
    first = layers.Conv2D(4, 1, name="first")(inputs)
    grouped = layers.Conv2D(6, 1, groups=2, name="grouped")(first)
    model = keras.Model(inputs, layers.Conv2D(1, 1, name="last")(grouped))
    kernels = {kernel.path: kernel for kernel in describe_model(model).kernels}
    asked_for = {}

    def match(kernel, received, blocks):
        asked_for[kernel.path] = (blocks.count, None if blocks.places is None else blocks.places.tolist())
        return blocks.order(6) if kernel.path == "grouped" else np.array([3, 2, 0, 1])

    orders = channel_orders(model, kernels, match)
    assert asked_for == {"first": (2, None), "grouped": (2, [1, 0])}
    assert orders.outputs["grouped"].tolist() == orders.inputs["last"].tolist() == [3, 4, 5, 0, 1, 2]


def test_groups_before_an_output_keep_their_places_and_not_what_is_in_them(layers):
    import keras

    inputs = keras.Input((4, 4, 2))
    first = layers.Conv2D(4, 1, name="first")(inputs)
    model = keras.Model(inputs, layers.Conv2D(6, 1, groups=2, name="grouped")(first))
    kernels = {kernel.path: kernel for kernel in describe_model(model).kernels}
    asked_for = {}

    def match(kernel, received, blocks):
        asked_for[kernel.path] = (blocks.count, blocks.places.tolist())
        return np.array([1, 0, 3, 2])

    orders = channel_orders(model, kernels, match)
    assert asked_for == {"first": (2, [0, 1])}
    assert orders.inputs["grouped"].tolist() == [1, 0, 3, 2]
    assert orders.outputs["grouped"].tolist() == [0, 1, 2, 3, 4, 5]


def test_a_layer_that_is_called_twice_has_no_orders(layers):
    import keras

    inputs = keras.Input((4, 4, 2))
    shared = layers.Conv2D(2, 1, name="shared")
    model = keras.Model(inputs, layers.Conv2D(1, 1, name="last")(shared(shared(inputs))))
    paths, orders = asked(model)
    assert (paths, dict(orders.outputs)) == ([], {})
