"""A residual network of 50 convolutions, untrained, for the report of a deep model."""

from typing import Any


def fifty_layers() -> Any:
    """Return a network of 49 convolutions and a dense layer, (32, 32, 3) to 10 classes, with seeded weights."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    inputs = keras.Input((32, 32, 3))
    outputs = _convolved(inputs, 16, 3, name="stem")
    for block in range(16):
        filters = 16 if block < 8 else 32
        inner = _convolved(outputs, filters, 1, strides=2 if block == 8 else 1, name=f"block{block}_reduce")
        inner = _convolved(inner, filters, 3, name=f"block{block}_conv")
        inner = _convolved(inner, filters, 1, name=f"block{block}_expand")
        outputs = inner if block in (0, 8) else layers.Add(name=f"block{block}_add")([outputs, inner])
    pooled = layers.GlobalAveragePooling2D(name="pool")(outputs)
    return keras.Model(inputs, layers.Dense(10, activation="softmax", name="scores")(pooled), name="fifty_layers")


def _convolved(inputs: Any, filters: int, window: int, *, name: str, strides: int = 1) -> Any:
    from keras import layers

    outputs = layers.Conv2D(filters, window, strides=strides, padding="same", use_bias=False, name=name)(inputs)
    outputs = layers.BatchNormalization(name=f"{name}_norm")(outputs)
    return layers.ReLU(name=f"{name}_relu")(outputs)
