"""Small networks of other kinds than the demo's, trained for a few seconds on pictures and signals that are made here."""

from typing import Any

import numpy as np


def residual_report() -> Any:
    """Return the report of a residual network of 8 convolutions on coloured shapes, (32, 32, 3) to 4 classes."""
    import keras
    from keras import layers

    from reportgen.api import build_report

    keras.utils.set_random_seed(5)
    pixels, labels = _shapes(np.random.default_rng(5), 96)
    inputs = keras.Input((32, 32, 3))
    outputs = layers.Conv2D(16, 3, padding="same", activation="relu", name="stem")(layers.Rescaling(1 / 255)(inputs))
    for filters, strides in ((16, 1), (32, 2), (32, 2)):
        outputs = _block(outputs, filters, strides)
    scores = layers.Dense(4, activation="softmax", name="scores")(layers.GlobalAveragePooling2D()(outputs))
    model = keras.Model(inputs, scores, name="residual")
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    model.fit(pixels, labels, epochs=3, verbose=0)
    shown, right = _shapes(np.random.default_rng(6), 60)
    return build_report(model, shown, labels=right, class_names=["disc", "square", "bar", "pole"])


def signal_report() -> Any:
    """Return the report of two convolutions along time, (128, 1) to 3 frequencies."""
    import keras
    from keras import layers

    from reportgen.api import build_report

    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.Input((128, 1)),
            layers.Conv1D(16, 7, activation="relu", name="first"),
            layers.MaxPooling1D(2),
            layers.Conv1D(16, 5, activation="relu", name="second"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3, activation="softmax", name="scores"),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy")
    signals, labels = _waves(np.random.default_rng(5), 300)
    model.fit(signals, labels, epochs=4, verbose=0)
    shown, right = _waves(np.random.default_rng(6), 60)
    return build_report(model, shown, labels=right, class_names=["slow", "middle", "fast"])


def segmentation_report() -> Any:
    """Return the report of a network that marks the shape in a picture, (32, 32, 3) to (32, 32, 1)."""
    import keras
    from keras import layers

    from reportgen.api import build_report

    keras.utils.set_random_seed(5)
    inputs = keras.Input((32, 32, 3))
    fine = layers.Conv2D(8, 3, padding="same", activation="relu", name="fine")(layers.Rescaling(1 / 255)(inputs))
    coarse = layers.Conv2D(16, 3, padding="same", activation="relu", name="coarse")(layers.MaxPooling2D()(fine))
    both = layers.Concatenate()([fine, layers.UpSampling2D()(coarse)])
    model = keras.Model(inputs, layers.Conv2D(1, 3, padding="same", activation="sigmoid", name="mask")(both))
    model.compile(keras.optimizers.Adam(1e-2), "binary_crossentropy")
    pixels, masks = _masks(np.random.default_rng(5), 120)
    model.fit(pixels, masks.astype(np.float32), epochs=3, verbose=0)
    shown, right = _masks(np.random.default_rng(6), 24)
    return build_report(model, shown, labels=right)


def weights_report() -> Any:
    """Return the report of a file of weights alone."""
    import tempfile
    from pathlib import Path

    import keras
    from keras import layers

    from reportgen.api import build_report

    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(8, 3, name="conv"), layers.Flatten(), layers.Dense(4)]
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "alone.weights.h5")
        model.save_weights(path)
        return build_report(path)


def _block(inputs: Any, filters: int, strides: int) -> Any:
    from keras import layers

    outputs = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(inputs)
    outputs = layers.ReLU()(layers.BatchNormalization()(outputs))
    outputs = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(outputs))
    beside = inputs if strides == 1 else layers.Conv2D(filters, 1, strides=strides)(inputs)
    return layers.ReLU()(layers.Add()([outputs, beside]))


def _shapes(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures of a disc, a square, a lying or a standing bar on a ground of another colour, and which it is."""
    labels = random.integers(0, 4, count)
    rows, columns = np.mgrid[:32, :32]
    pixels = np.empty((count, 32, 32, 3), np.uint8)
    for picture, label in zip(pixels, labels, strict=True):
        down, across = np.abs(rows - random.integers(11, 21)), np.abs(columns - random.integers(11, 21))
        shapes = (
            down**2 + across**2 < 64,
            np.maximum(down, across) < 7,
            (down < 3) & (across < 11),
            (across < 3) & (down < 11),
        )
        ground = random.integers(0, 256, 3)
        noise = random.integers(-12, 13, (32, 32, 3))
        picture[:] = np.clip(np.where(shapes[label][..., None], 255 - ground, ground) + noise, 0, 255)
    return pixels, labels


def _waves(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return noisy sines of 3, 7 or 13 periods, and which it is."""
    labels = random.integers(0, 3, count)
    times = np.linspace(0, 2 * np.pi, 128)
    phases = random.uniform(0, 2 * np.pi, (count, 1))
    signals = np.sin(np.array([3, 7, 13])[labels, None] * times + phases) + 0.3 * random.normal(size=(count, 128))
    return signals[..., None].astype(np.float32), labels


def _masks(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures of a bright disc on a dark ground, and where it is."""
    rows, columns = np.mgrid[:32, :32]
    centres = random.integers(9, 23, (count, 2, 1, 1))
    masks = ((rows - centres[:, 0]) ** 2 + (columns - centres[:, 1]) ** 2 < 36)[..., None]
    ground, shape = random.integers(0, 90, (count, 1, 1, 3)), random.integers(140, 240, (count, 1, 1, 3))
    noise = random.integers(-15, 16, (count, 32, 32, 3))
    return np.clip(np.where(masks, shape, ground) + noise, 0, 255).astype(np.uint8), masks.astype(np.uint8)
