"""HDF5 files of arrays: samples and labels are found by name and by the model's shape."""

from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples import open_samples, read_labels
from reportgen.samples.labels import Accepts, ClassLabels
from reportgen.samples.source import SampleSource

X = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
Y = np.array([0, 1, 2, 0, 1, 2])


def written(path: Path, **arrays: Any) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return path


def opened(source: Path | str, **more: Any) -> SampleSource:
    return open_samples(source, Accepts(input_shape=(4, 4, 3), **more))


@pytest.mark.parametrize(
    ("samples", "labels"),
    [
        ("test_set_x", "test_set_y"), ("x_test", "y_test"), ("X", "y"), ("images", "labels"), ("test/images", "test/labels"),
        ("data", "label"),
    ],
)  # fmt: skip
def test_samples_have_the_labels_beside_them(tmp_path: Path, samples: str, labels: str) -> None:
    path = written(tmp_path / "signs.h5", **{samples: X, labels: Y, "list_numbers": np.arange(3)})

    source = opened(path)

    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == Y.tolist()
    assert source.read([5, 0]).tolist() == X[[5, 0]].tolist()
    assert source.description == f"signs.h5, array {samples}"


def test_the_array_that_fits_and_that_is_for_tests_is_chosen_and_it_is_said(tmp_path: Path) -> None:
    path = written(
        tmp_path / "s.h5",
        train_set_x=X,
        train_set_y=Y,
        test_set_x=X[:2],
        test_set_y=Y[None, :2],
        masks=np.zeros((6, 4, 4, 1)),
    )

    source = opened(path)

    assert source.count == 2
    assert isinstance(source.labels, ClassLabels)
    assert source.steps[0] == "Array test_set_x was chosen from test_set_x, train_set_x."
    assert opened(f"{path}:train_set_x").count == 6
    assert read_labels(f"{path}:train_set_y").values.tolist() == Y.tolist()
    assert read_labels(path).values.shape == (1, 2)


@pytest.mark.parametrize("names", [np.array([b"cat", b"dog", b"bird"]), ["cat", "dog", "bird"]])
def test_names_of_the_classes_are_read_where_the_file_has_them(tmp_path: Path, names: Any) -> None:
    source = opened(written(tmp_path / "s.h5", x=X, y=Y, list_classes=names))

    assert source.class_names == ("cat", "dog", "bird")
    assert "Class names: array list_classes." in source.steps


def test_hostile_files_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (1 << 24, 4, 4, 3), "u1", chunks=True, compression="gzip")
        file["elsewhere"] = h5py.ExternalLink("other.h5", "x")
        file["names"] = np.array([b"x" * 200_000] * 9)
    with pytest.raises(
        SamplesError, match=r"s.h5, array x, needs more memory than allowed. Received: 768.0 MiB for shape"
    ):
        opened(path, memory_limit=1 << 20)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (6, 4, 4, 3), "u1", external=[(str(tmp_path / "raw"), 0, 288)])
    with pytest.raises(SamplesError, match=r"array x, lies in other files. Received: external storage"):
        opened(path)
    data = written(path, x=X, y=Y).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(SamplesError, match=r"s.h5 cannot be read"):
        opened(path)


def test_what_holds_no_samples_says_so(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match=r"Received: an HDF5 file without arrays of numbers"):
        opened(written(tmp_path / "a.h5", names=[b"x"]))
    with pytest.raises(SamplesError, match=r"a.h5 has no array of this name. Received: x. It holds names."):
        opened(f"{tmp_path / 'a.h5'}:x")
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "m.h5")
    with pytest.raises(SamplesError, match=r"m.h5 holds no samples. Received: a Keras model."):
        opened(tmp_path / "m.h5")
    with pytest.raises(SamplesError, match=r"does not say which array holds the samples. Received: a, b"):
        opened(written(tmp_path / "b.h5", a=X, b=X))
    with pytest.raises(SamplesError, match=r"array names, must hold numbers"):
        opened(f"{tmp_path / 'a.h5'}:names")


def test_labels_follow_the_given_class_names_where_all_are_those_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "s.h5", x=X, y=Y, list_classes=[b"bird", b"cat", b"dog"])

    def labels(*names: str) -> list[int]:
        source = open_samples(path, Accepts(input_shape=(4, 4, 3)), class_names=names)
        assert source.class_names == names
        assert isinstance(source.labels, ClassLabels)
        return source.labels.values.tolist()

    assert labels("Cat", "Dog", "Bird") == [2, 0, 1, 2, 0, 1]
    assert labels("bird", "cat", "dog") == labels("a", "b", "c") == labels("cat", "bird", "c") == Y.tolist()
