"""Compose colour pictures of Fashion-MNIST pieces on textured grounds and train a small residual network on them.

`python sample_output/pieces/make.py --data FOLDER` writes `model.keras` (without optimiser state), `samples.npz` (10 test
pictures a class) and prints what the README of sample_output/ states. `make sample` makes their report, the second that the
project shows: a network with residual connections and batch normalisation, on 64 x 64 colour pictures.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.demo.train import CLASS_NAMES, read_fashion_mnist

HERE = Path(__file__).parent
SIZE = 64
TRAINING = 24_000
TESTING = 2_000
SAMPLES_PER_CLASS = 10


def compose(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return pictures of pieces in a random colour, size and place on random textured grounds.

    Args:
        images: (N, 28, 28) uint8.
        rng: where all chance comes from.

    Returns:
        (N, 64, 64, 3) uint8.
    """
    pictures = np.stack([_ground(rng) for _ in images])
    for picture, image in zip(pictures, images, strict=True):
        side = int(rng.integers(36, 57))
        nearest = np.arange(side) * 28 // side
        light = image[np.ix_(nearest, nearest)][..., None] / 255
        top, left = rng.integers(0, SIZE - side + 1, size=2)
        place = picture[top : top + side, left : left + side]
        opaque = light > 0.1
        place[...] = np.where(opaque, (0.25 + 0.75 * light) * rng.uniform(0.3, 1, size=3), place)
    return np.round(255 * pictures).astype(np.uint8)


def _ground(rng: np.random.Generator) -> np.ndarray:
    """Return a ground of two colours: stripes, squares or a slope, with some noise, (64, 64, 3) in [0, 1]."""
    down, right = np.mgrid[:SIZE, :SIZE] / SIZE
    angle, waves = rng.uniform(0, np.pi), rng.uniform(2, 9)
    along = np.cos(angle) * down + np.sin(angle) * right
    across = np.cos(angle) * right - np.sin(angle) * down
    patterns = (
        along,
        np.sin(2 * np.pi * waves * along) > 0,
        (np.sin(2 * np.pi * waves * along) > 0) ^ (np.sin(2 * np.pi * waves * across) > 0),
    )
    mixed = patterns[rng.integers(len(patterns))][..., None]
    first, second = rng.uniform(0.1, 0.9, size=(2, 3))
    return np.clip(first + (second - first) * mixed + rng.normal(0, 0.03, size=(SIZE, SIZE, 1)), 0, 1)


def build_model() -> Any:
    """Return the untrained `keras.Model`: (64, 64, 3) to ten probabilities, seven convolutions in three residual stages."""
    import keras
    from keras import layers

    def unit(inputs: Any, channels: int, strides: int, name: str) -> Any:
        rest = layers.Conv2D(channels, 3, strides, "same", use_bias=False, name=f"{name}_conv")(inputs)
        rest = layers.BatchNormalization(name=f"{name}_norm")(rest)
        return layers.ReLU(name=f"{name}_relu")(rest)

    inputs = keras.Input((SIZE, SIZE, 3), name="picture")
    stream = unit(layers.Rescaling(1 / 255, name="rescaling")(inputs), 16, 2, "stem")
    for stage, channels in enumerate((16, 32, 64), start=1):
        strides = 1 if stage == 1 else 2
        first = unit(stream, channels, strides, f"stage{stage}_a")
        second = layers.Conv2D(channels, 3, padding="same", use_bias=False, name=f"stage{stage}_b_conv")(first)
        second = layers.BatchNormalization(name=f"stage{stage}_b_norm")(second)
        if strides > 1:
            stream = layers.Conv2D(channels, 1, strides, use_bias=False, name=f"stage{stage}_shortcut")(stream)
        stream = layers.ReLU(name=f"stage{stage}_out")(layers.Add(name=f"stage{stage}_add")([second, stream]))
    pooled = layers.GlobalAveragePooling2D(name="pooling")(stream)
    outputs = layers.Dense(len(CLASS_NAMES), activation="softmax", name="classes")(pooled)
    return keras.Model(inputs, outputs, name="pieces_resnet")


def main() -> None:
    """Compose, train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with the IDX files; without it keras.datasets is used")
    parser.add_argument("--epochs", type=int, default=12)
    options = parser.parse_args()
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    rng = np.random.default_rng(0)
    x_train, y_train, x_test, y_test = read_fashion_mnist(options.data)
    training, testing = compose(x_train[:TRAINING], rng), compose(x_test[:TESTING], rng)
    model = build_model()
    steps = options.epochs * (TRAINING // 64)
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=3e-3, warmup_steps=steps // 10)
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(training, y_train[:TRAINING], batch_size=64, epochs=options.epochs, verbose=2)
    loss, accuracy = model.evaluate(testing, y_test[:TESTING], verbose=0)
    bare = build_model()  # never compiled, so that no optimiser state is saved with it
    bare.set_weights(model.get_weights())
    bare.save(HERE / "model.keras")
    chosen = np.sort(
        np.concatenate([np.flatnonzero(y_test[:TESTING] == c)[:SAMPLES_PER_CLASS] for c in range(len(CLASS_NAMES))])
    )
    np.savez_compressed(HERE / "samples.npz", x_test=testing[chosen], y_test=y_test[chosen])
    print(f"test accuracy {accuracy:.4f}, test loss {loss:.4f} on {TESTING} pictures")


if __name__ == "__main__":
    main()
