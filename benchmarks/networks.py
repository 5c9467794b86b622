"""Healthy networks, trained for the measurement of verdicts: none was made for a rule, and each is better than chance.

They differ in activation, normalisation, initialiser, shape, head, optimiser and length of training, because a rule that
holds on one kind of network says little. All are small enough that the whole set trains in some minutes on two cores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SAMPLES = 500


@dataclass(frozen=True)
class Pictures:
    """Fashion-MNIST, as the networks receive it.

    Attributes:
        x_train, x_test: (N, 28, 28, 1) float32 in [0, 1].
        y_train, y_test: (N,) int64 in [0, 9].
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


@dataclass(frozen=True)
class Network:
    """One healthy network and how it is trained.

    Attributes:
        name: short, unique; also the stem of its file.
        build: returns the untrained model.
        images: training images that are used, at most 60,000.
        epochs: passes over them.
        optimizer: as `keras.Model.compile` takes it.
        loss: likewise.
        inputs: what the network receives, made of (N, 28, 28, 1) pictures in [0, 1].
        labels: what it answers, made of (N,) classes.
        targets: what it answers where that is no class, made of (N, 28, 28, 1) pictures and (N,) classes; None elsewhere.
        expected: codes of warnings that are true of this network, with the reason.
    """

    name: str
    build: Callable[[], Any]
    images: int = 6_000
    epochs: int = 4
    optimizer: str = "adam"
    loss: str = "sparse_categorical_crossentropy"
    inputs: Callable[[np.ndarray], np.ndarray] = field(default=lambda pictures: pictures)
    labels: Callable[[np.ndarray], np.ndarray] = field(default=lambda classes: classes)
    targets: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    expected: Mapping[str, str] = field(default_factory=dict)

    def answers(self, pictures: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Return what the network should answer."""
        return self.labels(classes) if self.targets is None else self.targets(pictures, classes)


def read_pictures(folder: Path) -> Pictures:
    """Return Fashion-MNIST from the folder with its four IDX files, such as Debian's /usr/share/datasets/fashion-mnist."""
    from reportgen.demo.train import read_fashion_mnist

    x_train, y_train, x_test, y_test = read_fashion_mnist(folder)
    scaled = [images[..., None].astype(np.float32) / 255 for images in (x_train, x_test)]
    return Pictures(scaled[0], y_train.astype(np.int64), scaled[1], y_test.astype(np.int64))


def trained(network: Network, pictures: Pictures, cache: Path) -> Any:
    """Return the trained model, read from the cache where it stands there; the folder's name may end in a seed, as `nets-2`."""
    import keras

    path = cache / f"{network.name}.keras"
    if path.exists():
        return keras.saving.load_model(path, compile=False)
    keras.utils.set_random_seed(training_seed(cache))
    model = network.build()
    model.compile(network.optimizer, network.loss)
    known = pictures.x_train[: network.images], pictures.y_train[: network.images]
    inputs, labels = network.inputs(known[0]), network.answers(*known)
    model.fit(inputs, labels, batch_size=64, epochs=network.epochs, verbose=0)
    cache.mkdir(parents=True, exist_ok=True)
    model.save(path)
    return keras.saving.load_model(path, compile=False)


def training_seed(cache: Path) -> int:
    """Return the seed of the training whose networks lie in a folder.

    Example:
        >>> training_seed(Path("nets-2")), training_seed(Path("nets"))
        (2, 1)
    """
    number = cache.name.rpartition("-")[2]
    return int(number) if number.isdigit() else 1


def plain(activation: str, *, initializer: str = "glorot_uniform", normalised: str = "", head: int = 10) -> Any:
    """Return two convolutions and two dense layers, as a beginner writes them."""
    import keras
    from keras import layers

    def block(values: Any, filters: int, stride: int = 1) -> Any:
        values = layers.Conv2D(filters, 3, strides=stride, padding="same", kernel_initializer=initializer)(values)
        if normalised == "batch":
            values = layers.BatchNormalization()(values)
        elif normalised == "layer":
            values = layers.LayerNormalization()(values)
        elif normalised == "group":
            values = layers.GroupNormalization(4)(values)
        return layers.Activation(activation)(values)

    inputs = keras.Input((28, 28, 1))
    values = layers.MaxPooling2D()(block(inputs, 16))
    values = layers.MaxPooling2D()(block(values, 32))
    values = layers.Dense(64, activation=activation, kernel_initializer=initializer)(layers.Flatten()(values))
    ends = "sigmoid" if head == 1 else "softmax"
    return keras.Model(inputs, layers.Dense(head, activation=ends)(values))


def leaky() -> Any:
    """Return convolutions with leaky rectifiers as layers, and dropout."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 5, strides=2),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(32, 3, strides=2),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def residual() -> Any:
    """Return a residual network with batch normalisations and a global average."""
    import keras
    from keras import layers

    def block(values: Any, filters: int, stride: int) -> Any:
        inner = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(values)
        inner = layers.ReLU()(layers.BatchNormalization()(inner))
        inner = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(inner))
        if stride > 1:
            values = layers.BatchNormalization()(layers.Conv2D(filters, 1, strides=stride, use_bias=False)(values))
        return layers.ReLU()(layers.add([inner, values]))

    inputs = keras.Input((28, 28, 1))
    values = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(16, 3, padding="same", use_bias=False)(inputs)))
    values = block(block(block(values, 16, 1), 32, 2), 64, 2)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(values)))


def mobile() -> Any:
    """Return depthwise and pointwise convolutions with batch normalisations and bounded rectifiers."""
    import keras
    from keras import layers

    def pair(values: Any, filters: int, stride: int) -> Any:
        values = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(values)
        values = layers.ReLU(6.0)(layers.BatchNormalization()(values))
        values = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(values))
        return layers.ReLU(6.0)(values)

    inputs = keras.Input((28, 28, 1))
    values = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(16, 3, strides=2, padding="same")(inputs)))
    values = pair(pair(pair(values, 32, 1), 64, 2), 64, 1)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(values)))


def separable() -> Any:
    """Return separable convolutions."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.SeparableConv2D(32, 3, strides=2, activation="relu"),
            layers.SeparableConv2D(64, 3, strides=2, activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def signals() -> Any:
    """Return a 1-D network on the rows of a picture as time steps."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Conv1D(32, 5, activation="relu"),
            layers.MaxPooling1D(),
            layers.Conv1D(64, 3, activation="relu"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def decayed() -> Any:
    """Return a network whose kernels carry an L2 penalty."""
    import keras
    from keras import layers

    penalty = keras.regularizers.L2(1e-3)
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu", kernel_regularizer=penalty),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu", kernel_regularizer=penalty),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu", kernel_regularizer=penalty),
            layers.Dense(10, activation="softmax", kernel_regularizer=penalty),
        ]
    )


def grouped() -> Any:
    """Return dilated and grouped convolutions of colour pictures."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 3)),
            layers.Conv2D(24, 3, strides=2, activation="relu"),
            layers.Conv2D(48, 3, dilation_rate=2, activation="relu"),
            layers.Conv2D(48, 1, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def coloured(pictures: np.ndarray) -> np.ndarray:
    """Return pictures as (N, 28, 28, 3): the same shape in three differently bright channels."""
    return np.concatenate([pictures, 0.7 * pictures, 0.2 + 0.4 * pictures], axis=-1).astype(np.float32)


def first_classes(network: Network, pictures: Pictures, samples: int = SAMPLES) -> tuple[np.ndarray, np.ndarray]:
    """Return the first test pictures and their labels as the network receives them."""
    known = pictures.x_test[:samples], pictures.y_test[:samples]
    return network.inputs(known[0]), network.answers(*known)


def healthy() -> tuple[Network, ...]:
    """Return the networks in the order in which the table has them."""
    binary = "binary_crossentropy"
    return (
        Network("relu", lambda: plain("relu")),
        Network("relu-long", lambda: plain("relu"), images=20_000, epochs=8),
        Network("relu-short", lambda: plain("relu"), images=6_000, epochs=1),
        Network("leaky", leaky),
        Network("elu", lambda: plain("elu")),
        Network("selu-lecun", lambda: plain("selu", initializer="lecun_normal")),
        Network("gelu", lambda: plain("gelu")),
        Network("tanh", lambda: plain("tanh")),
        Network("sigmoid-units", lambda: plain("sigmoid"), epochs=12),
        Network("swish-batch", lambda: plain("swish", normalised="batch"), images=12_000, epochs=6),
        Network(
            "batch-brief",
            lambda: plain("relu", normalised="batch"),
            expected={
                "drifted-statistics": "376 steps leave the moving moments behind the weights",
                "miscalibration": "for the same reason: 77 % right in use, 86 % in training",
            },
        ),
        Network("relu-batch-long", lambda: plain("relu", normalised="batch"), images=20_000, epochs=6),
        Network("relu-layer", lambda: plain("relu", normalised="layer")),
        Network("relu-group", lambda: plain("relu", normalised="group")),
        Network("orthogonal", lambda: plain("relu", initializer="orthogonal")),
        Network("he-uniform", lambda: plain("relu", initializer="he_uniform")),
        Network("random-normal", lambda: plain("relu", initializer="random_normal")),
        Network("truncated-sgd", lambda: plain("tanh", initializer="truncated_normal"), optimizer="sgd", epochs=20),
        Network("rmsprop", lambda: plain("relu"), optimizer="rmsprop"),
        Network("decayed", decayed, epochs=6),
        Network("residual", residual, images=12_000, epochs=8),
        Network("mobile", mobile, epochs=8),
        Network("separable", separable, epochs=8),
        Network("signals", signals, epochs=8, inputs=lambda pictures: pictures[..., 0]),
        Network("grouped", grouped, epochs=8, inputs=coloured),
        Network(
            "binary",
            lambda: plain("relu", head=1),
            loss=binary,
            labels=lambda classes: (classes >= 5).astype(np.int64),
        ),
        Network(
            "regression",
            regression,
            loss="mse",
            labels=lambda classes: classes / 9 + 0.05,
        ),
        Network("several-labels", several_labels, loss=binary, targets=properties),
        Network("masks", lambda: encoder_decoder(5, "softmax"), epochs=6, inputs=noisy, targets=parts),
        Network(
            "masks-brief",
            lambda: encoder_decoder(5, "softmax"),
            images=3_000,
            epochs=2,
            inputs=noisy,
            targets=parts,
            expected={
                "class-never-predicted": "after 94 steps no pixel is predicted as either of the two rarest classes"
            },
        ),
        Network(
            "masks-binary",
            lambda: encoder_decoder(1, "sigmoid"),
            loss=binary,
            inputs=noisy,
            targets=lambda pictures, classes: parts(pictures, classes) > 0,
        ),
        Network("masks-rare", lambda: encoder_decoder(2, "softmax"), epochs=8, targets=details),
        Network(
            "autoencoder",
            lambda: encoder_decoder(1, "sigmoid", bridged=False),
            loss=binary,
            targets=unchanged,
        ),
        Network(
            "autoencoder-narrow",
            lambda: encoder_decoder(1, "linear", filters=2, bridged=False),
            loss="mse",
            targets=unchanged,
        ),
        Network(
            "denoiser",
            lambda: encoder_decoder(1, "linear"),
            loss="mse",
            inputs=noisy,
            targets=unchanged,
        ),
        Network("several-numbers", several_numbers, epochs=8, loss="mse", targets=measures),
        Network("several-numbers-brief", lambda: several_numbers(20.0), epochs=2, loss="mae", targets=measures),
    )


def encoder_decoder(channels: int, activation: str, *, filters: int = 8, bridged: bool = True) -> Any:
    """Return a U-Net of two levels; without bridges an autoencoder."""
    import keras
    from keras import layers

    def convolution(values: Any, size: int) -> Any:
        return layers.Conv2D(size, 3, padding="same", activation="relu")(values)

    inputs = keras.Input((28, 28, 1))
    first = convolution(inputs, filters)
    second = convolution(layers.MaxPooling2D()(first), 2 * filters)
    values = convolution(layers.MaxPooling2D()(second), 4 * filters)
    for beside, size in ((second, 2 * filters), (first, filters)):
        values = layers.UpSampling2D()(values)
        values = convolution(layers.concatenate([values, beside]) if bridged else values, size)
    return keras.Model(inputs, layers.Conv2D(channels, 1, activation=activation)(values))


def noisy(pictures: np.ndarray) -> np.ndarray:
    """Return pictures in noise of a standard deviation of 0.2, the same each time."""
    return (pictures + np.random.default_rng(0).normal(0, 0.2, pictures.shape)).astype(np.float32)


def unchanged(pictures: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the pictures themselves."""
    del classes
    return pictures


def parts(pictures: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the class of each pixel, (N, 28, 28): background, top, trousers, shoe, bag."""
    kinds = np.array([1, 2, 1, 1, 1, 3, 1, 3, 4, 3])
    return np.where(pictures[..., 0] > 0.1, kinds[classes][:, None, None], 0)


def details(pictures: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return masks of the brightest pixels, (N, 28, 28): few, and in many pictures none."""
    del classes
    return (pictures[..., 0] > 0.9).astype(np.int64)


def measures(pictures: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return five numbers of each picture, (N, 5): its centre's row and column, brightness in 0 to 255, height and width."""
    del classes
    flat = pictures[..., 0] + 1e-6
    places = np.arange(28)
    rows, columns = flat.sum(axis=2), flat.sum(axis=1)
    centres = [(each * places).sum(axis=1) / each.sum(axis=1) for each in (rows, columns)]
    sizes = [(each > 0.5).sum(axis=1) for each in (rows, columns)]
    return np.stack([*centres, 255 * flat.mean(axis=(1, 2)), *sizes], axis=1)


def properties(pictures: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return four properties of each picture, (N, 4) bool: a top, a shoe, a bright one, wider than high."""
    flat = pictures[..., 0] > 0.1
    height, width = (flat.any(axis=axis).sum(axis=1) for axis in (2, 1))
    kinds = (np.isin(classes, shown) for shown in ((0, 2, 3, 4, 6), (5, 7, 9)))
    return np.stack([*kinds, pictures.mean(axis=(1, 2, 3)) > 0.3, width > height], axis=1)


def several_labels() -> Any:
    """Return a network that tells four properties, each by itself."""
    import keras
    from keras import layers

    model = plain("relu")
    return keras.Model(model.inputs, layers.Dense(4, activation="sigmoid")(model.layers[-2].output))


def several_numbers(scale: float = 1.0) -> Any:
    """Return a network with five linear outputs, which begin at a scale."""
    import keras
    from keras import layers

    model = plain("relu")
    return keras.Model(model.inputs, layers.Rescaling(scale)(layers.Dense(5)(model.layers[-2].output)))


def regression() -> Any:
    """Return a network with one linear output."""
    import keras
    from keras import layers

    model = plain("relu")
    return keras.Model(model.inputs, layers.Dense(1)(model.layers[-2].output))
