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
