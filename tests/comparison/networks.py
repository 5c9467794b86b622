"""Networks whose channels change places, and what becomes of their weights."""

from typing import Any

import numpy as np
from fixed_weights import fix_weights


def residual(seed: int = 7) -> Any:
    """Return a network with an addition, a concatenation, a depthwise layer, normalisations and a flattening: (8, 8, 2) to 3."""
    import keras
    from keras import layers

    inputs = keras.Input((8, 8, 2))
    stem = layers.Conv2D(6, 3, padding="same", use_bias=False, name="stem")(inputs)
    first = layers.ReLU(name="first")(layers.BatchNormalization(name="norm")(stem))
    wide = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(first)
    added = layers.Add(name="sum")([layers.Conv2D(6, 1, name="inner")(wide), first])
    side = layers.Conv2D(4, 3, padding="same", activation="relu", name="side")(added)
    both = layers.Concatenate(name="both")([added, side])
    small = layers.MaxPooling2D(4, name="pool")(layers.Conv2D(5, 1, activation="relu", name="joined")(both))
    hidden = layers.Dense(7, activation="relu", name="hidden")(layers.Flatten(name="flat")(small))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax", name="scores")(hidden), name="residual")
    fix_weights(model, seed=seed)
    norm = model.get_layer("norm")
    norm.set_weights([*norm.get_weights()[:3], np.abs(norm.get_weights()[3]) + 0.5])
    return model


def permuted(model: Any) -> Any:
    """Return the same network with the channels of every layer but the last in another order."""
    import keras

    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    generator = np.random.default_rng(3)
    stream, side, joined, hidden = (generator.permutation(size) for size in (6, 4, 5, 7))
    both = np.concatenate([stream, 6 + side])
    flat = (np.arange(4)[:, None] * 5 + joined).ravel()
    orders = {
        "stem": (np.arange(2), stream),
        "inner": (stream, stream),
        "side": (stream, side),
        "joined": (both, joined),
        "hidden": (flat, hidden),
        "scores": (hidden, np.arange(3)),
    }
    for name, (received, given) in orders.items():
        kernel, *bias = other.get_layer(name).get_weights()
        other.get_layer(name).set_weights([kernel[..., received, :][..., given], *(each[given] for each in bias)])
    kernel, bias = other.get_layer("depthwise").get_weights()
    other.get_layer("depthwise").set_weights([kernel[..., stream, :], bias[stream]])
    other.get_layer("norm").set_weights([each[stream] for each in other.get_layer("norm").get_weights()])
    return other


def tiny(name: str = "tiny", *, units: int = 3, head: str = "softmax", seed: int = 7) -> Any:
    """Return one convolution and one dense layer: (6, 6, 1) to so many units."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.Flatten(name="flat"),
            layers.Dense(units, activation=head, name="head"),
        ],
        name=name,
    )
    return fix_weights(model, seed=seed, mean=0.0)


def grouped(seed: int = 7) -> Any:
    """Return a network with grouped, depthwise and transposed convolutions: (8, 8, 2) to 3 masks of (16, 16)."""
    import keras
    from keras import layers

    inputs = keras.Input((8, 8, 2))
    stem = layers.Conv2D(6, 3, padding="same", activation="relu", name="stem")(inputs)
    pairs = layers.Conv2D(9, 3, padding="same", groups=3, activation="relu", name="groups")(stem)
    normal = layers.BatchNormalization(name="norm")(pairs)
    again = layers.Conv2D(6, 3, padding="same", groups=3, name="again")(normal)
    mixed = layers.Conv2D(4, 1, activation="relu", name="mixed")(again)
    twice = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="twice")(mixed)
    wide = layers.Conv2DTranspose(5, 2, strides=2, activation="relu", name="wide")(twice)
    alone = layers.SeparableConv2D(4, 3, padding="same", name="alone")(wide)
    model = keras.Model(inputs, layers.Conv2DTranspose(3, 1, name="masks")(alone), name="grouped")
    fix_weights(model, seed=seed)
    norm = model.get_layer("norm")
    norm.set_weights([*norm.get_weights()[:3], np.abs(norm.get_weights()[3]) + 0.5])
    return model


def permuted_groups(model: Any, *, exchanged: bool) -> Any:
    """Return the same network with channels in another order within their groups, and whole groups as well where `exchanged`."""
    import keras

    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    generator = np.random.default_rng(3)
    places = np.array([2, 0, 1]) if exchanged else np.arange(3)
    within = {size: [generator.permutation(size) for _ in range(3)] for size in (2, 3)}
    stem = np.concatenate([place * 2 + order for place, order in zip(places, within[2], strict=True)])
    nine = np.concatenate([place * 3 + order for place, order in zip(places, within[3], strict=True)])
    six = np.concatenate([place * 2 + order[::-1] for place, order in zip(places, within[2], strict=True)])
    mixed, wide, alone = (generator.permutation(size) for size in (4, 5, 4))
    twice = np.concatenate([2 * channel + generator.permutation(2) for channel in mixed])

    def put(name: str, change: Any, given: Any = None) -> None:
        first, *rest = other.get_layer(name).get_weights()
        other.get_layer(name).set_weights([change(first), *(each if given is None else each[given] for each in rest)])

    def of_groups(size: int, received: np.ndarray, given: np.ndarray) -> Any:
        def change(kernel: np.ndarray) -> np.ndarray:
            filters = kernel.shape[-1] // 3
            new = [
                kernel[..., received[filter_ // filters * size :][:size] % size, :][..., given[filter_]]
                for filter_ in range(kernel.shape[-1])
            ]
            return np.stack(new, axis=-1)

        return change

    put("stem", lambda kernel: kernel[..., stem], stem)
    put("groups", of_groups(2, stem, nine), nine)
    norm = other.get_layer("norm")
    norm.set_weights([each[nine] for each in norm.get_weights()])
    put("again", of_groups(3, nine, six), six)
    put("mixed", lambda kernel: kernel[..., six, :][..., mixed], mixed)
    put("twice", lambda kernel: kernel.reshape(3, 3, 8)[..., twice].reshape(3, 3, 4, 2), twice)
    put("wide", lambda kernel: kernel[..., twice][..., wide, :], wide)
    depthwise, pointwise, bias = other.get_layer("alone").get_weights()
    other.get_layer("alone").set_weights([depthwise[..., wide, :], pointwise[..., wide, :][..., alone], bias[alone]])
    put("masks", lambda kernel: kernel[..., alone])
    return other
