import socket
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples.readers.datasets import DATASETS, load_dataset


def fake_keras(monkeypatch: pytest.MonkeyPatch, load: object) -> None:
    datasets = SimpleNamespace(**{name: SimpleNamespace(load_data=load) for name in DATASETS})
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(datasets=datasets))


def test_the_test_split_is_loaded_with_its_labels_and_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        print("Downloading data")  # noqa: T201
        train = np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8)
        return train, (np.ones((2, 28, 28), np.uint8), np.array([9, 2], np.uint8))

    fake_keras(monkeypatch, load)

    stored = load_dataset("fashion_mnist")

    assert stored.values.tolist() == np.ones((2, 28, 28)).tolist()
    assert stored.labels is not None
    assert stored.labels.values.tolist() == [9, 2]
    assert stored.class_names is not None
    assert stored.class_names[9] == "Ankle boot"
    assert stored.description == "fashion_mnist of keras.datasets, test split"
    assert stored.class_names_note == "Class names: as published with fashion_mnist."
    assert load_dataset("cifar100").class_names_note == ""
    assert capsys.readouterr().out == ""


def test_without_a_copy_and_a_network_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    timeouts: list[float | None] = []

    def load() -> None:
        timeouts.append(socket.getdefaulttimeout())
        raise Exception("URL fetch failure on https://storage.googleapis.com/... : None -- [Errno -2]\nunknown")

    fake_keras(monkeypatch, load)

    with pytest.raises(SamplesError) as caught:
        load_dataset("mnist")

    assert str(caught.value) == (
        "The data set mnist could not be loaded. Received: no usable copy in Keras' cache and no download (Exception). "
        "Connect to a network once, or give a file."
    )
    assert timeouts == [20.0]
    assert socket.getdefaulttimeout() is None


def test_every_data_set_has_as_many_names_as_classes() -> None:
    assert {name: names and len(names) for name, names in DATASETS.items()} == {
        "mnist": 10,
        "fashion_mnist": 10,
        "cifar10": 10,
        "cifar100": None,
    }
