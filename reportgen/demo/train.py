"""Train the demo's model on Fashion-MNIST: `python -m reportgen.demo.train`.

Writes `model.keras` (without optimiser state), `samples.npz` (20 test images a class) and `class_names.txt` into a folder,
and prints what the model card states. Not needed to use reportgen: the results are in the package.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.samples import read_idx

CLASS_NAMES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
VALIDATION_IMAGES = 6_000
SAMPLES_PER_CLASS = 20


def read_fashion_mnist(folder: Path | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return training images, training labels, test images and test labels.

    Args:
        folder: where the four IDX files are (Debian's `dataset-fashion-mnist` puts them into
            /usr/share/datasets/fashion-mnist), or None for `keras.datasets.fashion_mnist`.

    Returns:
        Images (N, 28, 28) and labels (N,), both uint8: 60,000 to train with, 10,000 to test with.
    """
    if folder is None:
        import keras

        (x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
        return x_train, y_train, x_test, y_test
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    x_train, y_train, x_test, y_test = (read_idx(folder / f"{name}-ubyte.gz") for name in names)
    return x_train, y_train, x_test, y_test


def build_model() -> Any:
    """Return the untrained `keras.Model`: (28, 28, 1) to ten probabilities."""
    import keras

    return keras.Sequential(
        [
            keras.layers.Input((28, 28, 1)),
            keras.layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d"),
            keras.layers.MaxPooling2D(2, name="max_pooling2d"),
            keras.layers.Conv2D(64, 3, activation="relu", padding="same", name="conv2d_1"),
            keras.layers.MaxPooling2D(2, name="max_pooling2d_1"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(100, activation="relu", name="dense"),
            keras.layers.Dropout(0.4, name="dropout"),
            keras.layers.Dense(10, activation="softmax", name="dense_1"),
        ],
        name="fashion_mnist_cnn",
    )


def train(images: np.ndarray, labels: np.ndarray, *, seed: int, max_epochs: int = 40) -> Any:
    """Return the trained `keras.Model`: the weights of the epoch with the lowest validation loss.

    Args:
        images: (N, 28, 28) uint8. The last 6,000 validate, the others train.
        labels: (N,) uint8 in [0, 9].
        seed: decides the initial weights, the shuffling and the dropout.
        max_epochs: an upper bound; training stops after 2 epochs without a lower validation loss.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    model = build_model()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    inputs = images[..., None].astype("float32") / 255
    model.fit(
        inputs[:-VALIDATION_IMAGES],
        labels[:-VALIDATION_IMAGES],
        validation_data=(inputs[-VALIDATION_IMAGES:], labels[-VALIDATION_IMAGES:]),
        batch_size=64,
        epochs=max_epochs,
        verbose=2,
        callbacks=[keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)],
    )
    return model


def choose_samples(labels: np.ndarray) -> np.ndarray:
    """Return the indices of the first 20 test images of each class, in the order of the test set."""
    return np.sort(np.concatenate([np.flatnonzero(labels == c)[:SAMPLES_PER_CLASS] for c in range(len(CLASS_NAMES))]))


def main() -> None:
    """Read the data, train, measure on the 10,000 test images and write the three files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with the IDX files; without it keras.datasets is used")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder to write into")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    x_train, y_train, x_test, y_test = read_fashion_mnist(options.data)
    model = train(x_train, y_train, seed=options.seed)
    loss, accuracy = model.evaluate(x_test[..., None].astype("float32") / 255, y_test, verbose=0)
    bare = build_model()  # never compiled, so that no optimiser state is saved with it
    bare.set_weights(model.get_weights())
    bare.save(options.output / "model.keras")
    chosen = choose_samples(y_test)
    np.savez_compressed(options.output / "samples.npz", x_test=x_test[chosen], y_test=y_test[chosen])
    (options.output / "class_names.txt").write_text("\n".join(CLASS_NAMES) + "\n", encoding="utf-8")
    print(f"test accuracy {accuracy:.4f}, test loss {loss:.4f} on {len(y_test)} images; seed {options.seed}")


if __name__ == "__main__":
    main()
