"""The test splits of `keras.datasets`."""

import contextlib
import io
import socket
from collections.abc import Iterator

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.files import exists
from reportgen.samples.labels import GivenLabels
from reportgen.samples.readers.arrays import StoredArray
from reportgen.samples.readers.reader import GivenFile

# As published with the data sets. Source: https://github.com/zalandoresearch/fashion-mnist (section Labels),
# https://www.cs.toronto.edu/~kriz/cifar.html. CIFAR-100 keeps its hundred names in a pickle, which is not opened.
DATASETS: dict[str, tuple[str, ...] | None] = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
    "cifar10": ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    "cifar100": None,
}  # fmt: skip
_TIMEOUT_SECONDS = 20.0


class KerasDataset:
    """The name of a data set of `keras.datasets`; a file or folder of that name comes first."""

    def match(self, file: GivenFile) -> bool:
        """Return whether the name is a data set's, and no file's."""
        return not file.labels and str(file.path) in DATASETS and not exists(file.path)

    def open(self, file: GivenFile) -> StoredArray:
        """Return the data set's test split."""
        return load_dataset(str(file.path))


def load_dataset(name: str) -> StoredArray:
    """Return the test split of a data set of `keras.datasets`, from Keras' cache or else the network.

    Args:
        name: one of `DATASETS`.

    Returns:
        (10000, 28, 28) or (10000, 32, 32, 3) uint8 with labels.

    Raises:
        SamplesError: there is no cached copy and no network, or the copy is damaged.
    """
    try:
        with _silent_download():
            # Keras takes seconds to import and is needed here alone
            import keras

            _, (images, labels) = getattr(keras.datasets, name).load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise SamplesError(
            f"The data set {name} could not be loaded. Received: no usable copy in Keras' cache and no download "
            f"({type(error).__name__}). Connect to a network once, or give a file."
        ) from error
    return StoredArray(
        values=np.asarray(images),
        name="x_test",
        description=say("{name} of keras.datasets, test split", name=name),
        labels=GivenLabels(np.asarray(labels), say("test split of {name}", name=name)),
        class_names=DATASETS[name],
        class_names_note="" if DATASETS[name] is None else say("Class names: as published with {name}.", name=name),
    )


@contextlib.contextmanager
def _silent_download() -> Iterator[None]:
    """Keep Keras' progress bar off standard output, which may be a report, and give up on a silent network."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT_SECONDS)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        socket.setdefaulttimeout(before)
